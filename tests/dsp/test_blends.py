"""Blends: one reference exactly at weight 1 beside 0, the mean in dB per band at equal weights."""

import json

import numpy as np
import pytest

from dsp.blends import Blend, Part, blend
from dsp.chain import master, plan_master
from dsp.errors import InvalidSettings, ProfileUnsupported
from dsp.excerpt import master_excerpt
from dsp.measure import measure
from dsp.report import describe
from dsp.settings import MasterSettings
from dsp.suitability import compare
from dsp.weights import Weights
from tests.dsp.music import changed, song

NOTHING = Weights(tone=0.0, dynamics=0.0, width=0.0, loudness=0.0)


@pytest.fixture(scope="module")
def mix():
    return song(8.0, seed=1)


@pytest.fixture(scope="module")
def target(mix):
    return measure(mix)


@pytest.fixture(scope="module")
def first():
    return measure(changed(song(8.0, seed=2), gain=1.6, side_gain=1.4))


@pytest.fixture(scope="module")
def second():
    return measure(changed(song(9.0, seed=3), gain=0.9, side_gain=0.6))


def halves(first, second, **weights) -> Blend:
    made = blend([Part(first, Weights(**weights)), Part(second, Weights(**weights))])
    assert isinstance(made, Blend)
    return made


def test_a_weight_of_1_beside_0_is_the_single_reference_itself(first, second):
    by_first = blend([Part(first, Weights()), Part(second, NOTHING)])
    by_second = blend([Part(first, NOTHING), Part(second, Weights(tone=0.3))])
    assert (by_first is first, by_second is second) == (True, True)


def test_a_master_toward_weights_1_and_0_has_the_same_bytes(mix, target, first, second):
    settings = MasterSettings()
    alone = master(mix, first, settings, profile=target)
    blended = blend([Part(first, Weights()), Part(second, NOTHING)])
    assert np.array_equal(
        master(mix, blended, settings, profile=target).audio.samples, alone.audio.samples
    )


@pytest.mark.parametrize(
    ("aspect", "stage"), [("tone", "tone"), ("width", "width"), ("dynamics", "dynamics")]
)
def test_an_aspect_of_one_reference_is_planned_as_by_it_alone(target, first, second, aspect, stage):
    others = {name: 0.0 if name == aspect else 1.0 for name in Weights().as_dict()}
    only = {name: 1.0 - weight for name, weight in others.items()}
    blended = blend([Part(first, Weights(**only)), Part(second, Weights(**others))])
    settings = MasterSettings()
    plan = plan_master(target, blended, settings)
    alone = [plan_master(target, each, settings) for each in (first, second)]
    assert np.array_equal(getattr(plan, stage).applied_db, getattr(alone[0], stage).applied_db)
    for other in {"tone", "width", "dynamics"} - {stage}:
        assert np.array_equal(getattr(plan, other).applied_db, getattr(alone[1], other).applied_db)
    assert plan.goal_lufs == alone[1].goal_lufs


def test_loudness_alone_can_come_from_one_reference(target, first, second):
    loud = Weights(tone=0.0, dynamics=0.0, width=0.0)
    rest = Weights(loudness=0.0)
    plan = plan_master(target, blend([Part(first, loud), Part(second, rest)]), MasterSettings())
    assert plan.goal_lufs == first.integrated_lufs
    alone = plan_master(target, second, MasterSettings())
    assert np.array_equal(plan.tone.applied_db, alone.tone.applied_db)


def test_equal_weights_are_the_mean_in_db_per_band(target, first, second):
    blended = halves(first, second)
    mean = blended.profile
    for name in ("mid_db", "side_db", "momentary_quantiles_lu", "micro_quantiles_lu"):
        expected = (getattr(first, name) + getattr(second, name)) / 2.0
        assert np.allclose(getattr(mean, name), expected, atol=1e-9), name
    assert mean.integrated_lufs == pytest.approx(
        (first.integrated_lufs + second.integrated_lufs) / 2.0
    )
    settings = MasterSettings()
    plan = plan_master(target, blended, settings)
    alone = [plan_master(target, each, settings) for each in (first, second)]
    for stage in ("tone", "width", "dynamics"):
        for curve in ("wanted_db", "applied_db"):
            expected = sum(getattr(getattr(each, stage), curve) for each in alone) / 2.0
            assert np.allclose(getattr(getattr(plan, stage), curve), expected, atol=1e-9)
    assert plan.goal_lufs == pytest.approx(
        (alone[0].goal_lufs + alone[1].goal_lufs) / 2.0, abs=1e-3
    )


def test_only_the_shares_of_weights_count(target, first, second):
    plans = [
        plan_master(target, halves(first, second, tone=weight), MasterSettings())
        for weight in (0.2, 1.0)
    ]
    assert np.allclose(plans[0].tone.applied_db, plans[1].tone.applied_db, atol=1e-12)


def test_a_blend_reaches_the_mean_loudness(mix, target, first, second):
    mastered = master(mix, halves(first, second), MasterSettings(), profile=target)
    mean = (first.integrated_lufs + second.integrated_lufs) / 2.0
    assert mastered.maximized is not None
    assert mastered.result.integrated_lufs == pytest.approx(mean, abs=0.05)
    report = describe(mastered)
    assert report["pairs"] == []
    assert report["loudness"]["reference_lufs"] == pytest.approx(mean)


def test_a_blend_has_no_sections_to_pair_by_hand(target, first, second):
    with pytest.raises(InvalidSettings, match="single reference"):
        plan_master(target, halves(first, second), MasterSettings(sections=((0, 0),)))


def test_a_part_can_be_heard_toward_a_blend(mix, target, first, second):
    part = master_excerpt(
        mix,
        halves(first, second),
        MasterSettings(),
        profile=target,
        start_seconds=2.0,
        end_seconds=4.0,
    )
    assert part.frames == 2 * mix.rate_hz


def test_amount_0_toward_a_blend_changes_nothing(mix, target, first, second):
    settings = MasterSettings(amount=0.0)
    mastered = master(mix, halves(first, second), settings, profile=target)
    assert np.array_equal(mastered.audio.samples, mix.samples)


def test_its_summary_is_compared_and_ranked_as_that_of_a_track(target, first, second):
    mean = halves(first, second).profile.summary()
    json.dumps(mean, allow_nan=False)
    assert mean["sections"] == []
    assert 0.0 <= compare(target.summary(), mean).score <= 1.0


def test_a_blend_survives_json_and_plans_the_same(target, first, second):
    blended = halves(first, second, width=0.5)
    again = Blend.from_dict(json.loads(json.dumps(blended.to_dict())))
    plans = [plan_master(target, each, MasterSettings()) for each in (blended, again)]
    assert np.array_equal(plans[0].tone.applied_db, plans[1].tone.applied_db)
    assert plans[0].goal_lufs == plans[1].goal_lufs


@pytest.mark.parametrize(
    "damage",
    [
        {"blend": 2},
        {"parts": []},
        {"parts": None},
        {"parts": [{"weights": {}, "profile": {}}] * 2},
        {"parts": [{"weights": 3, "profile": 4}] * 2},
    ],
)
def test_anything_but_a_whole_blend_is_refused(first, second, damage):
    with pytest.raises(ProfileUnsupported):
        Blend.from_dict(halves(first, second).to_dict() | damage)
