"""Taking everything along, and leaving nothing behind but the books."""

import io
import json
import zipfile
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.test import Client

from accounts import services
from accounts.models import Erasure, Export, User
from billing.models import Account, Entry, Subscription
from mastering.models import Version
from references.models import AudioFile
from tests.conftest import PASSWORD, browser_of
from tests.studio import content_of, submitted

KEPT = {"billing.Account"}  # by design, without the person


def log_in(email: str) -> Client:
    browser = Client()
    assert (
        browser.post("/account/login/", {"login": email, "password": PASSWORD}).status_code == 302
    )
    return browser


def stored(folder: str = "") -> set[str]:
    """Return every key in storage."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return set()
    below = f"{folder}/" if folder else ""
    found = {f"{below}{name}" for name in names}
    for name in folders:
        found |= stored(f"{below}{name}")
    return found


def of_person() -> list[tuple[str, Any]]:
    """Return every column of every table that points to a person, however far away."""
    found = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey) and field.related_model is User:
                found.append((model._meta.label, field))
    return found


@pytest.fixture
def lived(finished: Version, alice: User) -> Client:
    """Let alice have done all there is to do; return a browser of hers."""
    submitted(alice)
    browser = log_in(alice.email)
    browser.get("/account/")
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    Authenticator.objects.create(user=alice, type="recovery_codes", data={})
    services.begin_export(user=alice)
    services.build_exports()
    services.begin_export(user=alice)
    return browser


def test_the_export_has_every_file_and_what_the_document_says(lived: Client, alice: User):
    export = Export.objects.exclude(finished=None).get()
    answer = lived.get(f"/account/data/{export.pk}/")
    assert answer["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(content_of(answer)))
    assert archive.testzip() is None
    data = json.loads(archive.read("data.json"))
    assert data["person"]["email"] == alice.email
    assert len(data["masters"]) == 2
    assert len(data["tracks"]["uploads"]) == 4
    ledger = data["billing"]["ledger"]
    assert sum(line["available"] for line in ledger) == Entry.objects.filter(
        account__user=alice
    ).total("available")
    version = Version.objects.get(status="SUCCEEDED")
    for name, recorded in version.outputs.items():
        path = f"masters/{version.master_id}/v{version.number}/{name}"
        assert archive.getinfo(path).file_size == recorded["size_bytes"]
    for audio in AudioFile.objects.of(alice):
        assert archive.getinfo(f"uploads/{audio.pk}/{audio.filename}").file_size


def test_the_export_is_documented_key_by_key(lived: Client, settings):
    export = Export.objects.exclude(finished=None).get()
    with default_storage.open(export.key) as stored_export:
        archive = zipfile.ZipFile(io.BytesIO(stored_export.read()))
    data = json.loads(archive.read("data.json"))
    document = (settings.BASE_DIR / "docs" / "export.md").read_text()
    rows = [data, data["person"], data["billing"], data["tracks"], data["masters"][0]]
    rows += [data["masters"][0]["versions"][0], data["tracks"]["uploads"][0]]
    rows += [data["tracks"]["library"][0], data["billing"]["ledger"][0]]
    assert [key for row in rows for key in row if f"`{key}`" not in document] == []


def test_an_export_needs_the_password_again_and_is_nobody_elses(lived, as_bob, alice):
    export = Export.objects.exclude(finished=None).get()
    path = f"/account/data/{export.pk}/"
    stale = browser_of(alice)  # logged in, but long ago
    assert stale.get(path).headers["Location"].startswith("/account/reauthenticate/")
    bob = log_in("bob@example.com")
    bob.post("/account/reauthenticate/", {"password": PASSWORD})
    assert bob.get(path).status_code == 404


def test_a_second_wish_is_the_same_export(alice: User):
    assert services.begin_export(user=alice) == services.begin_export(user=alice)


def test_nothing_is_left_of_who_leaves_but_the_books(lived: Client, alice: User, bob: User):
    bystander = submitted(bob)
    theirs = {key for key in stored() if _is_of(bob, key)}
    account = Account.objects.get(user=alice)
    Subscription.objects.create(
        account=account, stripe_id="sub_1", plan="artist", status="active",
        period_start=alice.date_joined, period_end=alice.date_joined,
    )  # fmt: skip
    elsewhere = browser_of(alice)
    assert elsewhere.get("/account/").status_code == 200
    columns = of_person()
    assert {"accounts.Mail", "mastering.Version", "references.AudioFile"} <= {
        label for label, _ in columns
    }
    pk = alice.pk

    page = lived.post("/account/erase/", {"email": alice.email})
    assert page.status_code == 200
    assert "is erased" in page.content.decode()
    services.empty_folders()

    left = [
        label for label, field in columns if field.model._default_manager.filter(**{field.name: pk})
    ]
    assert left == []
    assert {label for label, field in columns if field.null and field.model is Account} == KEPT
    assert stored() == theirs
    assert elsewhere.get("/account/").status_code == 302
    assert not [row for row in Session.objects.all() if _is_session_of(row, pk)]
    assert Version.objects.get() == bystander

    account.refresh_from_db()
    assert account.user is None
    assert Entry.objects.of(account).total("reserved") == 0, "what was open was given back"
    words = json.dumps(list(Entry.objects.of(account).values()), default=str)
    assert alice.email not in words
    assert "mix" not in words, "no title either"


def test_what_a_worker_writes_after_the_farewell_goes_too(lived: Client, alice: User):
    version = Version.objects.filter(user=alice)[0]
    services.erase(user=alice)
    services.empty_folders()

    default_storage.save(f"{version.folder}/9/wav24.wav", ContentFile(b"late"))
    Erasure.objects.update(created=alice.date_joined.replace(year=2020))
    services.empty_folders()
    assert stored() == set()
    assert Erasure.objects.get().done


def test_the_wrong_address_erases_nothing(lived: Client, alice: User):
    assert lived.post("/account/erase/", {"email": "bob@example.com"}).status_code == 422
    assert User.objects.filter(pk=alice.pk).exists()


def test_erasing_needs_the_password_again(alice: User):
    stale = browser_of(alice)
    answer = stale.post("/account/erase/", {"email": alice.email})
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert User.objects.filter(pk=alice.pk).exists()


def _is_of(user: User, key: str) -> bool:
    return any(key.startswith(audio.folder) for audio in AudioFile.objects.of(user))


def _is_session_of(session: Session, pk: int) -> bool:
    return session.get_decoded().get("_auth_user_id") == str(pk)
