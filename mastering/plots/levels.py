"""The plots by level: how loud a song is how long, what the dynamics did, what platforms do."""

import math
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from mastering.messages import report as words
from mastering.models import current_platforms
from mastering.plots.forms import (
    FADED_LU,
    TRACKS,
    Levels,
    Line,
    Plot,
    Report,
    asked_and_applied,
    three,
)
from references.templatetags.audio import db, lufs, percent

SPREAD_LU: Final = (-20, 8)  # around a song's own loudness


def dynamics(report: Report) -> Plot:
    tracks = report["loudness_over_time"]
    numbers = {row["key"]: row for row in report["numbers"]}
    own = numbers["integrated_lufs"]
    edges = range(*SPREAD_LU)
    spread = {key: _spread(tracks[key]["lufs"], own[key]) for key in TRACKS}
    above = {
        key: percent(sum(share or 0.0 for share in shares[-SPREAD_LU[0] :]) / 100.0)
        for key, shares in spread.items()
    }
    text = _(
        "The master is louder than its own average for %(after)s of the time, "
        "the mix for %(before)s, the reference for %(reference)s."
    )
    return Plot(
        kind="dynamics",
        tab=_("Dynamics"),
        title=_("How long each song is louder or quieter than its own average"),
        sentence=f"{text % above} {words.dynamics_words(report)}",
        across="units",
        x_key="from_own_loudness_lu",
        x_label=_("Against its own loudness"),
        x=[edge + 0.5 for edge in edges] if any(spread.values()) else [],
        lines=three(lambda key: spread[key], "%"),
        has_zero=True,
    )


def level_curve(report: Report) -> Plot:
    dynamics = report["dynamics"]
    return Plot(
        kind="levels",
        tab=_("Level curve"),
        title=_("Gain by loudness"),
        sentence=_(
            "What the dynamics stage did to moments of each loudness: at most %(high)s up "
            "and %(low)s down, within the song."
        )
        % {
            "high": db(max(dynamics["highest_db"], 0.0)),
            "low": db(max(-dynamics["lowest_db"], 0.0)),
        },
        across="units",
        x_key="from_song_loudness_lu",
        x_label=_("Against the song's loudness"),
        x=dynamics["levels_lu"],
        lines=asked_and_applied(dynamics),
        has_zero=True,
    )


def platforms(report: Report) -> Plot:
    numbers = {row["key"]: row for row in report["numbers"]}
    loudness, peaks = numbers["integrated_lufs"], numbers["true_peak_dbtp"]
    rules = current_platforms()

    def played(key: str) -> Levels:
        if loudness[key] is None or peaks[key] is None:
            return [None] * len(rules)
        levels = {"loudness_lufs": loudness[key], "true_peak_dbtp": peaks[key]}
        return [round(rule.played_lufs(**levels), 2) for rule in rules]

    after = {"loudness_lufs": loudness["after"], "true_peak_dbtp": peaks["after"]}
    gains = [rule.gain_db(**after) for rule in rules]
    values = {
        "least": db(abs(max(gains))),
        "most": db(-min(gains)),
        "lufs": lufs(loudness["after"]),
    }
    if max(gains) < -0.05:
        sentence = _("Every platform turns this master down, by %(least)s to %(most)s.")
    elif min(gains) < -0.05:
        sentence = _("Some platforms turn this master down, by up to %(most)s.")
    else:
        sentence = _("No platform turns this master down; it is delivered at %(lufs)s.")
    return Plot(
        kind="platforms",
        tab=_("Platforms"),
        title=_("How loud platforms play it"),
        sentence=sentence % values,
        across="names",
        x_key="platform",
        x_label=_("Platform"),
        x=list(range(len(rules))),
        names=[rule.name for rule in rules],
        lines=[
            *three(played, "LUFS"),
            Line("target", "target", _("Target"), "LUFS", [rule.target_lufs for rule in rules]),
        ],
    )


def _spread(levels: Levels, own_lufs: float | None) -> Levels:
    """Return the share of time, in percent, at each LU around a song's own loudness."""
    heard = list(_against(levels, own_lufs))
    low, high = SPREAD_LU
    if not heard:
        return [None] * (high - low)
    counts = [0] * (high - low)
    for level in heard:
        counts[min(max(math.floor(level), low), high - 1) - low] += 1
    return [round(100.0 * count / len(heard), 2) for count in counts]


def _against(levels: Levels, own_lufs: float | None) -> Iterator[float]:
    for level in levels:
        if level is not None and own_lufs is not None and level > own_lufs - FADED_LU:
            yield level - own_lufs
