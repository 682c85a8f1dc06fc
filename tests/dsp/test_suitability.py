"""How well a reference suits a mix, from summaries alone."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.axes import WEIGHTS
from dsp.equalizer import filter_mid_side
from dsp.measure import measure
from dsp.spectrum import BAND_CENTRES_HZ
from dsp.suitability import compare, rank
from tests.dsp.music import changed, song

TILT = 4.0 * np.log2(BAND_CENTRES_HZ / 700.0)


def summary(audio):
    """Return a summary as it comes out of the database."""
    return json.loads(json.dumps(measure(audio).summary()))


@pytest.fixture(scope="module")
def mix():
    return summary(song(30.0, seed=1))


@pytest.fixture(scope="module")
def like():
    return summary(song(30.0, seed=2))


@pytest.fixture(scope="module")
def unlike():
    return summary(filter_mid_side(song(30.0, seed=2), TILT, TILT))


def codes(suitability):
    return {finding.code for finding in suitability.findings}


def test_the_same_band_suits_and_another_sound_does_not(mix, like, unlike):
    good, bad = compare(mix, like), compare(mix, unlike)
    assert good.verdict == "good"
    assert bad.score < good.score - 0.2
    assert bad.reasons[0] in ("tone", "low_end")


def test_every_axis_has_a_score_a_weight_and_numbers(mix, like):
    suitability = compare(mix, like)
    assert [axis.code for axis in suitability.axes] == list(WEIGHTS)
    assert sum(axis.weight for axis in suitability.axes) == pytest.approx(1.0)
    assert all(0.0 <= axis.score <= 1.0 and axis.numbers for axis in suitability.axes)
    assert json.loads(json.dumps(suitability.as_dict())) == suitability.as_dict()


def test_the_same_audio_is_recognised_whatever_its_gain_rate_and_beginning(mix):
    original = song(30.0, seed=1)
    for again in (
        changed(original, gain=0.25),
        Audio(np.ascontiguousarray(original.samples[:, 100_000:]), original.rate_hz),
        filter_mid_side(original, 0.5 * TILT, 0.5 * TILT),
    ):
        assert "same_audio" in codes(compare(mix, summary(again)))


def test_other_notes_of_the_same_band_are_not_the_same_audio(mix, like):
    assert "same_audio" not in codes(compare(mix, like))


def test_a_louder_mix_is_too_loud_to_master_toward_a_quiet_reference(mix):
    louder = summary(changed(song(30.0, seed=2), gain=2.0))
    assert "too_loud_to_master" in codes(compare(louder, mix))
    assert "too_loud_to_master" not in codes(compare(mix, louder))


def test_what_a_person_says_of_genre_and_release_counts(mix, unlike):
    scores = [
        compare(mix, unlike, context=context).score
        for context in ({"same_genre": False}, None, {"same_genre": True},
                        {"same_genre": True, "same_release": True})
    ]  # fmt: skip
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_an_older_summary_is_compared_by_what_it_has(mix, like):
    for name in ("fingerprint", "detail_db", "density", "tempo_bpm", "psr_db", "width_db"):
        older = {key: value for key, value in like.items() if key != name}
        assert compare(mix, older).score > 0.0
    assert compare(mix, {"integrated_lufs": -14.0}).score > 0.0
    assert compare({}, {}).axes


def test_a_library_is_ranked_as_single_comparisons_are(mix, like, unlike):
    ranked = rank(mix, [("unlike", unlike), ("like", like)])
    assert [key for key, _, _ in ranked] == ["like", "unlike"]
    assert ranked[0][1:] == (compare(mix, like).score, list(compare(mix, like).reasons))


def test_five_hundred_references_are_ranked_in_a_second(mix, like):
    began = time.process_time()
    assert len(rank(mix, ((number, like) for number in range(500)))) == 500
    assert time.process_time() - began < 1.0


def test_comparing_needs_no_numpy():
    code = (
        "import sys, dsp.suitability, dsp.pairing, dsp.settings, dsp.findings;"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
