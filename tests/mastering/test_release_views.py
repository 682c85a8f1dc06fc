"""What pages offer to take away: files, tags, CSV, the check before a release."""

import csv
import html
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mastering import services, tasks
from mastering.messages.release import context_line
from mastering.models import Export, Master, Release, ReleaseCheck, ReleaseTags, Version
from mastering.plots import KINDS, plots_of_report
from references.templatetags.audio import signed_db
from tests.pictures import SECRET, png
from tests.reports import REPORT
from tests.studio import PlayedEngine, content_of

HTMX = {"HX-Request": "true"}


def at(version: Version, name: str, *more: str) -> str:
    return reverse(f"mastering:{name}", args=[version.master_id, version.number, *more])


def of_master(version: Version, name: str) -> str:
    return reverse(f"mastering:{name}", args=[version.master_id])


def test_chosen_files_are_queued_told_of_and_downloaded(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    page = at(finished, "exports")
    chosen = {"formats": ["wav16", "mp3-320"], "rate_hz": "48000"}
    fragment = as_alice.post(page, chosen, headers=HTMX).content.decode()
    assert 'hx-trigger="every 2s"' in fragment
    assert fragment.count("waiting") == 2
    while tasks.export_next():
        pass
    fragment = as_alice.get(page, headers=HTMX).content.decode()
    assert "hx-trigger" not in fragment
    for export in Export.objects.all():
        path = at(finished, "exported", export.pk)
        assert path in fragment
        answer = as_alice.get(path)
        assert content_of(answer).startswith(str(export.file_name).encode())
        assert answer["Content-Disposition"].startswith("attachment; filename=")


def test_downloads_need_no_script(finished: Version, as_alice: Client):
    answer = as_alice.post(at(finished, "exports"), {"formats": ["flac24"]})
    assert answer.status_code == 302
    assert answer["Location"].endswith("?version=1#take-away")
    page = as_alice.get(of_master(finished, "detail")).content.decode()
    assert "FLAC, 24 bit" in page


def test_several_formats_go_into_one_zip(finished: Version, as_alice: Client):
    as_alice.post(at(finished, "exports"), {"formats": ["wav24", "flac24"], "packed": "1"})
    export = Export.objects.get()
    assert export.is_archive
    assert export.formats == ["wav24", "flac24"]


@pytest.mark.parametrize(
    "wrong", [{}, {"formats": ["vinyl"]}, {"formats": ["wav24"], "rate_hz": "9"}]
)
def test_wrong_choices_are_told_and_queue_nothing(finished: Version, as_alice: Client, wrong):
    answer = as_alice.post(at(finished, "exports"), wrong, headers=HTMX)
    assert "Choose at least one format" in answer.content.decode()
    assert not Export.objects.exists()


def test_a_file_that_is_not_made_yet_does_not_exist(finished: Version, as_alice: Client):
    export = services.request_export(version=finished, formats=["flac24"])
    assert as_alice.get(at(finished, "exported", export.pk)).status_code == 404


def test_a_name_in_another_script_survives_the_header(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    services.save_tags(
        master=finished.master,
        texts={"title": 'Ночь "7"', "artist": "Åsa", "album": "", "isrc": ""},
    )
    export = services.request_export(version=finished, formats=["flac24"])
    tasks.export_next()
    answer = as_alice.get(at(finished, "exported", export.pk))
    assert content_of(answer)
    header = answer["Content-Disposition"]
    assert header.startswith("attachment; filename*=utf-8''%C3%85sa")
    assert "\n" not in header


def test_tags_and_cover_are_kept_and_shown(finished: Version, as_alice: Client):
    page = of_master(finished, "tags")
    assert 'value="mix"' in as_alice.get(page).content.decode()  # the song's name, to begin with
    answer = as_alice.post(
        page,
        {
            "title": "Night drive",
            "artist": "Ada",
            "isrc": "de-a12-26-00001",
            "cover": SimpleUploadedFile("me.png", png()),
        },
    )
    assert answer.status_code == 302
    tags = ReleaseTags.objects.get()
    assert (tags.title, tags.artist, tags.isrc) == ("Night drive", "Ada", "DEA122600001")
    assert SECRET not in content_of(as_alice.get(of_master(finished, "cover")))
    assert "Night drive" in as_alice.get(page).content.decode()
    as_alice.post(page, {"title": "Night drive", "remove_cover": "on"})
    assert as_alice.get(of_master(finished, "cover")).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"isrc": "12345"}, "An ISRC is a country"),
        ({"title": "a\u202eb"}, "signs that cannot be printed"),
        ({"artist": "x" * 251}, "at most 250 characters"),
        ({"cover": b"GIF89a"}, "no JPEG or PNG"),
    ],
)
def test_wrong_tags_are_told_and_change_nothing(finished: Version, as_alice: Client, wrong, told):
    if "cover" in wrong:
        wrong = {"cover": SimpleUploadedFile("cover.png", wrong["cover"])}
    answer = as_alice.post(of_master(finished, "tags"), wrong)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not ReleaseTags.objects.exists()


def test_a_huge_cover_is_refused_before_it_is_read(finished: Version, as_alice: Client):
    file = SimpleUploadedFile("cover.png", bytes(6_100_000))
    assert as_alice.post(of_master(finished, "tags"), {"cover": file}).status_code == 413


def test_the_check_begins_when_it_is_looked_at_and_fills_in(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    page = of_master(finished, "detail")
    assert 'hx-trigger="intersect once"' in as_alice.get(page).content.decode()
    assert not ReleaseCheck.objects.exists()  # looking alone begins nothing
    fragment = as_alice.post(at(finished, "check"), headers=HTMX).content.decode()
    assert 'hx-trigger="every 2s"' in fragment
    tasks.check_next()
    fragment = as_alice.get(at(finished, "check"), headers=HTMX).content.decode()
    assert "hx-trigger" not in fragment
    for text in ("MP3, 320 kbit/s", "−0.4", "−0.8", "1:12", "Spotify", "−14.0"):
        assert text in fragment
    assert "Render again" not in fragment


def test_a_check_works_without_scripts(finished: Version, as_alice: Client):
    answer = as_alice.post(at(finished, "check"))
    assert answer["Location"].endswith("#release")
    assert as_alice.get(at(finished, "check")).status_code == 302


def test_one_click_renders_under_the_safe_ceiling(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    engine.codec_peak_dbtp = 0.5
    services.request_check(version=finished)
    tasks.check_next()
    fragment = as_alice.get(at(finished, "check"), headers=HTMX).content.decode()
    assert "12 samples clip" in fragment
    assert "Render again with a ceiling of −1.8" in fragment
    as_alice.post(at(finished, "safe-ceiling"))
    again = Version.objects.get(number=2)
    assert again.chosen.ceiling_dbtp == -1.8
    assert again.chosen.amount == finished.chosen.amount


def test_without_a_safer_ceiling_there_is_nothing_to_click(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    assert as_alice.post(at(finished, "safe-ceiling")).status_code == 404
    services.request_check(version=finished)
    tasks.check_next()
    assert as_alice.post(at(finished, "safe-ceiling")).status_code == 404
    assert Version.objects.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_plot_is_given_as_csv_with_units_and_all_values(
    finished: Version, as_alice: Client, kind: str
):
    answer = as_alice.get(at(finished, "plot-csv", kind))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"{kind}.csv" in answer["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert len({len(row) for row in (head, *rows)}) == 1
    assert len(set(head)) == len(head)
    (plot,) = [plot for plot in plots_of_report(REPORT) if plot.kind == kind]
    assert len(rows) == len(plot.x)
    for cells in zip(*rows, strict=True):
        if cells[0] not in plot.names:
            assert all(cell == "" or float(cell) is not None for cell in cells)


def test_a_plot_that_there_is_none_of_is_not_found(finished: Version, as_alice: Client):
    assert as_alice.get(at(finished, "plot-csv", "taste")).status_code == 404


def test_strangers_take_nothing_away(finished: Version, engine: PlayedEngine, as_bob: Client):
    services.save_tags(
        master=finished.master,
        texts={"title": "Night", "artist": "", "album": "", "isrc": ""},
    )
    export = services.request_export(version=finished, formats=["flac24"])
    tasks.export_next()
    gets = [
        at(finished, "exports"),
        at(finished, "exported", export.pk),
        at(finished, "check"),
        at(finished, "plot-csv", "tone"),
        of_master(finished, "tags"),
        of_master(finished, "cover"),
    ]
    posts = [
        at(finished, "exports"),
        at(finished, "check"),
        at(finished, "safe-ceiling"),
        of_master(finished, "tags"),
    ]
    assert {as_bob.get(path).status_code for path in gets} == {404}
    assert {as_bob.post(path).status_code for path in posts} == {404}
    assert {Client().get(path).status_code for path in gets} == {302}
    assert Export.objects.count() == 1
    assert not ReleaseCheck.objects.exists()


def test_an_export_is_found_under_its_own_version_only(
    finished: Version, engine: PlayedEngine, as_alice: Client
):
    export = services.request_export(version=finished, formats=["flac24"])
    tasks.export_next()
    other = reverse("mastering:exported", args=[finished.master_id, 2, export.pk])
    assert as_alice.get(other).status_code == 404


@pytest.mark.parametrize("place", [*Release.values, ""])
def test_what_the_numbers_mean_is_told_for_where_it_will_be_heard(
    finished: Version, as_alice: Client, place: str
):
    Master.objects.filter(pk=finished.master_id).update(release=place)
    version = Version.objects.get(pk=finished.pk)
    line = context_line(version)
    assert bool(line) == bool(place)
    assert line in html.unescape(as_alice.get(of_master(finished, "detail")).content.decode())


def test_on_air_it_is_told_how_far_it_is_turned(finished: Version):
    Master.objects.filter(pk=finished.master_id).update(release=Release.BROADCAST)
    version = Version.objects.get(pk=finished.pk)
    assert version.loudness_lufs is not None
    assert signed_db(-23.0 - version.loudness_lufs) in context_line(version)
