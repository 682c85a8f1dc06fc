"""The operator's pages in Chromium: within the content policy, accessible, on a phone too."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import Announcement, User
from accounts.services import queue_mail
from billing.models import Account, Entry, Payment, StripeEvent, Subscription, Terms
from mastering.models import Farewell, Master, PlatformRule, Receipt, Version
from references.models import AudioFile, Machine, Run, WorkerGroup
from tests.browser.conftest import Visit
from tests.browser.test_pages import _barriers
from tests.staff import staff
from tests.studio import uploaded

NOW = timezone.now()
OUTPUTS = {"wav24.wav": {"size_bytes": 120_000_000, "sha256": "a" * 64}}
PAGES = (
    "",
    "?span=24h",
    "mastering/version/",
    "mastering/version/{version}/change/",
    "references/audiofile/",
    "references/run/",
    "references/workergroup/",
    "references/machine/",
    "accounts/user/",
    "accounts/user/{person}/change/",
    "people/{person}/",
    "people/{person}/second-factor/",
    "auth/group/",
    "mastering/albumarchive/",
    "mastering/receipt/",
    "billing/entry/",
    "billing/payment/",
    "billing/terms/",
    "billing/terms/add/",
    "billing/terms/free/change/",
    "billing/stripeevent/",
    "mastering/platformrule/",
    "mastering/platformrule/add/?code=spotify",
    "accounts/announcement/add/",
    "accounts/auditentry/",
)


@pytest.fixture
def busy_site(alice: User, bob: User) -> dict[str, object]:
    """Return ids of a site on which all that the pages show has happened."""
    mix, reference = (uploaded(alice, kind, f"{kind.lower()}.wav") for kind in AudioFile.Kind)
    master = Master.objects.create(user=alice, title="Night drive", mix=mix, reference=reference)
    for day in range(25):
        at = NOW - timedelta(days=day, hours=1)
        for number in range(3 + day % 4):
            is_bad = (day + number) % 7 == 0
            version = Version.objects.create(
                user=alice,
                master=master,
                number=10 * day + number + 1,
                status="FAILED" if is_bad else "SUCCEEDED",
                error_code=("internal", "too_slow", "worker_lost")[number % 3] if is_bad else "",
                settings={"amount": 0.7},
                attempts=1,
                started=at,
                finished=at + timedelta(seconds=40),
                stored_bytes=120_000_000,
                outputs={} if is_bad else OUTPUTS,
                provenance={"mix_sha256": "b" * 64},
                engine_version="0.9",
            )  # fmt: skip
            Version.objects.filter(pk=version.pk).update(created=at - timedelta(seconds=20 + day))
            Run.objects.create(
                user=alice,
                kind="mastering.version",
                work=version.pk,
                attempt=1,
                worker="box-1:71",
                began=at,
                ended=at + timedelta(seconds=40),
                outcome=version.error_code or "succeeded",
                steps={"around": [2.0, 0.5], "checking": [1.0, 0.9], "tone": [8.2, 7.9],
                       "limiting": [14.0, 13.1], "encoding": [9.0, 8.6]},
                cpu_seconds=31.0,
                peak_memory_bytes=900_000_000,
                box="namespaces, seccomp",
                log="2026-11-27 08:00:00 ERROR references.tasks: something failed",
            )  # fmt: skip
    WorkerGroup.objects.tell(["box-1:71", "box-2:90"], machine="box-1")
    WorkerGroup.objects.filter(name="box-2:90").update(seen=NOW - timedelta(minutes=5))
    Machine.objects.tell(name="box-1", is_confining=True, boxes="namespaces, seccomp")
    Announcement.objects.create(text="Tonight from 22:00 UTC masters wait for an hour.")
    account = Account.objects.get(user=bob)
    lot = Entry.objects.create(
        account=account, kind="GRANT", pool="ONE_OFF", available=20, reason="payment:in_1"
    )
    Payment.objects.create(
        account=account, stripe_id="in_1", item="pack20", lot=lot, amount=2000, currency="eur"
    )
    Subscription.objects.create(account=account, stripe_id="sub_1", plan="artist", status="active",
                                period_start=NOW, period_end=NOW + timedelta(days=30))  # fmt: skip
    StripeEvent.objects.create(id="evt_1", type="invoice.paid", object_id="in_1", created=NOW,
                               attempts=4, error="StripeAway: no answer")  # fmt: skip
    Terms.objects.create(code="free", credits=5)
    PlatformRule.objects.create(
        code="tidal", target_lufs=-14.0, rule="As before.", source="https://tidal.example.com/",
        dated=NOW.date())  # fmt: skip
    Receipt.objects.create(
        user=alice, subject="mst_gone", title="Old song", reason="retention", plan="free",
        kept_days=30, last_used=NOW, told=NOW, due=NOW, files=[], size_bytes=5)  # fmt: skip
    Farewell.objects.create(user=alice, master=master, due=NOW, last_used=NOW, mail="x")
    queue_mail(to=alice.email, subject="A master is done", text="", user=alice)
    return {"version": Version.objects.order_by("-created")[0].pk, "person": alice.pk}


def test_every_page_keeps_the_content_policy_is_accessible_and_fits_a_phone(
    visit: Visit, busy_site: dict[str, object]
) -> None:
    chief = staff(may_do_everything=True)
    page = visit("/admin/", user=chief)
    for path in PAGES:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto("/admin/" + path.format(**busy_site))
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("heading").count(), path
        assert _barriers(page) == [], path
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_menu_opens_on_a_phone_and_the_theme_is_chosen(visit: Visit, db: None) -> None:
    someone = staff()  # no role: those are emptied with the tables, between tests of the browser
    may_read = Permission.objects.get(codename="view_auditentry")
    someone.user_permissions.add(may_read)
    page = visit("/admin/", user=someone, width=390)
    audit_log = page.get_by_role("link", name="Audit log")
    assert not audit_log.is_visible()
    menu = page.get_by_role("button", name="Menu", exact=True)
    page.locator("[data-menu=open][aria-expanded=false]").wait_for()  # the scripts have begun
    menu.focus()
    page.keyboard.press("Enter")
    audit_log.wait_for()
    assert menu.get_attribute("aria-expanded") == "true"
    page.wait_for_function("document.activeElement.dataset.menu === 'close'")
    assert _barriers(page) == []
    page.keyboard.press("Escape")
    audit_log.wait_for(state="hidden")
    page.wait_for_function("document.activeElement.dataset.menu === 'open'")
    page.keyboard.press("Space")
    audit_log.wait_for()
    assert not page.get_by_role("link", name="Payments").count()
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    page.evaluate("localStorage.setItem('adminTheme', '\"light\"')")
    page.reload()
    page.locator("html.light").wait_for()
    assert _barriers(page) == []
