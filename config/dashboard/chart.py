"""What a dashboard is made of: facts, tables, and plots that the server draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import Count
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

WIDTH, HEIGHT = 600, 200  # of the drawing; its page stretches it
NAMED: Final = 8  # so many places have room for their names under them
WIDEST: Final = 60.0  # of a bar
NICE: Final = (1, 2, 5, 10)  # steps of an axis, times a power of ten

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Span:
    """A range of time that ends now, cut into hours or days."""

    code: str
    label: Text
    hours: int
    by_hour: bool = False

    @property
    def step(self) -> timedelta:
        return timedelta(hours=1) if self.by_hour else timedelta(days=1)

    @property
    def starts(self) -> list[datetime]:
        """Return the beginnings of its parts, the running one last."""
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        last = now if self.by_hour else now.replace(hour=0)
        parts = self.hours if self.by_hour else self.hours // 24
        return [last - self.step * back for back in reversed(range(parts))]

    @property
    def since(self) -> datetime:
        return self.starts[0]

    def trunc(self, column: str) -> TruncHour | TruncDay:
        return TruncHour(column) if self.by_hour else TruncDay(column)

    @property
    def names(self) -> list[str]:
        return [date_format(start, "H:i" if self.by_hour else "j M") for start in self.starts]

    def fill(self, found: dict[datetime, float]) -> list[float]:
        """Return a value for each part, 0 where nothing was found."""
        return [found.get(start, 0) for start in self.starts]

    def grouped(self, rows: Any, column: str, *also: str) -> Any:
        """Group the rows of this time by the part that a column falls into, and by others."""
        since = rows.filter(**{f"{column}__gte": self.since})
        return since.annotate(part=self.trunc(column)).values("part", *also).order_by()

    def counted(self, rows: Any, column: str) -> list[float]:
        """Return how many rows each part has, by a column of time."""
        found = self.grouped(rows, column).annotate(count=Count("pk"))
        return self.fill({row["part"]: row["count"] for row in found})


SPANS: Final = (
    Span("24h", _("24 hours"), 24, by_hour=True),
    Span("7d", _("7 days"), 7 * 24),
    Span("30d", _("30 days"), 30 * 24),
    Span("90d", _("90 days"), 90 * 24),
    Span("365d", _("1 year"), 365 * 24),
)


def span_of(code: str | None) -> Span:
    return next((span for span in SPANS if span.code == code), SPANS[2])


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is looked at first; its severity is told in words beside."""

    label: Text
    value: Text
    note: Text = ""
    severity: Literal["", "good", "warning", "refusal"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: Text
    head: Sequence[Text]
    rows: Sequence[Sequence[Text]]
    empty: Text = ""


@dataclass(frozen=True, slots=True)
class Series:
    label: Text
    values: Sequence[float | None]
    tone: str  # a class of admin.css
    is_line: bool = False
    is_mark: bool = False  # a line across each place, where one place leads to no other

    @property
    def is_bar(self) -> bool:
        return not (self.is_line or self.is_mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars that stand on each other, and lines over them, across names; with its table."""

    title: Text
    sentence: Text
    names: Sequence[Text]
    series: Sequence[Series]
    unit: str = ""
    digits: int = 0
    across: Text = ""
    top: float | None = None  # of the axis; None: as high as the values

    @property
    def highest(self) -> float:
        """The end of the axis: a round number that nothing passes."""
        if self.top is not None:
            return self.top
        stacked = [0.0] * len(self.names)
        tallest = 0.0
        for series in self.series:
            for place, value in enumerate(series.values):
                if not series.is_bar:
                    tallest = max(tallest, value or 0.0)
                else:
                    stacked[place] += value or 0.0
        tallest = max(tallest, *stacked, 0.0)
        power = 1.0 if self.digits == 0 else 0.001
        while power * 10 < tallest:
            power *= 10
        return next((step * power for step in NICE if step * power >= tallest), 10 * power)

    @property
    def is_empty(self) -> bool:
        return not any(value for series in self.series for value in series.values)

    @property
    def scale(self) -> list[str]:
        return [self.told(self.highest * share) for share in (1.0, 0.5, 0.0)]

    @property
    def names_each(self) -> bool:
        return len(self.names) <= NAMED

    @property
    def ends(self) -> list[Text]:
        """The names that stand under it."""
        count = len(self.names)
        if self.names_each:
            return list(self.names)
        return [self.names[at] for at in sorted({0, count // 2, count - 1})] if count else []

    @property
    def head(self) -> list[Text]:
        return [self.across, *(series.label for series in self.series)]

    @property
    def rows(self) -> list[list[Text]]:
        """The same numbers; parts without any are left out."""
        return [
            [name, *(self.told(series.values[place]) for series in self.series)]
            for place, name in enumerate(self.names)
            if any(series.values[place] for series in self.series)
        ]

    def told(self, value: float | None) -> str:
        if value is None:
            return "–"
        unit = f"\u00a0{self.unit}" if self.unit else ""
        digits = self.digits if value % 1 or self.digits else 0
        if self.digits == 0 and value % 1:
            digits = 1
        rounded = round(value, digits)  # which number_format does not: it cuts
        return f"{number_format(rounded, digits, use_l10n=True, force_grouping=True)}{unit}"

    @property
    def svg(self) -> SafeString:
        bars, lines = self._bars(), self._lines()
        grid = format_html_join(
            "",
            '<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>',
            [(WIDTH, y, y) for y in (0, HEIGHT // 2, HEIGHT)],
        )
        return format_html(
            '<svg viewBox="0 -2 {} {}" preserveAspectRatio="none" aria-hidden="true" '
            'focusable="false">{}{}{}</svg>',
            WIDTH,
            HEIGHT + 4,
            grid,
            bars,
            lines,
        )

    def _bars(self) -> SafeString:
        room = WIDTH / max(len(self.names), 1)
        floor = [0.0] * len(self.names)
        found = []
        for series in self.series:
            if not series.is_bar:
                continue
            for place, value in enumerate(series.values):
                height = HEIGHT * min((value or 0.0) / self.highest, 1.0)
                if height > 0:
                    width = min(0.76 * room, WIDEST)
                    x, y = (place + 0.5) * room - width / 2, HEIGHT - floor[place] - height
                    drawn = (f"{each:.2f}" for each in (x, y, width, height))
                    found.append((series.tone, *drawn))
                floor[place] += height
        return format_html_join(
            "", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', found
        )

    def _lines(self) -> SafeString:
        room = WIDTH / max(len(self.names), 1)
        found = []
        for series in self.series:
            if series.is_bar:
                continue
            half = min(0.45 * room, 0.6 * WIDEST) if series.is_mark else 0.0
            path, dots, pen_down = "", "", False
            around = (None, *series.values, None)
            for place, value in enumerate(series.values):
                if value is None:
                    pen_down = False
                    continue
                x, y = (place + 0.5) * room, HEIGHT * (1 - min(value / self.highest, 1.0))
                if not series.is_mark and around[place] is around[place + 2] is None:
                    dots += f"M{x:.2f} {y:.2f}h0"  # of no length: a wide round cap shows it
                    continue
                begin = "" if pen_down else f"M{x - half:.2f} {y:.2f}"
                path += f"{begin}L{x + half:.2f} {y:.2f}"
                pen_down = not series.is_mark
            found += [(series.tone, path), (f"lone {series.tone}", dots)]
        drawn = [each for each in found if each[1]]
        return format_html_join("", '<path class="line {}" d="{}"/>', drawn)


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the dashboard, for those who may see it."""

    code: str
    title: Text
    facts: Sequence[Fact] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = field(default=())
    note: Text = ""
