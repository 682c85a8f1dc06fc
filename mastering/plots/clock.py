"""The plots by the clock: loudness and limiting."""

import math

from django.utils.translation import gettext as _

from mastering.messages import report as words
from mastering.plots.forms import FADED_LU, Levels, Line, Plot, Report, by_time, sections, three


def loudness(report: Report) -> Plot:
    tracks = report["loudness_over_time"]
    step = tracks["after"]["step_seconds"]
    longest = max(len(track["lufs"]) * track["step_seconds"] for track in tracks.values())
    times = [round(place * step, 3) for place in range(math.ceil(longest / step))]

    def at_times(key: str) -> Levels:
        values, own_step = tracks[key]["lufs"], tracks[key]["step_seconds"]
        places = (int(time / own_step) for time in times)
        return [values[place] if place < len(values) else None for place in places]

    lines = three(at_times, "LUFS")
    top = max((value for line in lines for value in line.values if value is not None), default=0.0)
    return Plot(
        kind="loudness",
        tab=_("Loudness"),
        title=_("Loudness over time"),
        sentence=words.loudness_words(report),
        lines=lines,
        floor=top - FADED_LU,
        marks=sections(report),
        note=_("The sections are those of your mix; the reference runs by its own clock."),
        **by_time(times),
    )


def limiting(report: Report) -> Plot:
    track = report["limiting"]["track"]
    reduction = [-abs(value) for value in track["reduction_db"]]
    return Plot(
        kind="limiting",
        tab=_("Limiting"),
        title=_("Gain reduction over time"),
        sentence=words.limiting_words(report),
        lines=[Line("reduction", "reduction", _("Gain reduction"), "dB", reduction)],
        has_zero=True,
        marks=sections(report),
        **by_time([round(i * track["step_seconds"], 3) for i in range(len(reduction))]),
    )
