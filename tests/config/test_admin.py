"""The operator's site: who may do what, what is written down, and what nobody reaches."""

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Announcement, AuditEntry, User
from accounts.services import audit, begin_export
from billing.models import Account, Entry, Payment, Terms
from billing.services import balance_of
from mastering import services
from mastering.models import Album, AlbumArchive, PlatformRule, Receipt, Version
from mastering.services import create_share
from mastering.tasks import preview_next, render_next
from references.models import AudioFile, Machine, Run, WorkerGroup
from tests.conftest import browser_of, member
from tests.staff import ROLES, as_staff, staff
from tests.studio import measured, submitted

NOW = timezone.now()
GRANT = {"credits": 5, "reason": "the master was late"}
RULE = {
    "code": "tidal",
    "target_lufs": "-14",
    "rule": "As before.",
    "source": "https://tidal.example.com/",
    "kind_of_source": "platform",
    "dated": "2026-01-01",
}
PAYMENT = {"is_forgiven": "on"}
ANNOUNCEMENT = {
    "text": "Tonight.",
    "severity": "note",
    "begins_0": "2026-01-01",
    "begins_1": "00:00",
}
# What each role may do; whoever is not named is refused. GET where there is no content.
MATRIX: tuple[tuple[str, dict[str, Any] | None, tuple[str, ...]], ...] = (
    ("", None, ROLES),
    ("mastering/version/", None, ("support", "operations")),
    ("mastering/version/{version}/change/", None, ("support", "operations")),
    ("references/audiofile/{audio}/change/", None, ("support", "operations")),
    ("references/run/", None, ("support", "operations")),
    ("references/machine/", None, ("operations",)),
    ("references/workergroup/", None, ("operations",)),
    ("mastering/receipt/", None, ("support", "operations")),
    ("mastering/version/{version}/do/rerun/", {}, ("support", "operations")),
    ("mastering/version/{version}/do/cancel/", {}, ("support", "operations")),
    ("mastering/version/{version}/do/release/", {}, ("operations",)),
    ("references/audiofile/{audio}/do/release/", {}, ("operations",)),
    ("accounts/user/", None, ROLES),
    ("accounts/user/{person}/change/", None, ROLES),
    ("accounts/user/{person}/change/", {"is_staff": "on", "is_superuser": "on"}, ()),
    ("accounts/user/{person}/delete/", {"post": "yes"}, ()),
    ("people/{person}/", None, ROLES),
    ("people/{person}/", GRANT, ("finance",)),
    ("people/{person}/log-out/", {}, ("support", "operations")),
    ("mastering/albumarchive/", None, ("support", "operations")),
    ("mastering/albumarchive/{archive}/change/", None, ("support", "operations")),
    ("mastering/albumarchive/{archive}/do/release/", {}, ("operations",)),
    ("auth/group/", None, ()),
    ("auth/group/add/", {"name": "chiefs"}, ()),
    ("billing/entry/", None, ("finance",)),
    ("billing/payment/", None, ("finance",)),
    ("billing/payment/{payment}/change/", PAYMENT, ("finance",)),
    ("billing/payment/{payment}/delete/", {"post": "yes"}, ()),
    ("billing/account/", None, ("finance",)),
    ("billing/subscription/", None, ("finance",)),
    ("billing/stripeevent/", None, ("finance", "operations")),
    ("billing/terms/", None, ("support", "finance")),
    ("billing/terms/add/", {"code": "free", "credits": "4"}, ("finance",)),
    ("mastering/platformrule/", None, ("support", "operations")),
    ("mastering/platformrule/add/", RULE, ("operations",)),
    ("accounts/announcement/", None, ("support", "operations")),
    ("accounts/announcement/add/", ANNOUNCEMENT, ("operations",)),
    ("accounts/auditentry/", None, ("operations",)),
)


@pytest.fixture
def ids(alice: User) -> dict[str, Any]:
    version = submitted(alice)
    account = Account.objects.get(user=alice)
    lot = Entry.objects.filter(account=account, kind="GRANT").first()
    payment = Payment.objects.create(
        account=account, stripe_id="in_1", item="pack20", lot=lot, amount=2000, currency="eur"
    )
    return {
        "version": version.pk,
        "audio": version.master.mix_id,
        "person": alice.pk,
        "payment": payment.pk,
        "archive": archived(alice).pk,
    }


def archived(user: User) -> AlbumArchive:
    """Return a ZIP of an album that waits to be packed."""
    album = Album.objects.create(user=user, title="Nine Rooms", settings={})
    return AlbumArchive.objects.create(
        user=user,
        album=album,
        format="wav24",
        content={"album": "Nine Rooms", "tracks": []},
        request_sha256="a" * 64,
        expires=NOW + timedelta(days=7),
    )


@pytest.fixture
def chief(db) -> Client:
    return as_staff(may_do_everything=True)


def ask(client: Client, path: str, content: dict[str, Any] | None) -> int:
    if content is None:
        return client.get(path).status_code
    return client.post(path, content | {"key": str(uuid.uuid4())}).status_code


@pytest.mark.parametrize("role", [*ROLES, None])
def test_each_role_may_do_what_it_is_for_and_nothing_else(role, ids):
    client = as_staff(*filter(None, [role]))
    wrong = []
    for path, content, allowed in MATRIX:
        status = ask(client, "/admin/" + path.format(**ids), content)
        expected = (200, 302) if role in allowed or (role is None and path == "") else (403,)
        if status not in expected:
            wrong.append((path, content, status))
    assert wrong == []
    assert not User.objects.get(pk=ids["person"]).is_staff
    assert Account.objects.filter(user=ids["person"]).exists()


def test_every_page_of_the_site_stands_in_the_matrix():
    """A page that is added later must be given its roles first."""
    listed = {path.split("/")[0] + "/" + path.split("/")[1] for path, *_ in MATRIX if "/" in path}
    known = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}
    read_only = {"mastering/export", "mastering/preview", "mastering/releasecheck"}  # as versions
    assert known - listed == read_only


@pytest.mark.parametrize("person", ["stranger", "member", "staff without two factors"])
def test_who_is_not_staff_with_two_factors_reaches_no_page(person, ids, client, as_bob, db):
    if person == "member":
        client = as_bob
    elif person.startswith("staff"):
        plain = member("plain@staff.example.com", credits=0)
        User.objects.filter(pk=plain.pk).update(is_staff=True, is_superuser=True)
        client = browser_of(User.objects.get(pk=plain.pk))
    for path, content, _allowed in MATRIX:
        assert ask(client, "/admin/" + path.format(**ids), content) == 302, path
    assert not AuditEntry.objects.exists()


def test_other_parts_pages_are_not_there(chief: Client):
    """Secrets of authenticators, sessions, and pickled arguments of the queue among them."""
    for path in ("mfa/authenticator/", "account/emailaddress/", "django_q/success/",
                 "django_q/ormq/", "usersessions/usersession/", "accounts/mail/"):  # fmt: skip
        assert chief.get(f"/admin/{path}").status_code == 404


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))


def test_every_act_is_written_down_once_with_who_and_what(chief: Client, ids, engine):
    done = 0
    for path, content, _allowed in MATRIX:
        if content is None:
            continue
        before = AuditEntry.objects.count()
        answer = chief.post("/admin/" + path.format(**ids), content | {"key": str(uuid.uuid4())})
        if answer.status_code == 302:
            done += 1
            assert AuditEntry.objects.count() == before + 1, path
    assert done >= 9
    assert audit.verify().breaks == []
    operator = User.objects.get(is_superuser=True, email__contains="chief")
    assert set(AuditEntry.objects.values_list("actor_id", flat=True)) == {operator.pk}
    assert {"billing.grant_credits", "work.cancel", "billing.terms.add"} <= set(acts())
    assert "admin.post" not in acts()  # each says what it was


def test_what_was_changed_stands_there_with_its_values(chief: Client):
    chief.post("/admin/billing/terms/add/", {"code": "artist", "credits": "12"})
    chief.post("/admin/billing/terms/artist/change/", {"credits": "15"})
    chief.post("/admin/billing/terms/artist/delete/", {"post": "yes"})
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.act.rsplit(".")[-1] for entry in entries] == ["add", "change", "delete"]
    assert json.loads(entries[1].detail) == {"credits": [12, 15]}
    assert {entry.subject for entry in entries} == {"billing.terms:artist"}


def test_of_people_only_the_names_of_what_changed_are_written_down(chief: Client, alice: User):
    chief.post(f"/admin/accounts/user/{alice.pk}/change/", {"is_staff": "on", "is_active": "on"})
    alice.refresh_from_db()
    assert alice.is_staff
    assert json.loads(AuditEntry.objects.get().detail) == {"is_staff": "changed"}


def test_who_may_no_longer_log_in_is_out_at_once(chief: Client, alice: User, as_alice: Client):
    as_alice.get("/account/")
    chief.post(f"/admin/accounts/user/{alice.pk}/change/", {})
    assert as_alice.get("/account/").status_code == 302


def test_support_logs_a_person_out_everywhere(alice: User, as_alice: Client, as_bob: Client):
    for client in (as_alice, as_bob):
        client.get("/account/")
    answer = as_staff("support").post(f"/admin/people/{alice.pk}/log-out/", follow=True)
    assert "is logged out everywhere" in answer.content.decode()
    assert as_alice.get("/account/").status_code == 302
    assert as_bob.get("/account/").status_code == 200
    assert "support.end_sessions" in acts()


def test_nobody_logs_out_who_may_do_more(chief: Client, as_alice: Client):
    client, boss = as_staff("support"), User.objects.get(is_superuser=True)
    path = f"/admin/people/{boss.pk}/"
    assert "Log out everywhere" not in client.get(path).content.decode()
    assert client.post(f"{path}log-out/").status_code == 403
    assert chief.get(path).status_code == 200


def test_looking_at_a_person_is_written_down(ids):
    as_staff("support").get(f"/admin/people/{ids['person']}/")
    assert acts() == ["support.look"]


def test_an_act_that_fails_leaves_no_trace_of_having_happened(chief: Client, ids, monkeypatch):
    def fail(**_: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr("references.admin.take_from_worker", fail)
    with pytest.raises(RuntimeError):
        chief.post(f"/admin/references/audiofile/{ids['audio']}/do/release/")
    assert acts() == []


# Credits


def test_credits_are_given_with_a_reason_and_once_for_each_form(alice: User):
    client = as_staff("finance")
    account = Account.objects.get(user=alice)
    before = balance_of(account).available
    form = GRANT | {"key": str(uuid.uuid4())}
    for _ in range(2):
        client.post(f"/admin/people/{alice.pk}/", form)
    assert balance_of(account).available == before + 5
    given = AuditEntry.objects.get(act="billing.grant_credits")
    assert json.loads(given.detail)["reason"] == GRANT["reason"]
    assert given.subject == f"accounts.user:{alice.pk}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"credits": 0},
        {"credits": 1_000_000},
        {"credits": "many"},
        {"reason": ""},
        {"reason": "why not"},
        {"key": "x"},
    ],
    ids=str,
)
def test_a_wrong_gift_is_told_of_and_gives_nothing(alice: User, wrong):
    before = balance_of(Account.objects.get(user=alice)).available
    form = GRANT | {"key": str(uuid.uuid4())} | wrong
    answer = as_staff("finance").post(f"/admin/people/{alice.pk}/", form)
    assert answer.status_code == 422
    assert balance_of(Account.objects.get(user=alice)).available == before


# Work


def test_the_inspector_shows_steps_box_provenance_and_log(chief: Client, finished: Version):
    run = Run.objects.get(work=finished.pk)
    Run.objects.filter(pk=run.pk).update(
        steps={"tone": [8.25, 7.5]}, log="something was said", box="namespaces, seccomp"
    )
    page = chief.get(f"/admin/mastering/version/{finished.pk}/change/").content.decode()
    for told in ("8.25", "7.50", "something was said", "namespaces, seccomp", "mix_sha256"):
        assert told in page
    assert f"{finished.loudness_lufs:.1f} LUFS" in page
    assert f"V{finished.pk[1:]}" not in page, "an id is told as it is"
    found = chief.get("/admin/references/run/", {"q": finished.pk}).content.decode()
    assert finished.pk in found


def test_a_lost_attempt_is_told_of(chief: Client, alice: User):
    version = submitted(alice)
    Version.objects.filter(pk=version.pk).update(attempts=1)
    page = chief.get(f"/admin/mastering/version/{version.pk}/change/").content.decode()
    assert "Attempt 1 left nothing" in page


def test_work_is_cancelled_and_run_again(chief: Client, alice: User, engine):
    version = submitted(alice)
    chief.post(f"/admin/mastering/version/{version.pk}/do/cancel/")
    version.refresh_from_db()
    assert version.status == "CANCELED"
    chief.post(f"/admin/mastering/version/{version.pk}/do/rerun/")
    again = Version.objects.get(master=version.master, number=2)
    assert again.is_waiting
    assert again.user == alice
    assert acts() == ["work.cancel", "work.rerun"]


def test_running_work_is_taken_from_its_worker(chief: Client, alice: User, engine):
    audio = AudioFile.objects.get(pk=submitted(alice).master.mix_id)
    held = AudioFile.objects.claim_next(worker="here:1")
    assert held is not None
    chief.post(f"/admin/references/audiofile/{held.pk}/do/release/")
    held.refresh_from_db()
    assert held.is_waiting
    assert audio.pk


@pytest.mark.parametrize("path", ["ver_nobody/do/cancel/", "{version}/do/sing/"])
def test_what_is_not_there_is_not_found(chief: Client, ids, path):
    assert chief.post("/admin/mastering/version/" + path.format(**ids)).status_code == 404


def test_nothing_is_done_by_looking(chief: Client, ids):
    path = f"/admin/mastering/version/{ids['version']}/do/cancel/"
    assert chief.get(path).status_code == 405
    assert Version.objects.get(pk=ids["version"]).is_waiting


# Sound


def test_staff_hear_nothing_of_anyone(finished: Version, alice: User, settings):
    """Every address that takes an id of theirs, asked by who may do everything."""
    client = as_staff(may_do_everything=True)
    master, share = finished.master, create_share(version=finished, days=7)
    export = begin_export(user=alice)
    known = {
        "audio_id": master.mix_id,
        "master_id": master.pk,
        "number": 1,
        "format_code": "wav24",
        "kind": "tone",
        "export_id": export.pk,
        "preview_id": "prv_x",
        "share_id": share.pk,
        "upload_id": "upl_x",
    }
    asked = 0
    for pattern, names in _addresses():
        if not names or not names <= set(known):
            continue
        path = "/" + re.sub(r"%\((\w+)\)s", lambda match: str(known[match[1]]), pattern)
        status = client.get(path).status_code
        # Nothing is there for them, or nothing to look at; their password is asked for first.
        assert status in (404, 405) or (status == 302 and path.startswith("/account/")), path
        asked += 1
    assert asked >= 30


def _addresses() -> list[tuple[str, set[str]]]:
    """Return every address below the site's root, but the operator's, and its parameters."""
    found = []
    for namespace in ("accounts", "references", "mastering"):
        _prefix, resolver = get_resolver().namespace_dict[namespace]
        for name in {key for key in resolver.reverse_dict if isinstance(key, str)}:
            for matches, *_rest in resolver.reverse_dict.getlist(name):
                for pattern, names in matches:
                    found.append((_prefix + pattern, set(names)))
    return found


def test_no_page_of_staff_tells_where_sound_lies(finished: Version, alice: User, engine):
    client = as_staff(may_do_everything=True)
    share = create_share(version=finished, days=7)
    services.request_export(version=finished, formats=["flac24"])
    pages = [
        f"/admin/people/{alice.pk}/",
        f"/admin/mastering/version/{finished.pk}/change/",
        f"/admin/references/audiofile/{finished.master.mix_id}/change/",
        "/admin/mastering/version/",
        "/admin/",
    ]
    secret = (
        finished.folder + "/", finished.master.mix.folder + "/", share.token, share.pk,
        "/listen/", "/download/", "/waveform.json", "X-Amz-", "<audio",
    )  # fmt: skip
    for path in pages:
        page = client.get(path).content.decode()
        for word in secret:
            assert word not in page, (path, word)
        assert not re.search(r'href="/(masters|audio|s|storage)/', page), path


# Dashboard


def test_without_a_stripe_key_the_site_says_so(chief: Client, settings):
    assert "No Stripe key is set" in chief.get("/admin/").content.decode()
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    assert "No Stripe key is set" not in chief.get("/admin/").content.decode()


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "90d", "365d", "", "never"])
def test_the_dashboard_counts_what_happened_in_its_range(chief: Client, alice, span, engine):
    for days, status in ((0, "SUCCEEDED"), (3, "SUCCEEDED"), (3, "FAILED"), (200, "SUCCEEDED")):
        version = measured(submitted(alice))
        Version.objects.filter(pk=version.pk).update(
            error_code="internal" if status == "FAILED" else "",
            status=status,
            finished=NOW - timedelta(days=days),
        )
    panels = {panel.code: panel for panel in chief.get("/admin/", {"span": span}).context["panels"]}
    made, failed, rate = (fact.value for fact in panels["masters"].facts)
    counts = {"24h": ("1", "0"), "365d": ("3", "1")}.get(span, ("2", "1"))
    assert (made, failed) == counts
    assert rate == f"{100 * int(made) / (int(made) + int(failed)):.1f} %"
    chart = panels["masters"].charts[0]
    assert sum(chart.series[0].values) == int(made)
    assert len(chart.names) == len(chart.series[0].values)
    causes = panels["failures"].charts[0]
    assert causes.names == ([] if failed == "0" else ["internal"])


def test_the_queue_tells_depth_and_age(chief: Client, alice: User):
    version = submitted(alice)
    AudioFile.objects.update(created=NOW - timedelta(hours=2))
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "queue")
    waiting, running, oldest = panel.facts
    assert (waiting.value, running.value) == ("3", "0")  # two tracks and the master
    assert "2" in oldest.value
    assert "hour" in oldest.value
    assert oldest.severity == "warning"
    assert version.is_waiting


def test_health_of_workers_is_told(chief: Client, db):
    def groups() -> Any:
        panels = chief.get("/admin/").context["panels"]
        return next(panel for panel in panels if panel.code == "workers").facts[0]

    assert (groups().value, groups().severity) == ("0", "refusal")
    WorkerGroup.objects.tell(["here:1", "here:2"], machine="here")
    assert (groups().value, groups().severity) == ("2", "good")
    WorkerGroup.objects.filter(name="here:2").update(seen=NOW - timedelta(minutes=10))
    assert groups().severity == "warning"
    Machine.objects.tell(name="here", is_confining=False, boxes="limits alone")
    assert chief.get("/admin/").status_code == 200


def test_time_by_stage_is_the_mean_of_attempts(chief: Client, alice: User):
    for tone in (4.0, 6.0):
        Run.objects.create(
            user=alice, kind="mastering.version", work="ver_x", attempt=1, worker="w", began=NOW,
            ended=NOW, outcome="succeeded", steps={"tone": [tone + 1, tone]}, cpu_seconds=tone,
        )  # fmt: skip
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "stages")
    wall, cpu = panel.charts[0].series
    assert panel.charts[0].names == ["tone"]
    assert (list(wall.values), list(cpu.values)) == ([6.0], [5.0])


def test_storage_is_told_by_person_with_expiry(chief: Client, finished: Version, alice, settings):
    settings.PLAN_LIMITS = True
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "storage")
    assert panel.tables[0].rows[0][0] == f"#{alice.pk} {alice.email}"


def test_revenue_is_what_was_paid_less_what_was_refunded(chief: Client, ids):
    Payment.objects.update(amount_refunded=500)
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "revenue")
    assert panel.facts[1].value == "15.00 EUR"


def test_each_role_sees_its_panels_only(db):
    seen = {
        role: {panel.code for panel in as_staff(role).get("/admin/").context["panels"]}
        for role in ROLES
    }
    assert "revenue" not in seen["support"] | seen["operations"]
    assert "workers" not in seen["support"] | seen["finance"]
    assert "queue" not in seen["finance"]
    assert "credits" in seen["finance"]


def test_the_webhook_panel_holds_with_and_without_peoples_own_webhooks(chief: Client):
    panel = next(p for p in chief.get("/admin/").context["panels"] if p.code == "webhooks")
    has_own = "webhookdelivery" in apps.all_models["accounts"]
    assert any("Webhooks that fail" in str(table.title) for table in panel.tables) == has_own


# Plans, rules, announcements


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "gold", "credits": "1"},
        {"code": "free", "storage_bytes": "0"},
        {"code": "free", "retention_days": "0"},
        {"code": "free", "price_cents": "100"},
        {"code": "pack5", "max_running": "2"},
        {"code": "free", "credits": "-1"},
    ],
    ids=str,
)
def test_terms_that_would_close_a_plan_are_refused(chief: Client, wrong):
    assert chief.post("/admin/billing/terms/add/", wrong).status_code == 200
    assert not Terms.objects.exists()
    assert acts() == []


def test_terms_that_are_saved_hold_at_once(chief: Client, client: Client):
    chief.post("/admin/billing/terms/add/", {"code": "artist", "credits": "17"})
    assert "17" in client.get("/pricing/").content.decode()


def test_a_rule_begins_with_what_the_data_says(chief: Client):
    page = chief.get("/admin/mastering/platformrule/add/?code=spotify").content.decode()
    assert "https://support.spotify.com" in page
    assert chief.post("/admin/mastering/platformrule/add/", RULE).status_code == 302
    assert PlatformRule.objects.get().target_lufs == -14.0
    assert chief.post("/admin/mastering/platformrule/add/", RULE | {"code": "x"}).status_code == 200


def test_an_announcement_is_made_and_taken_back(chief: Client, client: Client):
    chief.post("/admin/accounts/announcement/add/", ANNOUNCEMENT)
    assert "Tonight." in client.get("/").content.decode()
    chief.post(
        f"/admin/accounts/announcement/{Announcement.objects.get().pk}/delete/", {"post": "yes"}
    )
    assert "Tonight." not in client.get("/").content.decode()


def test_receipts_and_ledger_are_read_only_even_for_who_may_do_everything(chief: Client, alice):
    receipt = Receipt.objects.create(
        user=alice, subject="mst_x", title="x", reason="retention", plan="free", kept_days=1,
        last_used=NOW, told=NOW, due=NOW, files=[], size_bytes=0)  # fmt: skip
    entry = Entry.objects.all()[0]
    for path in (f"mastering/receipt/{receipt.pk}", f"billing/entry/{entry.pk}"):
        assert chief.post(f"/admin/{path}/delete/", {"post": "yes"}).status_code == 403
        assert chief.post(f"/admin/{path}/change/", {}).status_code == 403
    assert (preview_next(), render_next(), staff("support").is_superuser) == (None, None, False)
