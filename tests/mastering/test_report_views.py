"""What is told of a version beside its page, and to whom: report, provenance, hand-off, gentler."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from django.forms import ChoiceField
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import User
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.documents import hand_off, report_pdf
from mastering.forms import VersionForm
from mastering.messages.report import verdict_words
from mastering.models import Version
from mastering.services import cancel, delete_master, render_gentler, submit_master
from mastering.tasks import render_next
from references.models import AudioFile
from tests.reports import REPORT
from tests.studio import (
    MIX,
    REFERENCE,
    PlayedEngine,
    content_of,
    measured,
    submitted,
    uploaded,
)

GETS = ("report-json", "report-pdf", "provenance", "provenance-json", "hand-off")
POSTS = ("gentler", "sections")


def page(name: str, version: Version) -> str:
    return reverse(f"mastering:{name}", args=[version.master_id, version.number])


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(each.extract_text() for each in pages).split())


@pytest.mark.parametrize("name", GETS)
def test_a_stranger_is_told_nothing(as_bob: Client, finished: Version, name: str):
    assert as_bob.get(page(name, finished)).status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_a_stranger_renders_nothing(as_bob: Client, finished: Version, name: str):
    assert as_bob.post(page(name, finished)).status_code == 404
    assert Version.objects.count() == 1


@pytest.mark.parametrize("name", GETS)
def test_a_visitor_is_asked_to_log_in(client: Client, finished: Version, name: str):
    assert "login" in client.get(page(name, finished))["Location"]


@pytest.mark.parametrize("name", GETS)
def test_a_version_that_was_not_made_has_no_documents(
    as_alice: Client, engine: PlayedEngine, alice: User, name: str
):
    version = submitted(alice)
    cancel(version=version)
    assert as_alice.get(page(name, version)).status_code == 404


def test_the_report_as_json_holds_the_facts_and_their_sentences(
    as_alice: Client, finished: Version
):
    response = as_alice.get(page("report-json", finished))
    assert "attachment" in response["Content-Disposition"]
    told = response.json()
    assert told["facts"] == json.loads(json.dumps(REPORT))
    assert told["words"]["verdict"] == verdict_words(REPORT)
    assert len(told["words"]["answers"]) == 5
    assert told["words"]["fix_in_the_mix"][0]["code"] == "too_much"
    assert told["mix"]["sha256"] == finished.master.mix.sha256


def test_the_report_as_pdf_says_what_the_page_says(as_alice: Client, finished: Version):
    response = as_alice.get(page("report-pdf", finished))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    text = text_of(response.content)
    told = as_alice.get(page("report-json", finished)).json()["words"]
    sentences = [told["verdict"], *told["stopped_at_a_limit"]]
    sentences += [one["text"] for one in (*told["answers"], *told["changes"])]
    sentences += [one["title"] for one in (*told["fix_in_the_mix"], *told["mix_check"])]
    assert len(sentences) > 12
    for sentence in sentences:
        assert " ".join(sentence.split()) in text


def test_the_same_version_gives_the_same_pdf(finished: Version):
    assert report_pdf(finished) == report_pdf(finished)


def test_titles_of_any_script_and_with_markup_are_no_trouble_in_a_pdf(finished: Version):
    finished.master.mix.filename = "<b>Ålesund & ночь — 東京.wav"
    assert "Ålesund & ночь" in text_of(report_pdf(finished))


def test_a_report_of_an_older_engine_still_has_its_documents(
    as_alice: Client, engine: PlayedEngine, alice: User, monkeypatch: pytest.MonkeyPatch
):
    later = ("questions", "harm", "gentler", "fix_in_the_mix")
    old = {key: value for key, value in REPORT.items() if key not in later}
    old["limiting"] = {k: v for k, v in REPORT["limiting"].items() if k != "sections"}
    old["tone"] = {k: v for k, v in REPORT["tone"].items() if not k.startswith("bands_c")}
    monkeypatch.setattr("tests.studio.REPORT", old)
    version = measured(submitted(alice))
    render_next()
    for name in GETS:
        assert as_alice.get(page(name, version)).status_code == 200, name
    detail = as_alice.get(reverse("mastering:detail", args=[version.master_id]))
    assert detail.status_code == 200


def test_the_record_of_provenance_names_everything_that_made_the_bytes(
    as_alice: Client, finished: Version
):
    record = as_alice.get(page("provenance-json", finished)).json()
    master = finished.master
    assert record["settings"] == MasterSettings().as_dict()
    assert record["engine"] == ENGINE_VERSION
    assert record["mix_sha256"] == master.mix.sha256
    assert record["reference_sha256"] == master.reference.sha256
    shown = as_alice.get(page("provenance", finished))
    assert master.mix.sha256 in shown.text
    assert "70" in shown.text


def test_the_pack_for_an_engineer_holds_the_mix_and_nothing_of_the_references_sound(
    as_alice: Client, finished: Version
):
    response = as_alice.get(page("hand-off", finished))
    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content_of(response))) as pack:
        assert pack.testzip() is None
        assert sorted(pack.namelist()) == [
            "mix/mix.wav",
            "notes.txt",
            "reference.json",
            "report.json",
            "report.pdf",
        ]
        mix = finished.master.mix
        assert hashlib.sha256(pack.read("mix/mix.wav")).hexdigest() == mix.sha256
        notes = pack.read("notes.txt").decode()
        assert set(json.loads(pack.read("reference.json"))) == {
            "title", "facts", "summary", "findings",
        }  # fmt: skip
    assert verdict_words(REPORT) in notes
    assert "Too much around" in notes
    assert "&" not in notes.replace("R&B", "")


def test_two_pieces_of_a_large_mix_are_never_held_at_once(
    finished: Version, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hand_off, "CHUNK_BYTES", 100)
    pieces = list(hand_off.hand_off_pack(finished))
    assert len(pieces) > 5
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None


def test_a_file_past_mastering_is_told_so_and_offered_the_pack(
    as_alice: Client, engine: PlayedEngine, alice: User, monkeypatch: pytest.MonkeyPatch
):
    pressed = [{"code": "pressed_before", "psr_low_before_db": 4.2}]
    monkeypatch.setattr("tests.studio.REPORT", REPORT | {"fix_in_the_mix": pressed})
    version = measured(submitted(alice))
    render_next()
    detail = as_alice.get(reverse("mastering:detail", args=[version.master_id])).text
    assert "past what mastering mends" in detail
    assert page("hand-off", version) in detail


# Do no harm


def harmed(engine: PlayedEngine, alice: User, monkeypatch: pytest.MonkeyPatch) -> Version:
    gentler = MasterSettings(width=0.35).as_dict()
    found = [{"axis": "width", "before": 1.0, "after": 2.5}]
    monkeypatch.setattr("tests.studio.REPORT", REPORT | {"harm": found, "gentler": gentler})
    version = measured(submitted(alice))
    render_next()
    return Version.objects.get(pk=version.pk)


def test_what_moved_away_is_said_with_a_gentler_version_one_press_away(
    as_alice: Client, engine: PlayedEngine, alice: User, monkeypatch: pytest.MonkeyPatch
):
    version = harmed(engine, alice, monkeypatch)
    detail = as_alice.get(reverse("mastering:detail", args=[version.master_id]))
    assert "Something moved away from the reference." in detail.text
    assert page("gentler", version) in detail.text
    response = as_alice.post(page("gentler", version))
    assert response["Location"] == reverse("mastering:detail", args=[version.master_id])
    latest = Version.objects.of(alice).order_by("-number").first()
    assert latest is not None
    assert (latest.number, latest.chosen) == (2, MasterSettings(width=0.35))


def test_pressed_twice_it_is_one_version(
    engine: PlayedEngine, alice: User, monkeypatch: pytest.MonkeyPatch
):
    version = harmed(engine, alice, monkeypatch)
    assert render_gentler(version=version) == render_gentler(version=version)
    assert Version.objects.count() == 2


def test_where_nothing_did_harm_there_is_nothing_gentler(finished: Version):
    assert render_gentler(version=finished) == finished
    assert Version.objects.count() == 1


def test_settings_that_a_form_does_not_show_stay_in_the_next_version(
    as_alice: Client, engine: PlayedEngine, alice: User
):
    version = measured(submitted(alice, sections="loudest", loudness_amount=0.5))
    render_next()
    form: dict[str, Any] = {
        "amount": "50",
        "loudness": "reference",
        "ceiling_dbtp": "-1.0",
        "max_limiting_db": "6.0",
    }
    as_alice.post(reverse("mastering:versions", args=[version.master_id]), form)
    latest = Version.objects.of(alice).order_by("-number").first()
    assert latest is not None
    assert latest.chosen == MasterSettings(amount=0.5, sections="loudest", loudness_amount=0.5)


@pytest.mark.parametrize(
    ("before", "chosen", "after"),
    [
        ("automatic", "whole", "whole"),
        ([(0, 1)], "pairs", ((0, 1),)),
        ([(0, 1)], "loudest", "loudest"),
    ],
)
def test_which_parts_are_compared_is_a_setting_like_others(before, chosen, after):
    settings = MasterSettings(sections=before)
    offered = VersionForm(settings=settings)
    sections = offered.fields["sections"]
    assert isinstance(sections, ChoiceField)
    choices: Any = sections.choices
    assert ("pairs" in dict(choices)) == (before != "automatic")
    form = VersionForm({**offered.initial, "sections": chosen})
    assert form.is_valid(), form.errors
    assert form.chosen(settings).sections == after


# A new mix of a song


def test_a_new_mix_follows_the_master_before(as_alice: Client, alice: User, finished: Version):
    new = reverse("mastering:new")
    chosen = as_alice.get(new, {"previous": finished.master_id})
    assert f'name="previous" value="{finished.master_id}"' in chosen.text
    mix, reference = uploaded(alice, MIX, "mix 2.wav"), finished.master.reference
    form = {
        "mix": mix.pk,
        "reference": reference.pk,
        "previous": finished.master_id,
        "genre": "folk-of-tomorrow",
        "release": "club",
        "amount": "70",
        "loudness": "reference",
        "ceiling_dbtp": "-1.0",
        "max_limiting_db": "6.0",
    }
    assert as_alice.post(new, form).status_code == 422
    as_alice.post(new, form | {"genre": "acoustic"})
    master = alice.masters.exclude(pk=finished.master_id).get()
    assert master.previous == finished.master
    assert (master.genre, master.release) == ("acoustic", "club")


def test_a_strangers_master_is_nobodys_earlier_mix(as_bob: Client, bob: User, finished: Version):
    form = {
        "mix": uploaded(bob).pk,
        "reference": uploaded(bob, REFERENCE).pk,
        "previous": finished.master_id,
        "amount": "70",
        "loudness": "reference",
        "ceiling_dbtp": "-1.0",
        "max_limiting_db": "6.0",
    }
    as_bob.post(reverse("mastering:new"), form)
    assert bob.masters.get().previous is None


def test_deleting_the_master_before_leaves_the_one_that_followed(finished: Version, alice: User):
    following = submit_master(
        user=alice,
        mix=uploaded(alice),
        reference=finished.master.reference,
        settings=MasterSettings(),
        previous=finished.master,
    )
    delete_master(master=finished.master)
    following.refresh_from_db()
    assert following.previous is None
    assert AudioFile.objects.filter(pk=following.reference_id).exists()
