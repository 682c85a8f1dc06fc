"""The plots of a report: what is drawn, told in a sentence, shown as a table and given as CSV."""

from collections.abc import Callable
from typing import Final

from mastering.plots import clock, frequency, levels
from mastering.plots.forms import Plot, Report

_PLOTS: Final[dict[str, Callable[[Report], Plot]]] = {
    "spectrum": frequency.spectrum,
    "tone": frequency.tone_curve,
    "loudness": clock.loudness,
    "limiting": clock.limiting,
    "width": frequency.width,
    "correlation": frequency.correlation,
    "dynamics": levels.dynamics,
    "levels": levels.level_curve,
    "platforms": levels.platforms,
}
KINDS: Final = tuple(_PLOTS)


def plots_of_report(report: Report) -> list[Plot]:
    """Return the plots that the report holds the values of, in the order of their tabs."""
    return [plot for plot in (build(report) for build in _PLOTS.values()) if len(plot.x)]


def plot_of_report(report: Report, kind: str) -> Plot | None:
    """Return one of the plots; None for a kind that there is none of."""
    plot = _PLOTS[kind](report) if kind in _PLOTS else None
    return plot if plot and len(plot.x) else None
