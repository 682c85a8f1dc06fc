"""The library: what is kept of a track, found again, described, and recognised."""

import pytest
from django.db import connection

from accounts.models import User
from references.forms.library import cursor_of, place_of
from references.models import AudioFile, Reference
from references.models.figures import figures_of, health_of, trust_in
from references.models.library import ORDERS, clean_tags
from references.services import (
    edit_reference,
    edit_references,
    enter_measured,
    keep_reference,
    mend_library,
    remove_references,
)
from tests.references.shelf import make_audio, shelve, summary
from tests.studio import uploaded


def titles(found) -> list[str]:
    return [entry.title for entry in found]


def finding(code: str, confidence: float = 0.9, severity: str = "warning", value: float = 1.0):
    return {"code": code, "confidence": confidence, "severity": severity, "value": value}


def test_an_entry_takes_its_numbers_once_it_is_measured(alice: User):
    entry = shelve(alice)
    assert entry.plr_db == 9.5
    assert entry.width_db == pytest.approx(-9.0, abs=0.01)
    assert entry.brightness_db is not None
    assert entry.brightness_db < -4.0
    assert len(entry.tone_db) == 28
    assert entry.trust == 1.0


def test_a_louder_copy_has_the_same_tone():
    louder = summary(mid_db=[level + 6.0 for level in summary()["mid_db"]])
    assert figures_of(louder)["tone_db"] == figures_of(summary())["tone_db"]
    assert figures_of(louder)["brightness_db"] == figures_of(summary())["brightness_db"]


def test_a_summary_with_nothing_in_it_leaves_the_columns_empty():
    assert figures_of({}) == {
        "loudness_lufs": None, "plr_db": None, "width_db": None, "brightness_db": None,
        "seconds": None, "tone_db": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "told", "codes"),
    [
        ([], {}, []),
        ([finding("lossy_source")], {}, ["lossy"]),
        ([finding("lossy_source", severity="note")], {}, ["lossy_mild"]),
        ([finding("clipping")], {"sample_peak_dbfs": 0.0}, ["clipped"]),
        ([finding("clipping")], {"sample_peak_dbfs": -6.0}, ["clipped", "turned_down"]),
        ([finding("already_limited", severity="note")], {}, []),
        ([finding("already_limited")], {}, ["crushed"]),
        ([finding("little_headroom", severity="note")], {}, []),
        ([], {"is_mono": True}, ["mono"]),
        ([], {"duration_seconds": 12.0}, ["short"]),
    ],
)
def test_what_misleads_is_flagged(findings, told, codes):
    assert [flag.code for flag in health_of(findings, {}, summary(**told))] == codes


def test_trust_falls_with_what_is_wrong_and_how_sure_that_is():
    surely = trust_in(health_of([finding("clipping", 0.95)], {}, summary()))
    perhaps = trust_in(health_of([finding("clipping", 0.5)], {}, summary()))
    both = [finding("clipping", 0.95), finding("lossy_source", 0.99)]
    assert trust_in(health_of(both, {}, summary())) < surely < perhaps < 1.0


def test_words_are_found_in_every_text_without_capitals_and_accents(alice: User):
    shelve(alice, "Café del Mar", artist="Ana", notes="from the club mix", tags=["Warm", "2024"])
    shelve(alice, "Night Bus", seed=1, genre="hip_hop")
    mine = Reference.objects.of(alice)
    assert titles(mine.saying("cafe")) == ["Café del Mar"]
    assert titles(mine.saying("MAR ana club")) == ["Café del Mar"]
    assert titles(mine.saying("hip-hop")) == ["Night Bus"]
    assert titles(mine.saying("#warm")) == ["Café del Mar"]
    assert titles(mine.saying("#war")) == []
    assert titles(mine.saying("100%")) == []
    assert titles(mine.tagged("2024")) == ["Café del Mar"]


def test_numbers_filter_and_what_is_unmeasured_is_left_out(alice: User):
    shelve(alice, "Loud", loudness_lufs=None, told={"integrated_lufs": -7.0})
    shelve(alice, "Quiet", seed=1, told={"integrated_lufs": -16.0})
    mine = Reference.objects.of(alice)
    assert titles(mine.measuring(loudness_lufs=(-10.0, None))) == ["Loud"]
    assert titles(mine.measuring(loudness_lufs=(None, -10.0))) == ["Quiet"]
    assert titles(mine.measuring(loudness_lufs=(-20.0, -18.0))) == []


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_pages_through_all_once(alice: User, order: str):
    for number in range(7):  # with ties
        shelve(alice, f"Song {number // 2}", seed=number, told={"plr_db": float(number // 3)})
    Reference.objects.filter(user=alice, title="Song 3").update(loudness_lufs=None, trust=None)
    mine = Reference.objects.of(alice).with_use_count()
    whole = [entry.pk for entry in mine.sorted_by(order)]
    paged, after = [], None
    for _ in range(8):
        page = mine.sorted_by(order)
        entries = list((page.after(order, *after) if after else page)[:2])
        if not entries:
            break
        paged += [entry.pk for entry in entries]
        after = place_of(cursor_of(entries[-1]), order)
        assert after is not None
    assert paged == whole
    assert len(set(whole)) == 7


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10", "bnVsbA", "WzEsMl0", "WyJcdTAwMDAiLCAiYSJd", "[" * 2000, "é", "e30"]
)
def test_a_made_up_cursor_is_none(cursor: str):
    assert all(place_of(cursor, order) is None for order in ORDERS)


def test_the_newest_page_is_read_from_an_index(alice: User):
    shelve(alice)
    page = Reference.objects.filter(user=alice).order_by("-created", "-pk")[:50]
    plan = page.explain()
    if connection.vendor == "sqlite":
        assert "reference_newest" in plan
        assert "TEMP B-TREE" not in plan


def test_tags_are_cleaned_and_counted(alice: User):
    assert clean_tags([" a  b ", "A B", "#x", "", "y" * 99, *map(str, range(40))])[:3] == [
        "a b", "x", "y" * 40,
    ]  # fmt: skip
    assert len(clean_tags(map(str, range(40)))) == 20
    shelve(alice, tags=["warm", "club"])
    shelve(alice, "Other", seed=1, tags=["warm"])
    assert Reference.objects.of(alice).tags() == ["warm", "club"]


def test_an_edit_is_found_by_its_new_words_only(alice: User):
    entry = shelve(alice, "Night Bus")
    edit_reference(reference=entry, title="Day Train", tags=["rails"])
    mine = Reference.objects.of(alice)
    assert titles(mine.saying("train #rails")) == ["Day Train"]
    assert titles(mine.saying("bus")) == []


def test_several_are_described_at_once_and_only_ones_own(alice: User, bob: User):
    mine = [shelve(alice, tags=["old", "kept"]), shelve(alice, "Two", seed=1, artist="Ana")]
    other = shelve(bob)
    ids = [entry.pk for entry in (*mine, other)]
    count = edit_references(
        user=alice, ids=ids, add_tags=["new"], remove_tags=["OLD"], genre="rock"
    )
    assert count == 2
    first, second = (Reference.objects.get(pk=entry.pk) for entry in mine)
    assert (first.tags, first.genre, first.artist) == (["kept", "new"], "rock", "")
    assert (second.tags, second.artist) == (["new"], "Ana")
    assert titles(Reference.objects.of(alice).saying("#new")) == ["Two", "Night Bus"]
    other.refresh_from_db()
    assert other.tags == []


def test_several_are_removed_at_once_and_only_ones_own(alice: User, bob: User):
    mine, other = shelve(alice), shelve(bob)
    assert remove_references(user=alice, ids=[mine.pk, other.pk, "ref_nobody"]) == 1
    assert titles(Reference.objects.all()) == [other.title]
    assert not AudioFile.objects.filter(user=alice).exists()


def test_the_same_samples_in_another_format_are_told(alice: User, bob: User):
    wav = shelve(alice, "Song")
    shelve(bob, "Song")
    flac = shelve(alice, "Song (FLAC)", audio={"pcm_sha256": wav.audio.pcm_sha256})
    assert (flac.same_as, flac.likeness) == (wav, 1.0)
    assert set(titles(Reference.objects.of(alice).doubled())) == {"Song", "Song (FLAC)"}
    assert titles(Reference.objects.of(bob).doubled()) == []


def test_a_lossy_copy_is_very_likely_the_same(alice: User):
    wav = shelve(alice, "Song")
    mp3 = shelve(alice, "Song (MP3)", told={"duration_seconds": 200.05, "integrated_lufs": -13.0})
    other = shelve(alice, "Another song of that length", seed=5)
    assert mp3.same_as == wav
    assert mp3.likeness is not None
    assert mp3.likeness > 0.8
    assert other.same_as is None


def test_the_oldest_double_stands_for_the_others_when_the_first_goes(alice: User):
    first = shelve(alice, "Song")
    same = {"pcm_sha256": first.audio.pcm_sha256}
    second, third = (shelve(alice, f"Copy {n}", audio=same) for n in (1, 2))
    assert third.same_as == first
    remove_references(user=alice, ids=[first.pk])
    second.refresh_from_db()
    third.refresh_from_db()
    assert (second.same_as, third.same_as) == (None, second)


def test_numbers_that_a_dying_worker_left_out_are_taken_by_the_sweep(alice: User):
    entry = shelve(alice)
    Reference.objects.filter(pk=entry.pk).update(trust=None, plr_db=None, search="")
    mend_library()
    entry.refresh_from_db()
    assert (entry.trust, entry.plr_db) == (1.0, 9.5)
    assert "night bus" in entry.search


def test_the_same_file_twice_is_one_entry(alice: User):
    first = shelve(alice, "Song")
    again = make_audio(alice, "Song", kind=AudioFile.Kind.REFERENCE, sha256=first.audio.sha256)
    Reference.objects.create(user=alice, audio=again, title="Again")
    enter_measured(audio_id=again.pk)
    assert titles(Reference.objects.of(alice)) == ["Song"]


def test_a_reference_that_was_removed_is_kept_again(alice: User):
    audio = make_audio(alice, "Song", kind=AudioFile.Kind.REFERENCE)
    entry = keep_reference(user=alice, audio=audio)
    assert keep_reference(user=alice, audio=audio) == entry
    assert (entry.title, entry.trust) == ("Song", 1.0)
    assert keep_reference(user=alice, audio=uploaded(alice)).trust is None  # until it is measured
