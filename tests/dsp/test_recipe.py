"""Frozen settings: the same file gives the same bytes, another file the same processing."""

import json

import numpy as np
import pytest

from dsp.audio import Audio
from dsp.chain import master
from dsp.errors import RecipeUnsupported
from dsp.frozen import master_frozen, recipe_of
from dsp.measure import measure
from dsp.recipe import Filter, Limit, Recipe, repeat
from dsp.report import describe
from dsp.settings import MasterSettings
from tests.dsp.music import changed, song

LOUD = MasterSettings(amount=1.0, loudness=-9.0)


@pytest.fixture(scope="module")
def mix():
    return song(8.0, seed=1)


@pytest.fixture(scope="module")
def reference():
    return measure(changed(song(8.0, seed=2), gain=3.0, side_gain=1.5))


@pytest.fixture(scope="module")
def mastered(mix, reference):
    return master(copy_of(mix), reference, LOUD, in_place=True)


@pytest.fixture(scope="module")
def recipe(mastered):
    return recipe_of(mastered)


def copy_of(audio: Audio) -> Audio:
    return Audio(audio.samples.copy(), audio.rate_hz)


@pytest.mark.parametrize(
    "settings",
    [
        LOUD,
        MasterSettings(),
        MasterSettings(amount=0.0),
        MasterSettings(amount=1.0, loudness=-6.0, max_limiting_db=6.0),
        MasterSettings(dynamics=1.0, loudness=-8.0, max_limiting_db=2.0),
        MasterSettings(loudness=-30.0),
    ],
)
def test_the_same_file_gives_the_same_samples_to_the_bit(mix, reference, settings):
    made = master(copy_of(mix), reference, settings, in_place=True)
    again = repeat(copy_of(mix), recipe_of(made).steps, in_place=True)
    assert np.array_equal(again.audio.samples, made.audio.samples)


def test_ridden_ranges_and_a_constant_part_are_repeated_too(reference):
    fade = np.linspace(0.05, 1.0, 8 * 44_100, dtype=np.float32)
    moving = Audio(song(8.0, seed=4).samples * fade + np.float32(0.02), 44_100)
    made = master(copy_of(moving), reference, LOUD, in_place=True)
    names = [each["do"] for each in recipe_of(made).to_dict()["steps"]]
    assert "remove_dc" in names
    assert names.count("limit") > 1 or "ride" in names or "levels" in names
    again = repeat(copy_of(moving), recipe_of(made).steps, in_place=True)
    assert np.array_equal(again.audio.samples, made.audio.samples)


def test_renders_that_were_taken_off_again_are_repeated_since_they_round(
    mix, reference, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dsp.maximizer._AIM_LU", -1.0)  # no render is near enough
    made = master(copy_of(mix), reference, MasterSettings(loudness=-14.0), in_place=True)
    assert made.maximized is not None
    passes = made.maximized.passes
    assert len(passes.drives_db) > 1
    again = repeat(copy_of(mix), made.steps, in_place=True)
    assert np.array_equal(again.audio.samples, made.audio.samples)


def test_a_recipe_survives_json_to_the_bit(mix, mastered, recipe):
    read = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert read.sha256 == recipe.sha256
    again = repeat(copy_of(mix), read.steps)
    assert np.array_equal(again.audio.samples, mastered.audio.samples)


def test_audio_is_left_alone_where_it_may_not_be_overwritten(mix, recipe):
    before = mix.samples.copy()
    repeat(mix, recipe.steps)
    assert np.array_equal(mix.samples, before)


def test_another_file_gets_the_same_filter_and_drive(mix, reference, recipe):
    other = song(8.0, seed=9)
    done, oddities = master_frozen(copy_of(other), reference, recipe, LOUD)
    assert oddities == ()
    assert np.array_equal(done.tone.applied_db, recipe.filter.mid_db)
    last = [step for step in recipe.steps if isinstance(step, Limit)][-1]
    assert done.maximized is not None
    assert done.maximized.drive_db == last.passes.drives_db[-1]
    assert done.result.true_peak_dbtp <= LOUD.ceiling_dbtp
    report = describe(done)
    assert report["capped"] == []
    json.dumps(report, allow_nan=False)


def test_a_quieter_file_stays_as_much_quieter_under_the_limiter(mix, reference):
    gentle = MasterSettings(amount=0.5, loudness=-24.0, dynamics=0.0)
    recipe = recipe_of(master(copy_of(mix), reference, gentle, in_place=True))
    quiet = changed(mix, gain=0.5)
    results = [master_frozen(copy_of(each), reference, recipe, gentle)[0] for each in (mix, quiet)]
    apart = results[0].result.integrated_lufs - results[1].result.integrated_lufs
    assert apart == pytest.approx(6.02, abs=0.15)


def oddities_of(audio, reference, recipe):
    found = master_frozen(copy_of(audio), reference, recipe, LOUD)[1]
    return {each.code: (each.mix, each.file) for each in found}


def test_another_length_is_told(mix, reference, recipe):
    shorter = Audio(np.ascontiguousarray(mix.samples[:, : 6 * 44_100]), 44_100)
    assert oddities_of(shorter, reference, recipe) == {"length_differs": (8.0, 6.0)}


def test_another_rate_is_handled_and_told(reference, recipe):
    told = oddities_of(song(8.0, seed=1, rate_hz=48_000), reference, recipe)
    assert told["rate_differs"] == (44_100, 48_000)
    assert "length_differs" not in told


def test_mono_another_level_and_more_limiting_than_allowed_are_told(mix, reference, recipe):
    mono = Audio(np.ascontiguousarray(8.0 * mix.samples[:1]), mix.rate_hz)
    told = oddities_of(mono, reference, recipe)
    assert told.keys() == {"channels_differ", "level_differs", "limiting_exceeds"}


def test_the_ceiling_holds_however_hot_the_file(mix, reference, recipe):
    hot = changed(mix, gain=8.0)
    done, _ = master_frozen(copy_of(hot), reference, recipe, LOUD)
    assert done.result.true_peak_dbtp <= LOUD.ceiling_dbtp


def test_settings_of_another_engine_are_told(mix, reference, recipe):
    old = Recipe.from_dict(recipe.to_dict() | {"engine": "0.9.0"})
    assert "engine_differs" in oddities_of(mix, reference, old)


@pytest.mark.parametrize(
    "damage",
    [
        {"recipe": 9},
        {"mix": {}},
        {"mix": None},
        {"steps": [{"do": "explode"}]},
        {"steps": [{"do": "filter", "mid_db": [0.0], "side_db": [0.0]}]},
        {"steps": [{"do": "limit", "passes": {"drives_db": []}}]},
        {"steps": [{"do": "remove_dc"}] * 99},
    ],
)
def test_anything_but_a_whole_recipe_is_refused(recipe, damage):
    with pytest.raises(RecipeUnsupported):
        Recipe.from_dict(recipe.to_dict() | damage)


def test_a_recipe_without_steps_changes_nothing(mix):
    again = repeat(mix, ())
    assert again.audio is mix
    assert isinstance(Recipe("1", 1, 1, 1, 0.0, 0.0).filter, Filter)
