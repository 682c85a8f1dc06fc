"""The page of a result, the history, and the files of a version over the web."""

import re
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from mastering import services
from mastering.models import BlindTest, Version
from mastering.plots import plots_of_report
from references.models import AudioFile
from references.services import clean_filename
from tests.mastering.pages import CHOSEN, file, page
from tests.reports import REPORT
from tests.studio import (
    content_of,
    submitted,
)


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


def test_what_was_made_of_a_version_is_shown_without_reading_the_version_anew(
    as_alice: Client, finished: Version
):
    services.request_export(version=finished, formats=["flac24"])
    services.request_check(version=finished)
    BlindTest.objects.create(version=finished, against=finished, trials=8, chosen=7)
    with CaptureQueriesContext(connection) as asked:
        shown = as_alice.get(page("detail", finished)).text
    assert "preferred 7 of 8 times over version 1" in shown
    of_reports = [one["sql"] for one in asked if '"mastering_version"."report"' in one["sql"]]
    assert len(of_reports) == 1


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
