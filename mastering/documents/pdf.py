"""A report on paper: the same facts and sentences as on the page, two or three sheets of A4."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Line, PolyLine, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from mastering.messages.answers import answers, fixes
from mastering.messages.coaching import coaching_of
from mastering.messages.report import (
    caps,
    ceiling_words,
    changes,
    frequency,
    harm_words,
    limited_sections,
    measure_name,
    past_mastering_words,
    tone_rows,
    verdict_words,
)
from mastering.models import Version
from mastering.plots import plots_of_report
from references.messages import audio_messages
from references.templatetags.audio import db, number

FONTS = Path(__file__).parent.parent / "fonts"
REGULAR, BOLD = "IBMPlexSans-Regular", "IBMPlexSans-SemiBold"
INK, QUIET, RULE = HexColor("#1f1a16"), HexColor("#6b6058"), HexColor("#e2dad0")
TRACKS = {
    "before": (HexColor("#8a744b"), [4, 2]),
    "reference": (HexColor("#1f7d74"), [1, 1.5]),
    "after": (HexColor("#b5361d"), None),
}
FRAME_PADDING = 6  # points, inside the margins on either side
WIDTH = A4[0] - 36 * mm - 2 * FRAME_PADDING
PLOT_HEIGHT = 46 * mm
PLOT_HZ = (30.0, 16_000.0)


def report_pdf(version: Version) -> bytes:
    """Return the report of a version that was made; the same version gives the same bytes."""
    _register_fonts()
    master, report = version.master, version.report
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=f"{master.title}, v{version.number}",
        author="Lacquer",
        invariant=1,
    )
    story: list[Flowable] = [
        _text(_("%(mix)s toward %(reference)s") % _titles(version), "quiet"),
        _text(verdict_words(report), "title"),
        _text(_made(version), "quiet"),
        Spacer(1, 4 * mm),
        *_questions(report),
        *_list(_("Further from the reference than the mix was"), harm_words(report)),
        *_coaching(version),
        *_changes(report),
        *_numbers(report),
        *_spectrum(report),
        *_list(_("Stopped at a limit"), caps(report)),
        *_fixes(version),
        *_mix_check(version),
        *_limiting(report),
        *_plots(report),
        *_bands(report),
        Spacer(1, 6 * mm),
        _text(_record(version), "quiet"),
    ]
    document.build(story, onFirstPage=_footer, onLaterPages=_footer)
    return buffer.getvalue()


def _titles(version: Version) -> dict[str, str]:
    return {"mix": version.master.mix.title, "reference": version.master.reference.title}


def _made(version: Version) -> str:
    return _("Version %(number)s, made on %(date)s with engine %(engine)s.") % {
        "number": version.number,
        "date": date_format(version.finished, "j F Y") if version.finished else "–",
        "engine": version.engine_version,
    }


def _record(version: Version) -> str:
    digest = version.provenance.get("outputs_sha256", {}).get("wav24", "")
    text = _("SHA-256 of the 24-bit WAV: %(digest)s") % {"digest": digest} if digest else ""
    return f"{ceiling_words(version.report)} {text}".rstrip()


def _questions(report: dict[str, Any]) -> list[Flowable]:
    return [
        KeepTogether([_text(one.area, "strong"), _text(one.text), Spacer(1, 1.5 * mm)])
        for one in answers(report)
    ]


def _changes(report: dict[str, Any]) -> list[Flowable]:
    rows = [[_text(one.area, "quiet"), _text(one.text)] for one in changes(report)]
    return [_head(_("What changed")), _table(rows, [38 * mm, WIDTH - 38 * mm])]


def _numbers(report: dict[str, Any]) -> list[Flowable]:
    head = ["", _("Before"), _("Reference"), _("After")]
    rows = [
        [
            f"{measure_name(row['key'])} {row['unit']}".rstrip(),
            *(
                number(row[key], 1 if row["unit"] else 2)
                for key in ("before", "reference", "after")
            ),
        ]
        for row in report["numbers"]
    ]
    return [_head(_("Numbers")), _grid(head, rows)]


def _limiting(report: dict[str, Any]) -> list[Flowable]:
    rows = [list(row.values()) for row in limited_sections(report)]
    if not rows:
        return []
    head = [
        _("Section"),
        _("Time"),
        _("Most"),
        _("On average"),
        _("Time over 1 dB"),
        _("over 3 dB"),
        _("over 6 dB"),
    ]
    return [_head(_("Limiting, section by section")), _grid(head, rows)]


def _bands(report: dict[str, Any]) -> list[Flowable]:
    rows = tone_rows(report)
    if not rows:
        return []
    head = [_("Frequency"), _("Asked for"), _("Applied"), _("Stopped"), _("Left over")]
    note = _("Asked for is applied, stopped at a limit, and left over by amount and caution.")
    return [_head(_("Tone, band by band")), _text(note, "quiet"), _grid(head, rows)]


def _coaching(version: Version) -> list[Flowable]:
    told = coaching_of(version.master)
    if told is None:
        return []
    lists = ((_("Better"), told.better), (_("Worse"), told.worse))
    return [
        *_list(_("Since the mix before"), [told.verdict]),
        *(
            _text(_titled(title, " ".join(each)), "item", ready=True)
            for title, each in lists
            if each
        ),
    ]


def _plots(report: dict[str, Any]) -> list[Flowable]:
    told = [
        _titled(plot.title, f"{plot.sentence} {plot.note}".rstrip())
        for plot in plots_of_report(report)
        if plot.kind != "spectrum"  # drawn, with its sentence
    ]
    return _list(_("What the plots show"), told, ready=True)


def _fixes(version: Version) -> list[Flowable]:
    report = version.report
    past = past_mastering_words(report, is_damaged=version.master.mix.is_past_mastering)
    told = [_titled(one.title, f"{one.text} {one.advice}".rstrip()) for one in fixes(report)]
    return _list(_("Fix it in the mix"), [*([escape(past)] if past else []), *told], ready=True)


def _titled(title: str, text: str) -> str:
    """Return a text under a bold title, with everything in it escaped."""
    return f"<font name='{BOLD}'>{escape(title)}.</font> {escape(text)}"


def _mix_check(version: Version) -> list[Flowable]:
    told = [
        f"{one.title}. {one.text} {one.advice}".rstrip()
        for one in audio_messages(version.master.mix, "mix")
    ]
    return _list(_("What the check of the mix found"), told)


def _spectrum(report: dict[str, Any]) -> list[Flowable]:
    """Draw the three tone curves at equal level, as the page does."""
    tone = report["tone"]
    shown = [i for i, hz in enumerate(tone["bands_hz"]) if PLOT_HZ[0] <= hz <= PLOT_HZ[1]]
    if len(shown) < 2:
        return []
    curves = {key: [tone[f"{key}_db"][i] for i in shown] for key in TRACKS}
    levels = [level for curve in curves.values() for level in curve]
    low, high = min(levels), max(max(levels), min(levels) + 1.0)
    drawing = Drawing(WIDTH, PLOT_HEIGHT)
    span = len(shown) - 1
    for key, curve in curves.items():
        points = [
            coordinate
            for place, level in enumerate(curve)
            for coordinate in (
                WIDTH * place / span,
                6 * mm + (PLOT_HEIGHT - 8 * mm) * (level - low) / (high - low),
            )
        ]
        colour, dashes = TRACKS[key]
        drawing.add(PolyLine(points, strokeColor=colour, strokeWidth=1.2, strokeDashArray=dashes))
    drawing.add(Line(0, 5 * mm, WIDTH, 5 * mm, strokeColor=RULE))
    for place in range(0, span + 1, max(1, span // 8)):
        label = frequency(tone["bands_hz"][shown[place]])
        drawing.add(
            String(
                WIDTH * place / span,
                1 * mm,
                label,
                fontName=REGULAR,
                fontSize=7,
                fillColor=QUIET,
                textAnchor="start" if place == 0 else "middle" if place < span else "end",
            )
        )
    gap = report["axes"]["tone"]
    sentence = _(
        "Level differences aside, the mix was %(before)s from the reference on average; "
        "the master is %(after)s from it."
    ) % {"before": db(gap["before"]), "after": db(gap["after"])}
    key_line = _("Dashed: before. Dotted: reference. Solid: after. Height: %(db)s.") % {
        "db": db(high - low)
    }
    head = _head(_("Spectrum, at equal level"))
    return [KeepTogether([head, _text(sentence), drawing, _text(key_line, "quiet")])]


def _list(title: str, sentences: Sequence[str], *, ready: bool = False) -> list[Flowable]:
    if not sentences:
        return []
    return [_head(title), *(_text(one, "item", ready=ready) for one in sentences)]


def _head(title: str) -> Flowable:
    return KeepTogether(
        [
            Spacer(1, 4 * mm),
            HRFlowable(width="100%", thickness=0.5, color=RULE, spaceAfter=2 * mm),
            _text(title, "head"),
        ]
    )


def _text(text: str, style: str = "plain", *, ready: bool = False) -> Paragraph:
    return Paragraph(text if ready else escape(text), _styles()[style])


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    first = 52 * mm if len(head) < 6 else 30 * mm
    widths = [first, *([(WIDTH - first) / (len(head) - 1)] * (len(head) - 1))]
    cells = [
        [_text(cell, "quiet") for cell in head],
        *([_text(cell, "cell") for cell in row] for row in rows),
    ]
    table = _table(cells, widths)
    table.repeatRows = 1
    return table


def _table(rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Table:
    return Table(
        [list(row) for row in rows],
        colWidths=list(widths),
        hAlign="LEFT",
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ]
        ),
    )


def _footer(canvas: Any, document: Any) -> None:
    canvas.setFont(REGULAR, 7.5)
    canvas.setFillColor(QUIET)
    canvas.drawString(18 * mm + FRAME_PADDING, 9 * mm, "Lacquer")
    canvas.drawRightString(A4[0] - 18 * mm - FRAME_PADDING, 9 * mm, str(document.page))


@cache
def _styles() -> dict[str, ParagraphStyle]:
    plain = ParagraphStyle("plain", fontName=REGULAR, fontSize=9.5, leading=13, textColor=INK)
    return {
        "plain": plain,
        "cell": ParagraphStyle("cell", plain, fontSize=8.5, leading=11),
        "quiet": ParagraphStyle("quiet", plain, fontSize=8.5, leading=11, textColor=QUIET),
        "strong": ParagraphStyle("strong", plain, fontName=BOLD),
        "item": ParagraphStyle("item", plain, spaceAfter=1.5 * mm),
        "head": ParagraphStyle("head", plain, fontName=BOLD, fontSize=12, leading=16),
        "title": ParagraphStyle("title", plain, fontSize=17, leading=22, spaceAfter=2 * mm),
    }


@cache
def _register_fonts() -> None:
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
