"""Weights of a blend's references."""

import pytest

from dsp.errors import InvalidSettings
from dsp.weights import Weights, check_weights

NOTHING = Weights(tone=0.0, dynamics=0.0, width=0.0, loudness=0.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), True, "1", None])
def test_a_weight_is_a_number_from_0_to_1(value):
    with pytest.raises(InvalidSettings, match="tone"):
        Weights(tone=value)


def test_weights_survive_json():
    weights = Weights(tone=0.25, width=0.0)
    assert Weights.from_dict(weights.as_dict()) == weights
    with pytest.raises(InvalidSettings, match="colour"):
        Weights.from_dict({"colour": 1.0})


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_blend_has_two_to_five_references(count):
    with pytest.raises(InvalidSettings, match="2 to 5"):
        check_weights([Weights()] * count)


def test_every_aspect_is_taken_from_some_reference():
    with pytest.raises(InvalidSettings, match="width"):
        check_weights([Weights(width=0.0)] * 2)
    check_weights([Weights(width=0.0), Weights(tone=0.0)])


def test_a_reference_without_any_weight_does_not_count():
    assert not NOTHING.counts
    assert Weights(tone=0.0, dynamics=0.0, width=0.0, loudness=0.1).counts
