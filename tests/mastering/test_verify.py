"""Drop a file, learn whether it is an untouched master from here; only its owner learns more."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.payload import PayloadMeter
from mastering.models import Fingerprint, Version
from mastering.services import delete_master, request_export
from mastering.tasks import export_next, render_next
from tests.studio import PlayedEngine, measured, submitted, wav

VERIFY = reverse("mastering:verify")
MASTER = wav(2.0)


@pytest.fixture
def mastered(engine: PlayedEngine, alice: User) -> Version:
    """Return a version of alice's whose WAV is ``MASTER``."""
    version = measured(submitted(alice))
    meter = PayloadMeter()
    meter.feed(MASTER)
    digests = meter.digests()
    engine.provenance = {
        "outputs_sha256": {"wav24": digests.file},
        "outputs_audio_sha256": {"wav24": digests.audio},
    }
    render_next()
    return Version.objects.get(pk=version.pk)


def ask(client: Client, content: bytes, name: str = "master.wav") -> Any:
    return client.post(VERIFY, {"file": SimpleUploadedFile(name, content)})


def test_a_version_that_succeeds_enters_the_digests_of_its_files(mastered: Version):
    found = {(one.of, one.format) for one in mastered.fingerprints.all()}
    assert found == {("file", "wav24"), ("audio", "wav24")}


def test_a_version_that_is_not_settled_enters_none(mastered: Version):
    assert not Version.objects.succeed(mastered, provenance=mastered.provenance)
    assert Fingerprint.objects.count() == 2


def test_the_page_is_for_everyone_and_needs_no_scripts(client: Client, db: None):
    shown = client.get(VERIFY)
    assert shown.status_code == 200
    assert 'enctype="multipart/form-data"' in shown.text
    assert client.head(VERIFY).status_code == 200


def test_its_owner_learns_that_it_is_untouched_and_with_which_settings(
    as_alice: Client, mastered: Version
):
    told = ask(as_alice, MASTER)
    assert told.context["found"].version == mastered
    assert "An untouched master made here" in told.text
    assert "Overall amount" in told.text
    assert mastered.master.title in told.text


@pytest.mark.parametrize("who", ["client", "as_bob"])
def test_others_learn_only_that_it_was_made_here(
    who: str, mastered: Version, request: pytest.FixtureRequest
):
    told = ask(request.getfixturevalue(who), MASTER)
    assert "An untouched master made here" in told.text
    assert f"with engine {mastered.engine_version}" in told.text
    for private in (mastered.master.title, mastered.master_id, "Overall amount", "alice"):
        assert private not in told.text


def test_a_file_with_new_tags_is_known_by_its_samples(as_alice: Client, mastered: Version):
    told = ask(as_alice, MASTER + b"LIST\x04\x00\x00\x00INFO")
    assert told.context["found"].is_by_samples
    assert "Every sample is as it was" in told.text


@pytest.mark.parametrize(
    "content",
    [MASTER[:-2], MASTER[:-1] + b"\x01", b"something else", wav(1.0)],
    ids=["cut", "one bit", "text", "another"],
)
def test_a_changed_file_is_not_known(as_alice: Client, mastered: Version, content: bytes):
    told = ask(as_alice, content)
    assert told.context["found"] is None
    assert "Not known here" in told.text


def test_nothing_of_the_file_is_stored(client: Client, db: None):
    before = default_storage.listdir("") if default_storage.exists("") else None
    ask(client, MASTER)
    after = default_storage.listdir("") if default_storage.exists("") else None
    assert before == after


def test_a_form_without_a_file_is_told_so(client: Client, db: None):
    assert client.post(VERIFY).status_code == 422
    assert ask(client, b"").status_code == 422


def test_a_file_over_the_limit_is_refused_unread(client: Client, db: None, settings: Any):
    settings.MAX_UPLOAD_BYTES = 0
    assert ask(client, bytes(1_100_000)).status_code == 413


def test_a_forged_form_is_refused(db: None):
    assert ask(Client(enforce_csrf_checks=True), MASTER).status_code == 403


def test_too_many_files_from_one_place_are_turned_away(client: Client, db: None):
    for _ in range(60):
        assert ask(client, b"x").status_code == 200
    refused = ask(client, b"x")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert client.get(VERIFY).status_code == 200


def test_a_deleted_master_is_not_known_any_more(as_alice: Client, mastered: Version):
    delete_master(master=mastered.master)
    assert ask(as_alice, MASTER).context["found"] is None


def test_a_file_that_was_made_later_is_known_too(
    as_alice: Client, engine: PlayedEngine, mastered: Version
):
    content = wav(3.0)
    meter = PayloadMeter()
    meter.feed(content)
    engine.exported = {"outputs_sha256": {"wav16": meter.digests().file}}
    request_export(version=mastered, formats=["wav16"])
    export_next()
    told = ask(as_alice, content)
    assert told.context["found"].version == mastered
    assert "(wav16)" in told.text


def test_of_two_versions_with_the_same_bytes_ones_own_is_told(
    as_bob: Client, bob: User, engine: PlayedEngine, mastered: Version
):
    mine = measured(submitted(bob))
    render_next()
    told = ask(as_bob, MASTER)
    assert told.context["found"].version == mine
    assert told.context["found"].is_own
