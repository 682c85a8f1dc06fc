"""The sound bench's own promises: seeded damage, kept figures, verdicts that can fail."""

from pathlib import Path

import numpy as np
import pytest

from bench.sound import bars, corpus, damage, page
from bench.sound.cases import SCALES, all_cases
from bench.sound.meters import Measured, delay_frames, distances, null_db, true_peaks_dbtp
from tests.music import song

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def track():
    return song(seed=4, seconds=16.0, peak=0.5).samples


@pytest.fixture
def music(tmp_path):
    """Return a file for every track, each of its own content."""
    paths = {track.id: tmp_path / f"{track.id}.ogg" for track in corpus.tracks()}
    for name, path in paths.items():
        path.write_text(name)
    return paths


def cases(music, every=1, pairs_every=None):
    return all_cases(
        music,
        {},
        trials={"same", "album", "other", "pair"},
        kinds=["all"],
        scales=list(SCALES),
        every=every,
        pairs_every=pairs_every,
    )


def test_every_pair_names_music_that_can_be_had():
    known = {track.id for track in corpus.tracks()} | {mix.id for mix in corpus.raw_mixes()}
    assert {name for pair in corpus.pairs() for name in (pair.target, pair.reference)} <= known


def test_references_are_of_the_track_of_its_album_and_of_other_music(music):
    albums = {track.id: track.album for track in corpus.tracks()}
    for case in cases(music):
        target, reference = case.target.stem, case.reference.stem
        if case.trial == "same":
            assert target == reference
        elif case.trial == "album":
            assert target != reference
            assert albums[target] == albums[reference]
        elif case.trial == "other":
            assert albums[target] != albums[reference] or albums[target] == "-"


def test_a_subset_damages_its_tracks_as_the_whole_run_does(music):
    whole = {(case.group, case.name): case.identity() for case in cases(music)}
    some = {(case.group, case.name): case.identity() for case in cases(music, every=6)}
    assert len(some) < len(whole) / 5
    assert all(whole[each] == identity for each, identity in some.items())


def test_every_pair_may_be_had_beside_some_of_the_tracks(music):
    def names(found, *, pairs):
        return [case.name for case in found if (case.trial == "pair") == pairs]

    some, whole = cases(music, every=6), cases(music)
    mixed = cases(music, every=6, pairs_every=1)
    assert names(mixed, pairs=True) == names(whole, pairs=True) != names(some, pairs=True)
    assert names(mixed, pairs=False) == names(some, pairs=False)


def test_another_file_another_size_of_damage_and_another_seed_are_other_audio(music):
    known = {case.identity() for case in cases(music)}
    assert len(known) == len(cases(music))


def test_damage_is_seeded_grows_with_its_size_and_is_a_gain_alone_at_none(track):
    none, some, more = (damage.damaged(track, RATE_HZ, "all", 3, size) for size in (0, 1, 3))
    assert np.array_equal(some, damage.damaged(track, RATE_HZ, "all", 3, 1))
    assert null_db(none, track) < -120.0
    truth = Measured(track, RATE_HZ)
    steps = [distances(Measured(mix, RATE_HZ), truth) for mix in (none, some, more)]
    for name in ("log_stft", "tone", "width"):
        assert steps[0][name] < 0.01 < steps[1][name] < steps[2][name]


def test_the_meters_tell_delay_and_peaks(track):
    late = np.roll(track, 5, axis=1)
    assert (delay_frames(track, track), delay_frames(late, track)) == (0, 5)
    between = np.sin(np.pi / 2 * np.arange(4_000) + np.pi / 4)[None].astype(np.float32)
    assert all(-0.3 < peak < 0.7 for peak in true_peaks_dbtp(between, RATE_HZ))


def row(take, **values):
    common = {"group": "same all x1", "name": "a", "take": take, "lufs": -14.0, "goal": -14.0}
    return common | {"true_peaks": [-1.0, -1.1, -1.2], "held_by": None} | values


def verdicts(*rows):
    return {bar.wanted: bar.met for bar in bars.judged(list(rows), {}, [])}


def test_a_bar_is_met_or_not_or_not_measured():
    wanted = "true peak ≤ −1 dBTP by any of three meters"
    told = dict.fromkeys(("reduction_max", "reduction_mean"), 0.0)
    low = row("Lacquer 0.7", log_stft=1.0, **told)
    high = row("Lacquer 0.7", log_stft=1.0, true_peaks=[-1.2, -0.99, -1.3], **told)
    before = row("untouched", log_stft=2.0)
    assert verdicts(low, before)[wanted] is True
    assert verdicts(high, before)[wanted] is False
    assert verdicts()[wanted] is None


def test_a_master_off_its_goal_must_name_what_held_it():
    wanted = "loudness ≤ 0.05 LU off in 95 %, else the limit is named"
    told = {"log_stft": 1.0, "reduction_max": 0.0, "reduction_mean": 0.0}
    before = row("untouched", log_stft=2.0)
    silent = row("Lacquer 0.7", lufs=-14.2, **told)
    named = row("Lacquer 0.7", lufs=-14.2, **(told | {"held_by": "max_limiting"}))
    assert verdicts(silent, before)[wanted] is False
    assert verdicts(named, before)[wanted] is True


def test_the_page_says_what_got_worse():
    rows = [row("untouched", log_stft=1.0, tone=1.0, width=1.0)]
    rows.append(row("Lacquer 0.7", log_stft=1.5, tone=0.5, width=0.5))
    assert "log-stft 1.00 → 1.50" in page._worse(rows, None)
    before = page.figures(rows)
    assert "Nothing got worse" in page._worse(rows, before)
    rows[1]["tone"] = 0.8
    assert "tone 0.50 → 0.80" in page._worse(rows, before)


def test_what_is_there_is_not_fetched(tmp_path):
    wanted = corpus.tracks()[:1]
    (tmp_path / f"{wanted[0].id}.ogg").write_bytes(b"there")
    assert corpus.fetch(tmp_path, wanted) == {wanted[0].id: Path(tmp_path / f"{wanted[0].id}.ogg")}
