"""How loud platforms play a master."""

import math
from datetime import date

import pytest

from dsp.platforms import Platform, platforms, rules_checked_on

BY_CODE = {platform.code: platform for platform in platforms()}


def played(code: str, lufs: float, dbtp: float) -> float:
    return BY_CODE[code].played_lufs(loudness_lufs=lufs, true_peak_dbtp=dbtp)


def test_spotifys_own_example_comes_out_exactly():
    """From its page: a track at −20 LUFS with true peaks of −5 dB is lifted to −16 LUFS only."""
    assert played("spotify", -20.0, -5.0) == -16.0
    assert BY_CODE["spotify"].example == {
        "loudness_lufs": -20.0,
        "true_peak_dbtp": -5.0,
        "played_lufs": -16.0,
    }


@pytest.mark.parametrize(
    ("code", "lufs", "dbtp", "heard"),
    [
        ("spotify", -8.0, -1.0, -14.0),
        ("spotify", -20.0, -12.0, -14.0),
        ("spotify", -20.0, 0.5, -20.0),
        ("apple-music", -9.0, -1.0, -16.0),
        ("apple-music", -20.0, -4.0, -17.0),
        ("youtube", -9.0, -1.0, -14.0),
        ("youtube", -20.0, -12.0, -20.0),
        ("tidal", -20.0, -12.0, -20.0),
        ("amazon-music", -13.0, -1.0, -14.0),
        ("deezer", -9.0, -1.0, -15.0),
    ],
)
def test_a_platform_plays_by_its_rule(code, lufs, dbtp, heard):
    assert played(code, lufs, dbtp) == heard


def test_a_limiter_raises_beyond_the_headroom():
    spotify = BY_CODE["spotify"]
    loud = Platform(
        **{name: getattr(spotify, name) for name in spotify.__slots__}
        | {"target_lufs": -11.0, "limits": True}
    )
    assert loud.played_lufs(loudness_lufs=-20.0, true_peak_dbtp=-1.0) == -11.0


def test_silence_is_left_alone():
    assert BY_CODE["spotify"].gain_db(loudness_lufs=-math.inf, true_peak_dbtp=-math.inf) == 0.0


def test_every_rule_says_where_and_when_it_was_read():
    for platform in platforms():
        assert platform.source.startswith("https://")
        assert date.fromisoformat(platform.dated) <= date.fromisoformat(rules_checked_on())
        assert platform.turns_up == (platform.headroom_dbtp is not None)
