"""Masters over the web: new, progress, result, files; for their owner only."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dsp.errors import SilentAudio
from mastering import tasks
from mastering.messages import left_words
from mastering.models import Master, Version
from references.models import AudioFile
from references.tasks import measure_next
from tests.mastering.pages import CHOSEN, file, page
from tests.studio import (
    REFERENCE,
    PlayedEngine,
    measured,
    submitted,
    uploaded,
    wav_file,
)

# A new master


def test_a_visitor_sees_what_it_is(client: Client, db: None):
    assert "reference" in client.get(reverse("mastering:home")).text


def test_someone_signed_in_begins_at_once(as_alice: Client):
    assert as_alice.get(reverse("mastering:home"))["Location"] == reverse("mastering:new")


def test_the_limits_are_shown_before_an_upload(as_alice: Client, settings):
    settings.MAX_UPLOAD_BYTES = 123_456_789
    response = as_alice.get(reverse("mastering:new"))
    assert 'data-max-bytes="123456789"' in response.text
    assert not response.context["can_submit"]
    assert response.context["why_not"] == "Choose your mix. Choose a reference."


def test_tracks_named_in_the_address_are_chosen(as_alice: Client, alice: User):
    mix, reference = uploaded(alice), uploaded(alice, REFERENCE)
    response = as_alice.get(reverse("mastering:new"), {"mix": mix.pk, "reference": reference.pk})
    assert (response.context["mix"], response.context["reference"]) == (mix, reference)
    assert response.context["can_submit"]


def test_a_strangers_track_in_the_address_is_not_chosen(as_bob: Client, alice: User):
    response = as_bob.get(reverse("mastering:new"), {"mix": uploaded(alice).pk})
    assert response.context["mix"] is None


def test_without_scripts_two_files_make_a_master(as_alice: Client, alice: User):
    files = {"mix_file": wav_file("My Song.wav"), "reference_file": wav_file("Night Bus.wav")}
    response = as_alice.post(reverse("mastering:new"), CHOSEN | files)
    master = Master.objects.of(alice).get()
    assert response["Location"] == reverse("mastering:detail", args=[master.pk])
    assert (master.mix.filename, master.reference.filename) == ("My Song.wav", "Night Bus.wav")
    assert master.latest.is_waiting
    assert as_alice.get(response["Location"]).status_code == 200


def test_tracks_uploaded_before_make_a_master(as_alice: Client, alice: User):
    tracks = {"mix": uploaded(alice).pk, "reference": uploaded(alice, REFERENCE).pk}
    as_alice.post(
        reverse("mastering:new"), CHOSEN | tracks | {"loudness": "-14", "tone": "0", "amount": "50"}
    )
    chosen = Master.objects.get().latest.chosen
    assert (chosen.amount, chosen.tone, chosen.loudness) == (0.5, 0.0, -14.0)


def test_a_file_sent_along_goes_before_a_track_chosen_before(as_alice: Client, alice: User):
    tracks = {"mix": uploaded(alice).pk, "reference": uploaded(alice, REFERENCE).pk}
    as_alice.post(reverse("mastering:new"), CHOSEN | tracks | {"mix_file": wav_file("new.wav")})
    assert Master.objects.get().mix.filename == "new.wav"


def test_what_is_too_much_for_all_is_turned_away_before_any_file_is_stored(
    as_alice: Client, settings
):
    settings.MAX_BACKLOG = 0
    files = {"mix_file": wav_file("mix.wav"), "reference_file": wav_file("loud.wav")}
    response = as_alice.post(reverse("mastering:new"), CHOSEN | files)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert not AudioFile.objects.exists()


def test_a_further_version_is_turned_away_too(as_alice: Client, finished: Version, settings):
    settings.MAX_BACKLOG = 0
    response = as_alice.post(page("versions", finished), CHOSEN | {"amount": "10"})
    assert (response.status_code, "Retry-After" in response) == (503, True)
    assert Version.objects.count() == 1


def test_a_refused_file_is_told_and_the_other_one_kept(as_alice: Client):
    response = as_alice.post(
        reverse("mastering:new"),
        CHOSEN | {"mix_file": wav_file("mix.wav"), "reference_file": wav_file("r.txt", b"x" * 999)},
    )
    assert response.status_code == 422
    assert "r.txt: The content of this file" in response.text
    assert response.context["mix"] == AudioFile.objects.get()
    assert not Master.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "101"),
        ("amount", ""),
        ("tone", "-1"),
        ("loudness", "loud"),
        ("loudness", "number"),
        ("loudness_lufs", "5"),
        ("ceiling_dbtp", "3"),
        ("max_limiting_db", "nan"),
    ],
)
def test_settings_out_of_range_make_no_master(
    as_alice: Client, alice: User, field: str, value: str
):
    tracks = {"mix": uploaded(alice).pk, "reference": uploaded(alice, REFERENCE).pk}
    response = as_alice.post(reverse("mastering:new"), CHOSEN | tracks | {field: value})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not Master.objects.exists()


def test_without_tracks_there_is_no_master(as_alice: Client):
    response = as_alice.post(reverse("mastering:new"), CHOSEN)
    assert response.status_code == 422
    assert "Choose your mix." in response.text


def test_strangers_tracks_make_no_master(as_bob: Client, alice: User):
    tracks = {"mix": uploaded(alice).pk, "reference": uploaded(alice, REFERENCE).pk}
    assert as_bob.post(reverse("mastering:new"), CHOSEN | tracks).status_code == 422
    assert not Master.objects.exists()


def test_a_rejected_track_is_told(as_alice: Client, alice: User, engine: PlayedEngine):
    tracks = {"mix": uploaded(alice).pk, "reference": uploaded(alice, REFERENCE).pk}
    engine.refuse(SilentAudio())
    measure_next()
    response = as_alice.post(reverse("mastering:new"), CHOSEN | tracks)
    assert response.status_code == 422
    assert "rejected or removed" in response.text


# Progress


def live_step(response: Any) -> str:
    live: list[str] = [s.name for s in response.context["steps"] if s.state == "live"]
    return live[0]


def test_the_page_of_an_open_version_polls_its_steps(as_alice: Client, alice: User):
    version = submitted(alice)
    response = as_alice.get(page("detail", version))
    assert f"{page('status', version)}?version=1" in response.text
    assert live_step(response) == "queued"
    assert "Waiting until both tracks are measured" in response.text


def test_a_poll_tells_the_step(as_alice: Client, alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    seen = []

    def look(_name: str) -> None:
        Version.objects.update(step="limiting", progress=0.6)
        response = as_alice.get(page("status", version))
        seen.append((live_step(response), "HX-Refresh" in response))

    engine.before = look
    tasks.work()
    assert seen == [("limiting", False)]


def test_a_poll_after_the_end_loads_the_page_anew(as_alice: Client, finished: Version):
    response = as_alice.get(page("status", finished))
    assert response["HX-Refresh"] == "true"
    assert "hx-trigger" not in response.text


def asked_by(client: Client, address: str) -> list[str]:
    client.get("/account/")  # the first visit notes the session
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in asked]


def test_a_poll_is_cheap(as_alice: Client, alice: User):
    asked = asked_by(as_alice, page("status", submitted(alice)))
    assert len(asked) <= 4  # session, person, version with tracks, place in line
    assert not any("provenance" in query or "lease_until" in query for query in asked)


def test_whether_a_version_is_made_is_cheap_to_ask(as_alice: Client, finished: Version):
    asked = asked_by(as_alice, file("state", finished))
    assert len(asked) == 3  # session, person, version with tracks
    assert not any("provenance" in query or "lease_until" in query for query in asked)


def test_many_masters_are_listed_by_as_few_questions_as_one(
    as_alice: Client, alice: User, settings, django_assert_max_num_queries
):
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 8
    versions = [submitted(alice) for _ in range(4)]
    as_alice.get("/account/")  # the first visit notes the session
    with django_assert_max_num_queries(6):  # session, person, banner, how many, masters, versions
        listed = as_alice.get(reverse("mastering:list")).text
    assert all(page("detail", version) in listed for version in versions)


def test_both_checks_can_be_read_while_the_master_is_made(
    as_alice: Client, alice: User, engine: PlayedEngine
):
    version = measured(submitted(alice))
    response = as_alice.get(page("detail", version))
    assert "Meanwhile: what was found in the two" in response.text
    assert "Little headroom" in response.text
    assert reverse("references:waveform", args=[version.master.reference_id]) in response.text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-20, "Done in a moment"),
        (22, "About 20 seconds left"),
        (58, "About a minute left"),
        (130, "About 2 minutes left"),
    ],
)
def test_the_time_left_is_told_as_an_estimate(seconds: int, told: str):
    assert left_words(timezone.now() + timedelta(seconds=seconds)) == told


def test_the_time_left_stands_beside_the_steps(as_alice: Client, alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    assert "left" in as_alice.get(page("status", version)).context["left"]


def test_loudness_has_an_amount_of_its_own(as_alice: Client, finished: Version):
    as_alice.post(page("versions", finished), CHOSEN | {"loudness_amount": "40"})
    chosen = Version.objects.get(number=2).chosen
    assert (chosen.loudness_amount, chosen.effective_loudness_amount) == (0.4, 0.4)
    as_alice.post(page("versions", finished), CHOSEN | {"loudness_amount": ""})
    assert Version.objects.get(number=3).chosen.loudness_amount is None


def test_the_place_in_line_is_told(as_bob: Client, alice: User, bob: User):
    submitted(alice)
    assert as_bob.get(page("status", submitted(bob))).context["queue_position"] == 1


@pytest.mark.parametrize("opened", [True, False])
def test_cancelling_leads_back_to_the_page(
    as_alice: Client, alice: User, engine: PlayedEngine, opened: bool
):
    version = submitted(alice)
    if not opened:
        measured(version)
        tasks.work()
    assert as_alice.post(page("cancel", version))["Location"] == page("detail", version)
    version.refresh_from_db()
    assert version.status == ("CANCELED" if opened else "SUCCEEDED")
    assert as_alice.get(page("detail", version)).status_code == 200


def test_a_failure_is_told_with_its_code_and_tried_again(
    as_alice: Client, alice: User, engine: PlayedEngine
):
    version = measured(submitted(alice))
    engine.refuse(SilentAudio("Nothing is heard."), at="render")
    tasks.work()
    shown = as_alice.get(page("detail", version)).text
    assert "silent_audio" in shown
    assert "Nothing in this file is loud enough" in shown
    as_alice.post(page("retry", version))
    assert version.master.latest.number == 2


# Result


# Files


# Strangers

PATHS = [
    ("get", "detail", False),
    ("get", "status", False),
    ("post", "cancel", False),
    ("post", "retry", False),
    ("post", "delete", False),
    ("post", "versions", False),
    ("get", "listen", True),
    ("get", "waveform", True),
    ("get", "plots", True),
    ("get", "download", True),
]


def address(name: str, version: Version, *, of_a_version: bool) -> str:
    more = ["wav24"] if name == "download" else []
    return file(name, version, *more) if of_a_version else page(name, version)


@pytest.mark.parametrize(("method", "name", "of_a_version"), PATHS)
def test_a_stranger_finds_nothing(
    as_bob: Client, finished: Version, method: str, name: str, of_a_version: bool
):
    before = Version.objects.values().get()
    asked = getattr(as_bob, method)
    response = asked(address(name, finished, of_a_version=of_a_version), CHOSEN)
    assert response.status_code == 404
    assert Version.objects.values().get() == before


def test_a_stranger_sees_an_empty_history(as_bob: Client, finished: Version):
    assert list(as_bob.get(reverse("mastering:list")).context["masters"]) == []


@pytest.mark.parametrize(("method", "name", "of_a_version"), PATHS)
def test_who_is_not_logged_in_is_asked_to(
    client: Client, finished: Version, method: str, name: str, of_a_version: bool
):
    response = getattr(client, method)(address(name, finished, of_a_version=of_a_version))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["cancel", "retry", "delete", "versions"])
def test_a_get_changes_nothing(as_alice: Client, finished: Version, name: str):
    assert as_alice.get(page(name, finished)).status_code == 405
