"""A report's judgement in words: the five questions, and what to mend in the mix."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mastering.messages.report import CLOSE_DB, Change, Report, frequency
from references.templatetags.audio import db, lufs, number, percent

WIDE_DB = 2.0


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do in the mix: what was measured, what to try, and a guide that says more."""

    code: str
    title: str
    text: str
    advice: str
    guide: str = ""


def answers(report: Report) -> list[Change]:
    """Return the five questions, answered; each sentence carries the number it was read from."""
    return [
        Change(_questions()[one["code"]], _ANSWERS[one["code"]](one), one["code"], _grade(one))
        for one in report.get("questions", ())
        if one["code"] in _ANSWERS
    ]


def fixes(report: Report) -> list[Fix]:
    """Return what mastering does not mend here, each with its numbers and what to try."""
    return [_fix(one) for one in report.get("fix_in_the_mix", ())]


def _questions() -> dict[str, str]:
    return {
        "low_end": _("Is the low end close to the reference?"),
        "vocal_range": _("Is the vocal range too sharp or too far back?"),
        "loudness": _("Was it much quieter?"),
        "compression": _("Is it over-compressed?"),
        "width": _("Is the image too narrow, or artificially wide?"),
    }


def _low_end_answer(one: Report) -> str:
    answer = {
        "close": _("Yes: it is within %(near)s of the reference."),
        "thin": _("Not quite: it is still %(after)s below the reference."),
        "heavy": _("Not quite: it is still %(after)s above the reference."),
    }[one["answer"]]
    before = {
        "close": _("The mix was close already."),
        "thin": _("In the mix it was %(before)s below."),
        "heavy": _("In the mix it was %(before)s above."),
    }[one["before"]]
    return f"{answer} {before}" % _distances(one)


def _vocal_range_answer(one: Report) -> str:
    values = _distances(one) | {
        "presence": db(abs(one["presence_after_db"])),
    }
    answer = {
        "close": _("Neither: from 500 Hz to 4 kHz it is within %(near)s of the reference."),
        "sharp": _("A little sharp: 2 to 5 kHz stand %(presence)s above the reference."),
        "recessed": _("A little far back: 500 Hz to 4 kHz stay %(after)s below the reference."),
        "forward": _("A little forward: 500 Hz to 4 kHz stand %(after)s above the reference."),
    }[one["answer"]]
    before = {
        "close": _("The mix was close already."),
        "sharp": _("The mix was sharp."),
        "recessed": _("In the mix it was %(before)s below."),
        "forward": _("In the mix it was %(before)s above."),
    }[one["before"]]
    return f"{answer} {before}" % values


def _loudness_answer(one: Report) -> str:
    values = {
        "gap": db(abs(one["before_lufs"] - one["reference_lufs"])),
        "rest": db(abs(one["after_lufs"] - one["reference_lufs"])),
        "before": lufs(one["before_lufs"]),
        "after": lufs(one["after_lufs"]),
    }
    before = {
        "much_quieter": _("Yes: the mix was %(gap)s quieter than the reference, at %(before)s."),
        "quieter": _("A little: the mix was %(gap)s quieter than the reference, at %(before)s."),
        "alike": _("No: the mix was as loud as the reference, at %(before)s."),
        "louder": _("No: the mix was %(gap)s louder than the reference, at %(before)s."),
    }[one["before"]]
    after = {
        "alike": _("The master is as loud as the reference, at %(after)s."),
        "louder": _("The master is %(rest)s louder than the reference, at %(after)s."),
        "quieter": _("The master is %(rest)s quieter than the reference, at %(after)s."),
        "much_quieter": _("The master is %(rest)s quieter than the reference, at %(after)s."),
    }[one["answer"]]
    return f"{before} {after}" % values


def _compression_answer(one: Report) -> str:
    values = {
        "psr": db(one["psr_after_db"]),
        "low": db(one["psr_low_after_db"]),
        "before": db(one["psr_before_db"]),
        "reference": db(one["psr_reference_db"]),
    }
    answer = {
        "open": _("No: peaks stand %(psr)s above the loudness around them."),
        "dense": _(
            "No, but it is dense: in its densest tenth, peaks stand %(low)s above the loudness."
        ),
        "over_compressed": _(
            "Yes: in its densest tenth, peaks stand only %(low)s above the loudness."
        ),
    }[one["answer"]]
    if one["before"] == "over_compressed":
        rest = _("The mix came that way; mastering cannot give peaks back.")
    else:
        rest = _("In the mix it was %(before)s, in the reference %(reference)s.")
    return f"{answer} {rest}" % values


def _width_answer(one: Report) -> str:
    left_db = one["after_db"] - one["reference_db"]
    values = {
        "left": db(abs(left_db)),
        "near": db(WIDE_DB),
        "correlation": number(one["correlation_after"], 2),
    }
    return {
        "close": _(
            "Neither: the sides are within %(near)s of the reference's, against the middle."
        ),
        "narrow": _("A little narrow: the sides are %(left)s quieter than the reference's."),
        "wide": _("A little wide: the sides are %(left)s louder than the reference's."),
        "artificial": _(
            "Very wide: left and right have little in common (correlation %(correlation)s, where 1 "
            "is mono), so that much is lost on one speaker."
        ),
    }[one["answer"]] % values


_ANSWERS: dict[str, Callable[[Report], str]] = {
    "low_end": _low_end_answer,
    "vocal_range": _vocal_range_answer,
    "loudness": _loudness_answer,
    "compression": _compression_answer,
    "width": _width_answer,
}


def _grade(one: Report) -> str:
    """Return how an answer is marked: good, a note, or a warning."""
    if one["answer"] in ("over_compressed", "artificial"):
        return "warning"
    return "good" if one["answer"] in ("close", "alike", "open") else "note"


def _distances(one: Report) -> dict[str, str]:
    return {
        "near": db(CLOSE_DB),
        "before": db(abs(one["before_db"])),
        "after": db(abs(one["after_db"])),
    }


def _fix(one: Report) -> Fix:
    code = one["code"]
    if code in ("too_much", "too_little"):
        return _tone_fix(one)
    values = {
        "missing": db(one.get("missing_lu")),
        "psr": db(one.get("psr_low_before_db")),
        "mean": db(one.get("mean_db")),
        "share": percent(one.get("share_over_3_db")),
        "left": db(abs(one.get("left_db") or 0.0)),
    }
    title, text, advice, guide = {
        "not_as_loud": (
            _("Peaks keep it from being louder"),
            _("The master ends %(missing)s under the loudness that was asked for."),
            _("Look for single peaks that stand out, often kick or snare, and tame them there."),
            "limits",
        ),
        "pressed_before": (
            _("The mix is already pressed"),
            _("In its densest tenth, peaks stand only %(psr)s above the loudness."),
            _("Take limiter and clipper off the master channel, and export again."),
            "prepare",
        ),
        "peaks_too_high": (
            _("The limiter has much to do"),
            _("It takes %(mean)s away on average, and more than 3 dB for %(share)s of the song."),
            _("Even out the loudest sounds in the mix, or ask for less loudness."),
            "limits",
        ),
        "too_wide": (
            _("Wider than the reference"),
            _("The sides stay %(left)s louder, against the middle, than in the reference."),
            _("Use less stereo widening, or pan some sounds nearer to the middle."),
            "limits",
        ),
        "too_narrow": (
            _("Narrower than the reference"),
            _("The sides stay %(left)s quieter, against the middle, than in the reference."),
            _("Pan doubled parts apart, or give reverb and pads more width."),
            "limits",
        ),
    }.get(code, (code.replace("_", " ").capitalize(), "", "", ""))
    return Fix(code, title, text % values, advice, guide)


def _tone_fix(one: Report) -> Fix:
    values = {
        "hz": frequency(one["hz"]),
        "low": frequency(one["low_hz"]),
        "high": frequency(one["high_hz"]),
        "left": db(abs(one["left_db"])),
    }
    too_much = one["code"] == "too_much"
    if one["low_hz"] == one["high_hz"]:
        where = _("Near %(hz)s") % values
    else:
        where = _("From %(low)s to %(high)s, most near %(hz)s") % values
    return Fix(
        one["code"],
        _("Too much around %(hz)s") % values
        if too_much
        else _("Too little around %(hz)s") % values,
        (
            _("%(where)s, the master stays %(left)s above the reference.")
            if too_much
            else _("%(where)s, the master stays %(left)s below the reference.")
        )
        % (values | {"where": where}),
        (
            _("Find which tracks are strong there, and turn that range down in them.")
            if too_much
            else _("Find which tracks could carry that range, and give it room or level there.")
        ),
        "limits",
    )
