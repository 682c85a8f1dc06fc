"""Which moments are compared, as the sections chosen say."""

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import master
from dsp.equalizer import filter_mid_side, plan_tone
from dsp.errors import InvalidSettings
from dsp.measure import Profile, measure
from dsp.passages import compare_passages
from dsp.settings import MasterSettings
from dsp.spectrum import BAND_CENTRES_HZ
from tests.dsp.music import changed, song

DULL = np.where(BAND_CENTRES_HZ > 1_000.0, -6.0, 0.0)


def joined(*parts: Audio) -> Audio:
    samples = np.concatenate([part.samples for part in parts], axis=1)
    return Audio(np.ascontiguousarray(samples), parts[0].rate_hz)


@pytest.fixture(scope="module")
def mix() -> Profile:
    """Return a quiet verse and a loud chorus, both a little dull."""
    quiet = filter_mid_side(changed(song(20.0, seed=3), gain=0.2, side_gain=0.2), 3 * DULL, DULL)
    return measure(joined(quiet, filter_mid_side(song(20.0, seed=1), DULL, DULL)))


@pytest.fixture(scope="module")
def reference() -> Profile:
    """Return a loud chorus and a quiet verse, the other way round."""
    quiet = filter_mid_side(changed(song(20.0, seed=4), gain=0.2, side_gain=0.2), 3 * DULL, DULL)
    return measure(joined(song(20.0, seed=2), quiet))


def curve(mix: Profile, reference: Profile, sections) -> np.ndarray:
    compared = compare_passages(mix, reference, sections)
    # Past the default, where both the believed and the whole difference count.
    return plan_tone(compared.target, compared.reference, amount=0.85).applied_db


def test_loud_is_compared_with_loud_by_itself(mix, reference):
    assert compare_passages(mix, reference, "automatic").pairs == ((0, 1), (1, 0))
    assert compare_passages(mix, reference, "loudest").pairs == ((1, 0),)
    assert compare_passages(mix, reference, "whole").pairs == ()


def test_other_pairs_give_another_curve(mix, reference):
    chosen = ("loudest", ((0, 1), (1, 0)), ((0, 0), (1, 1)), ((1, 1),))
    curves = [curve(mix, reference, sections) for sections in chosen]
    for number, first in enumerate(curves):
        assert all(np.abs(first - other).max() > 0.05 for other in curves[:number])


def test_the_goal_follows_chosen_sections_by_a_loudness_unit_at_most(mix, reference):
    whole = compare_passages(mix, reference, "whole").reference_lufs
    assert whole == compare_passages(mix, reference, "automatic").reference_lufs
    assert whole == reference.integrated_lufs
    chosen = compare_passages(mix, reference, ((1, 1),)).reference_lufs
    assert chosen == pytest.approx(whole - 1.0)


def test_sections_that_are_not_there_are_refused(mix, reference):
    for pairs in (((2, 0),), ((0, 9),)):
        with pytest.raises(InvalidSettings):
            compare_passages(mix, reference, pairs)


def test_a_master_tells_what_was_compared(reference):
    mastered = master(song(20.0, seed=1), reference, MasterSettings(sections=((0, 0),)))
    assert mastered.section_pairs == ((0, 0),)
    assert mastered.reference is reference
