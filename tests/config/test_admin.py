"""The operator's site: who may do what, what is written down, and what nobody reaches."""

import json
import re
import uuid
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Announcement, AuditEntry, User
from accounts.services import audit, begin_export
from billing.models import Account, Entry, Terms
from mastering import services
from mastering.models import PlatformRule, Receipt, Version
from mastering.services import create_share
from mastering.tasks import preview_next, render_next
from tests.conftest import browser_of, member
from tests.staff import GRANT, PROOF, ROLES, acts, as_staff, staff

NOW = timezone.now()
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
    ("people/{person}/second-factor/", None, ("support",)),
    ("people/{person}/second-factor/", PROOF, ("support",)),
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


def test_who_came_to_work_here_in_which_role_stands_there(chief: Client, alice: User):
    role = Group.objects.get(name="finance")
    told = {"is_staff": "on", "is_active": "on", "groups": [role.pk]}
    chief.post(f"/admin/accounts/user/{alice.pk}/change/", told)
    alice.refresh_from_db()
    assert alice.is_staff
    detail = json.loads(AuditEntry.objects.get().detail)
    assert detail == {"is_staff": [False, True], "groups": [[], ["finance"]]}


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


def test_support_takes_a_lost_second_factor_away(alice: User, as_alice: Client, mailoutbox):
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)
    as_alice.get("/account/")
    support, path = as_staff("support"), f"/admin/people/{alice.pk}/"
    assert f"{path}second-factor/" in support.get(path).content.decode()
    assert "Authenticator app" in support.get(f"{path}second-factor/").content.decode()
    answer = support.post(f"{path}second-factor/", PROOF, follow=True)
    assert "is taken away" in answer.content.decode()
    assert not Authenticator.objects.filter(user=alice).exists()
    assert as_alice.get("/account/").status_code == 302
    entry = AuditEntry.objects.get(act="support.take_factors")
    assert (entry.subject, entry.actor_id) == (f"accounts.user:{alice.pk}", staff_id(support))
    assert json.loads(entry.detail) == PROOF | {"of": ["recovery_codes", "totp"]}
    (mail,) = mailoutbox
    assert mail.to == [alice.email]
    assert "second factor was taken away" in mail.subject
    assert "127.0.0.1" not in mail.body  # of staff


def test_a_lost_factor_is_taken_away_for_a_reason_and_once(alice: User, mailoutbox):
    support, path = as_staff("support"), f"/admin/people/{alice.pk}/second-factor/"
    assert support.post(path, PROOF).status_code == 409
    Authenticator.objects.create(user=alice, type="totp", data={})
    for reason in ("", "because"):
        assert support.post(path, {"reason": reason}).status_code == 422
    assert Authenticator.objects.filter(user=alice).exists()
    assert acts() == []
    assert support.post(path, PROOF).status_code == 302
    assert support.post(path, PROOF).status_code == 409
    assert acts() == ["support.take_factors"]
    assert len(mailoutbox) == 1


def test_nobody_takes_their_own_factor_away_or_that_of_staff(chief: Client, db):
    support, colleague = as_staff("support"), staff("finance")
    for client in (support, chief):
        own = f"/admin/people/{staff_id(client)}/"
        assert "second-factor/" not in client.get(own).content.decode()
        assert client.get(f"{own}second-factor/").status_code == 403
        assert client.post(f"{own}second-factor/", PROOF).status_code == 403
    path = f"/admin/people/{colleague.pk}/second-factor/"
    assert support.post(path, PROOF).status_code == 403
    assert Authenticator.objects.count() == 3
    assert chief.post(path, PROOF).status_code == 302
    assert not Authenticator.objects.filter(user=colleague).exists()
    answer = browser_of(colleague).get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/account/2fa/"  # a new one first


def staff_id(client: Client) -> int:
    return int(client.session["_auth_user_id"])


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


def test_what_a_movement_of_credits_was_for_stands_in_words(alice: User):
    finance = as_staff("finance")
    finance.post(f"/admin/people/{alice.pk}/", GRANT | {"key": str(uuid.uuid4())})
    assert "Given by us" in finance.get(f"/admin/people/{alice.pk}/").content.decode()
    assert (
        "Empty: as the catalogue has it."
        in finance.get("/admin/billing/terms/add/").content.decode()
    )


def test_receipts_and_ledger_are_read_only_even_for_who_may_do_everything(chief: Client, alice):
    receipt = Receipt.objects.create(
        user=alice, subject="mst_x", title="x", reason="retention", plan="free", kept_days=1,
        last_used=NOW, told=NOW, due=NOW, files=[], size_bytes=0)  # fmt: skip
    entry = Entry.objects.all()[0]
    for path in (f"mastering/receipt/{receipt.pk}", f"billing/entry/{entry.pk}"):
        assert chief.post(f"/admin/{path}/delete/", {"post": "yes"}).status_code == 403
        assert chief.post(f"/admin/{path}/change/", {}).status_code == 403
    assert (preview_next(), render_next(), staff("support").is_superuser) == (None, None, False)
