"""Which parts are compared with which."""

import pytest

from dsp.pairing import loudest, pair_sections


def parts(*levels, seconds=20.0, roles=(), confidence=0.9):
    """Return sections of so many LUFS one after the other."""
    return [
        {
            "start_seconds": seconds * number,
            "end_seconds": seconds * (number + 1),
            "loudness_lufs": level,
            "letter": "A",
            "role": roles[number] if roles else None,
            "confidence": confidence if roles and roles[number] else 0.0,
        }
        for number, level in enumerate(levels)
    ]


@pytest.mark.parametrize("gain_lu", [0.0, -12.0, 9.0])
def test_loud_parts_go_with_loud_parts_and_quiet_with_quiet(gain_lu):
    mix, reference = parts(-20, -12, -20, -11.5), parts(-10 + gain_lu, -16 + gain_lu)
    assert pair_sections(mix, reference) == [(0, 1), (1, 0), (2, 1), (3, 0)]


def test_three_levels_find_each_other_in_any_order():
    assert pair_sections(parts(-24, -14, -10), parts(-13, -9, -20)) == [(0, 2), (1, 0), (2, 1)]


def test_quiet_parts_go_together_however_much_quieter_they_are():
    assert pair_sections(parts(-30, -10), parts(-10, -14)) == [(0, 1), (1, 0)]


def test_a_verse_goes_with_a_verse_rather_than_with_a_silent_intro():
    assert (0, 1) in pair_sections(parts(-13, -10), parts(-25, -13, -10))


def test_a_quiet_part_without_counterpart_is_left_out():
    assert pair_sections(parts(-24, -10), parts(-10, -10.5, -9.8)) == [(1, 2)]


def test_an_even_track_goes_with_the_loud_parts():
    assert {other for _, other in pair_sections(parts(-10, -10.5), parts(-18, -9))} == {1}


def test_roles_decide_between_parts_of_like_loudness():
    mix = parts(-12, -10, roles=("verse", "chorus"))
    reference = parts(-12.1, -11.9, -10, roles=("bridge", "verse", "chorus"))
    assert pair_sections(mix, reference) == [(0, 1), (1, 2)]


def test_a_like_name_does_not_pair_parts_of_unlike_loudness():
    roles = ("intro", "verse", "chorus", "break", "chorus")
    mix = parts(-24.7, -20.1, -13.2, -20.1, -13.2, roles=roles)
    reference = parts(-19.4, -15.1, -26.8, -15.1, roles=("intro", "chorus", "break", "chorus"))
    assert pair_sections(mix, reference) == [(0, 2), (1, 0), (2, 1), (3, 0), (4, 3)]


def test_the_middle_of_three_levels_goes_with_the_middle():
    mix, reference = parts(-24.3, -20.7, -13.0), parts(-18.2, -14.5, -26.8)
    assert pair_sections(mix, reference) == [(0, 2), (1, 0), (2, 1)]


def test_the_loudest_part_is_not_a_moment():
    mix = parts(-12, -10)
    mix.append(mix[1] | {"start_seconds": 40.0, "end_seconds": 42.0, "loudness_lufs": -3.0})
    assert loudest(mix) == 1


def test_nothing_goes_with_nothing():
    assert pair_sections([], parts(-10)) == pair_sections(parts(-10), []) == []
