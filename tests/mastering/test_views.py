"""Masters over the web: new, progress, result, files; for their owner only."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from dsp.errors import SilentAudio
from mastering import services, tasks
from mastering.messages import left_words
from mastering.models import Master, Version
from mastering.plots import plots_of_report
from references.models import AudioFile
from references.services import clean_filename
from references.tasks import measure_next
from tests.studio import (
    REFERENCE,
    REPORT,
    PlayedEngine,
    content_of,
    measured,
    submitted,
    uploaded,
    wav_file,
)

CHOSEN = {
    "amount": "70",
    "loudness": "reference",
    "ceiling_dbtp": "-1.0",
    "max_limiting_db": "6.0",
}


def page(name: str, version: Version, *more: Any) -> str:
    return reverse(f"mastering:{name}", args=[version.master_id, *more])


def file(name: str, version: Version, *more: Any) -> str:
    return page(name, version, version.number, *more)


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


def test_a_poll_is_cheap(as_alice: Client, alice: User, django_assert_max_num_queries):
    version = submitted(alice)
    as_alice.get("/account/")  # the first visit notes the session
    with django_assert_max_num_queries(4):  # session, person, version with tracks, place in line
        as_alice.get(page("status", version))


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


def test_the_result_page_offers_three_tracks_at_equal_loudness(as_alice: Client, finished: Version):
    player = as_alice.get(page("detail", finished)).context["player"]
    assert [source["key"] for source in player["sources"]] == ["original", "master", "reference"]
    assert [source["gain_db"] for source in player["sources"]] == [0.0, -8.6, -9.0]
    assert player["duration_seconds"] == 16.0
    assert [part["label"] for part in player["sections"]] == ["Intro", "Part B"]
    for source in player["sources"]:
        for address in (source["url"], source["waveform_url"]):
            assert content_of(as_alice.get(address))


def test_every_download_that_is_offered_can_be_had(as_alice: Client, finished: Version):
    downloads = as_alice.get(page("detail", finished)).context["downloads"]
    assert [each["format"] for each in downloads] == ["wav24", "wav32f"]
    assert [each["recommended"] for each in downloads] == [True, False]
    for each in downloads:
        content = content_of(as_alice.get(each["url"]))
        assert len(content) == each["size_bytes"]
        assert content.startswith({"wav24": b"wav24.wav", "wav32f": b"master.wav"}[each["format"]])


def test_another_version_can_be_asked_for(as_alice: Client, finished: Version):
    response = as_alice.post(page("versions", finished), CHOSEN | {"amount": "20"})
    assert response["Location"] == page("detail", finished)
    assert as_alice.get(page("detail", finished)).context["version"].number == 2
    shown = as_alice.get(page("detail", finished), {"version": "1"})
    assert shown.context["version"] == finished
    assert [one.number for one in shown.context["versions"]] == [2, 1]


def test_settings_of_another_version_are_checked(as_alice: Client, finished: Version):
    response = as_alice.post(page("versions", finished), CHOSEN | {"amount": "200"})
    assert response.status_code == 422
    assert Version.objects.count() == 1


def test_the_form_of_another_version_begins_with_the_settings_shown(
    as_alice: Client, finished: Version
):
    services.render_version(
        master=finished.master,
        settings=finished.chosen.from_dict(
            finished.settings | {"amount": 0.3, "tone": 0.0, "loudness": -11.5}
        ),
    )
    form = as_alice.get(page("detail", finished)).context["form"]
    assert [form[name].value() for name in ("amount", "tone", "width")] == [30, 0, None]
    assert [form[name].value() for name in ("loudness", "loudness_lufs")] == ["number", -11.5]


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "99999999999999999999"])
def test_a_version_that_is_not_there_is_a_404(as_alice: Client, finished: Version, number: str):
    assert as_alice.get(page("detail", finished), {"version": number}).status_code == 404


def test_deleting_leads_to_the_history(as_alice: Client, finished: Version):
    assert as_alice.post(page("delete", finished))["Location"] == reverse("mastering:list")
    assert as_alice.get(page("detail", finished)).status_code == 404


def test_the_history_lists_masters_a_page_at_a_time(
    as_alice: Client, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mastering.views.PAGE_ROWS", 2)
    for _ in range(3):
        submitted(alice)
    shown = [
        len(as_alice.get(reverse("mastering:list"), {"page": n}).context["masters"])
        for n in ("1", "2", "x")
    ]
    assert shown == [2, 1, 2]


def test_a_list_reads_nothing_of_what_was_measured_in_detail(as_alice: Client, finished: Version):
    """Tens of kilobytes a version, of each of a page's masters."""
    with CaptureQueriesContext(connection) as asked:
        as_alice.get(reverse("mastering:list"))
    told = [query["sql"] for query in asked]
    assert sum('FROM "mastering_version"' in sql for sql in told) == 1
    assert [sql for sql in told if '"report"' in sql or '"findings"' in sql] == []


# Files


def test_the_master_is_heard_in_ranges(as_alice: Client, finished: Version):
    response = as_alice.get(file("listen", finished), headers={"range": "bytes=0-4"})
    assert (response.status_code, content_of(response)) == (206, b"proxy")


def test_the_master_is_heard_lossless_on_request(as_alice: Client, finished: Version):
    response = as_alice.get(file("listen", finished), {"lossless": "1"})
    assert response["Content-Type"] == "audio/wav"
    assert content_of(response).startswith(b"wav24")


def test_plots_are_the_arrays_of_the_report(as_alice: Client, finished: Version):
    response = as_alice.get(file("plots", finished))
    assert response.json()["limiting"]["track"]["reduction_db"] == [0.0, 1.4]
    assert set(response.json()["plots"]) == {plot.kind for plot in plots_of_report(REPORT)}
    assert response["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    ("format_code", "ending", "content_type"),
    [("wav24", "wav", "audio/wav"), ("wav32f", "wav", "audio/wav")],
)
def test_a_download_is_named_after_the_mix(
    as_alice: Client, finished: Version, format_code: str, ending: str, content_type: str
):
    response = as_alice.get(file("download", finished, format_code))
    assert response["Content-Disposition"] == (
        f'attachment; filename="mix (Lacquer master v1).{ending}"'
    )
    assert response["Content-Type"] == content_type
    content_of(response)


@pytest.mark.parametrize("name", ['my "best" mix.wav', "Café 🎸.wav", "a\u202eb\r\nX: y.wav"])
def test_a_hostile_or_foreign_name_comes_back_as_cleaned(
    as_alice: Client, finished: Version, name: str
):
    AudioFile.objects.filter(pk=finished.master.mix_id).update(filename=clean_filename(name))
    response = as_alice.get(file("download", finished, "wav24"))
    header = response["Content-Disposition"]
    content_of(response)
    quoted = re.fullmatch(r'attachment; filename="((?:[^"\\]|\\.)*)"', header)
    encoded = re.fullmatch(r"attachment; filename\*=utf-8''(\S+)", header)
    found = quoted or encoded
    assert found is not None
    told = re.sub(r"\\(.)", r"\1", found[1]) if quoted else unquote(found[1])
    stem = clean_filename(name).removesuffix(".wav")
    assert told == f"{stem} (Lacquer master v1).wav"


@pytest.mark.parametrize("format_code", ["mp3-320", "wav24.wav", "proxy", "source"])
def test_what_was_not_made_cannot_be_downloaded(
    as_alice: Client, finished: Version, format_code: str
):
    address = file("download", finished, "wav24").replace("wav24", format_code)
    assert as_alice.get(address).status_code == 404


@pytest.mark.parametrize("name", ["listen", "waveform", "plots"])
def test_an_open_version_has_no_files(as_alice: Client, alice: User, name: str):
    assert as_alice.get(file(name, submitted(alice))).status_code == 404


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
