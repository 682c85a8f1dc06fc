"""A mix and its reference together, before anything is charged; their sections, chosen by hand."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.settings import MasterSettings
from mastering.forms import SectionsForm
from mastering.http import player_of
from mastering.models import Version
from mastering.services import submit_master
from mastering.tasks import render_next
from references.models import AudioFile, Reference
from references.ranking import suitability_of
from tests.api import Program, code_of
from tests.reports import plain
from tests.studio import MIX, REFERENCE, PlayedEngine, measured, submitted, uploaded

PAIR = reverse("mastering:suitability")
HZ = [round(25.0 * 2.0 ** (n / 3.0), 1) for n in range(29)]


def summary(**changes: Any) -> dict[str, Any]:
    """Return what a track measures to, as the engine's profile sums it up."""
    return {
        "integrated_lufs": -14.0,
        "duration_seconds": 180.0,
        "rate_hz": 44_100,
        "is_mono": False,
        "plr_db": 12.0,
        "psr_db": {"p10": 9.0, "p50": 11.0, "p90": 14.0},
        "loudness_range_lu": 6.0,
        "third_octaves_hz": HZ,
        "mid_db": [-20.0] * len(HZ),
        "side_db": [-30.0] * len(HZ),
        "width_db": [-10.0] * len(HZ),
        "onsets_per_second": 4.0,
        "cutoff_hz": None,
        "sections": [
            {"start_seconds": 0.0, "end_seconds": 30.0, "letter": "A", "role": "verse",
             "loudness_lufs": -18.0, "confidence": 0.8},
            {"start_seconds": 30.0, "end_seconds": 60.0, "letter": "B", "role": "chorus",
             "loudness_lufs": -12.0, "confidence": 0.8},
        ],
    } | changes  # fmt: skip


def ready(user: User, kind: AudioFile.Kind, name: str, **changes: Any) -> AudioFile:
    """Return an upload that was measured to a summary."""
    audio = AudioFile(
        user=user,
        kind=kind,
        status=AudioFile.Status.READY,
        filename=name,
        format="wav",
        size_bytes=1,
        sha256=name.ljust(64, "0"),
        pcm_sha256=name.rjust(64, "0"),
        attempts=1,
        facts={"duration_seconds": 180.0, "rate_hz": 44_100},
        summary=summary(**changes),
    )
    audio.save()
    if kind == REFERENCE:
        Reference.objects.create(user=user, audio=audio, title=audio.title)
    return audio


def near() -> dict[str, Any]:
    """Return the measures of a track that is a little louder, busier and denser."""
    return {
        "integrated_lufs": -10.0,
        "onsets_per_second": 5.0,
        "psr_db": {"p10": 8.0, "p50": 9.0, "p90": 12.0},
        "loudness_range_lu": 5.0,
    }


def far() -> dict[str, Any]:
    """Return the measures of a track that is far from the plain one."""
    return {
        "mid_db": [-20.0 - 1.5 * n for n in range(len(HZ))],
        "onsets_per_second": 16.0,
        "psr_db": {"p10": 3.0, "p50": 4.0, "p90": 5.0},
        "loudness_range_lu": 18.0,
    }


def pair(client: Client, *tracks: AudioFile, **more: str) -> Any:
    names = dict(zip(("mix", "reference"), (track.pk for track in tracks), strict=False))
    return client.get(PAIR, names | more)


def test_a_near_reference_is_a_good_match_with_three_reasons(as_alice: Client, alice: User):
    told = pair(as_alice, ready(alice, MIX, "mix"), ready(alice, REFERENCE, "near", **near()))
    words = told.context["suitability"]
    assert words.title == "Good match"
    assert len(words.reasons) == 3
    assert "Good match" in told.text
    assert "hx-trigger" in told.text
    assert "every 1s" not in told.text


def test_a_far_reference_is_likely_to_mislead_and_says_why_and_what_to_do(
    as_alice: Client, alice: User
):
    told = pair(as_alice, ready(alice, MIX, "mix"), ready(alice, REFERENCE, "far", **far()))
    words = told.context["suitability"]
    assert words.title == "Likely to mislead"
    for reason in words.reasons:
        assert reason.text in html.unescape(told.text)
        assert any(letter.isdigit() for letter in reason.text)
        assert reason.remedy.endswith(".")
    assert all(axis.text for axis in words.axes)


def test_a_better_reference_of_ones_own_is_offered(as_alice: Client, alice: User, bob: User):
    mix, chosen = ready(alice, MIX, "mix"), ready(alice, REFERENCE, "far", **far())
    ready(bob, REFERENCE, "of bob")
    assert pair(as_alice, mix, chosen).context["better"] is None
    near = ready(alice, REFERENCE, "Night Bus")
    told = pair(as_alice, mix, chosen)
    assert told.context["better"].audio == near
    assert "Try “Night Bus”" in told.text


def test_swapped_files_are_caught_and_can_be_swapped(as_alice: Client, alice: User):
    mix = ready(alice, MIX, "mix", integrated_lufs=-8.0, plr_db=7.0)
    reference = ready(alice, REFERENCE, "ref", integrated_lufs=-18.0, plr_db=16.0)
    told = pair(as_alice, mix, reference)
    assert told.context["suitability"].is_swapped
    assert f"?mix={reference.pk}&amp;reference={mix.pk}" in told.text
    swapped = as_alice.get(reverse("mastering:new"), {"mix": reference.pk, "reference": mix.pk})
    assert not swapped.context["suitability"].is_swapped


def test_while_one_is_measured_the_fragment_asks_again(as_alice: Client, alice: User):
    told = pair(as_alice, uploaded(alice), ready(alice, REFERENCE, "ref"))
    assert "every 1s" in told.text
    assert "suitability" not in told.context


def test_without_a_mix_it_waits_for_one(as_alice: Client, alice: User):
    told = as_alice.get(PAIR, {"reference": ready(alice, REFERENCE, "ref").pk})
    assert "every 1s" not in told.text
    assert "Choose your mix" in told.text


def test_strangers_tracks_are_not_compared(as_bob: Client, alice: User):
    told = pair(as_bob, ready(alice, MIX, "mix"), ready(alice, REFERENCE, "ref"))
    assert "suitability" not in told.context
    assert told.context["mix"] is None


def test_it_is_told_without_scripts_on_the_page_of_a_new_master(as_alice: Client, alice: User):
    tracks = {"mix": ready(alice, MIX, "mix").pk, "reference": ready(alice, REFERENCE, "ref").pk}
    assert "Good match" in as_alice.get(reverse("mastering:new"), tracks).text


def test_a_reference_said_to_be_of_another_genre_counts_for_less(as_alice: Client, alice: User):
    mix, reference = ready(alice, MIX, "mix"), ready(alice, REFERENCE, "ref", **near())
    Reference.objects.filter(audio=reference).update(genre="metal")
    unsaid, other, same = (
        suitability_of(mix, reference, genre=genre)["score"] for genre in ("", "jazz", "metal")
    )
    assert other < unsaid <= same


def test_coaching_is_told_before_the_master_is_made(as_alice: Client, alice: User):
    low = [level + (9.0 if hz < 120.0 else 0.0) for hz, level in zip(HZ, [-20.0] * 29, strict=True)]
    old = ready(alice, MIX, "mix 1", mid_db=low)
    reference = ready(alice, REFERENCE, "ref")
    previous = submit_master(user=alice, mix=old, reference=reference, settings=MasterSettings())
    told = pair(as_alice, ready(alice, MIX, "mix 2"), reference, previous=previous.pk)
    coaching = told.context["coaching"]
    assert coaching.worse == []
    assert coaching.better[0].startswith("Low end: was 8.5")
    assert "is now level with it." in plain(coaching.better[0])
    assert coaching.better[0] in told.text


# Sections


@pytest.fixture
def with_sections(engine: PlayedEngine, alice: User) -> Version:
    """Return a version of alice's both of whose tracks have a verse and a chorus."""
    engine.summary = summary()
    version = measured(submitted(alice))
    render_next()
    return Version.objects.get(pk=version.pk)


def choose(client: Client, version: Version, **form: str) -> Any:
    return client.post(
        reverse("mastering:sections", args=[version.master_id, version.number]), form
    )


def test_the_pairs_that_are_compared_are_shown_as_plain_choices(
    as_alice: Client, with_sections: Version
):
    shown = as_alice.get(reverse("mastering:detail", args=[with_sections.master_id])).text
    assert "Verse, 0:00–0:30, −18.0" in shown
    form = SectionsForm(version=with_sections)
    assert form["mode"].initial == "automatic"
    assert [row.initial for row in form.rows] == ["0", "1"]


def test_pairs_chosen_by_hand_render_a_version(
    as_alice: Client, alice: User, with_sections: Version
):
    choose(as_alice, with_sections, mode="pairs", part_0="1", part_1="")
    latest = Version.objects.of(alice).order_by("-number")[0]
    assert latest.number == 2
    assert latest.chosen.sections == ((0, 1),)
    assert [row.initial for row in SectionsForm(version=latest).rows] == ["1", None]


def test_pairs_are_chosen_over_the_api_too(api: Program, with_sections: Version):
    path = f"masters/{with_sections.master_id}/versions"
    made = api.post(path, {"settings": {"sections": [[1, 0]]}})
    assert made.status_code == 202
    assert made.json()["settings"]["sections"] == [[1, 0]]
    assert Version.objects.get(pk=made.json()["id"]).chosen.sections == ((1, 0),)


@pytest.mark.parametrize("pair", [[2, 0], [0, 2]])
def test_a_section_that_is_not_there_is_refused_before_anything_is_made(
    api: Program, with_sections: Version, pair: list[int]
):
    path = f"masters/{with_sections.master_id}"
    for asked in ({}, {"start_seconds": 0, "end_seconds": 5}):
        page = "previews" if asked else "versions"
        answer = api.post(f"{path}/{page}", {"settings": {"sections": [pair]}, **asked})
        assert code_of(answer) == (422, "no_such_section")
    assert Version.objects.count() == 1


@pytest.mark.parametrize("mode", ["automatic", "whole", "loudest"])
def test_every_way_of_choosing_is_a_setting(
    as_alice: Client, alice: User, with_sections: Version, mode: str
):
    choose(as_alice, with_sections, mode=mode)
    latest = Version.objects.of(alice).order_by("-number")[0]
    assert latest.chosen.sections == mode


@pytest.mark.parametrize(
    "form",
    [
        {"mode": "pairs"},
        {"mode": "sideways"},
        {},
        {"mode": "pairs", "part_0": "7"},
        {"mode": "pairs", "part_0": "x"},
    ],
    ids=["none", "unknown", "empty", "no such part", "no number"],
)
def test_what_cannot_be_meant_renders_nothing_and_says_so(
    as_alice: Client, with_sections: Version, form: dict[str, str]
):
    response = choose(as_alice, with_sections, **form)
    assert Version.objects.count() == 1
    told = as_alice.get(response["Location"])
    assert 'data-level="error"' in told.text


def test_a_section_button_of_the_player_knows_the_like_part_of_the_reference(
    finished: Version,
):
    assert [part["reference_start"] for part in player_of(finished)["sections"]] == [None, 4.0]


def test_tracks_without_sections_have_no_editor(as_alice: Client, finished: Version):
    shown = as_alice.get(reverse("mastering:detail", args=[finished.master_id])).text
    assert "Render with these pairs" not in shown
