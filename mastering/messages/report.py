"""A report in words: the verdict, what changed, what was held back, what did harm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from references.templatetags.audio import (
    db,
    dbtp,
    khz,
    lufs,
    percent,
    quantity,
    seconds,
    signed_db,
)

Report = dict[str, Any]

SMALL_DB = 0.5  # a difference nobody is told of
TOLD_RIDE = 0.1  # dB per LU of a slow gain: half a decibel over five
CLOSE_DB = 1.0
AUDIBLE_DB = 0.1
SMALL_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Change:
    """What is said of one area: a sentence or two with their numbers, and how grave it is."""

    area: str
    text: str
    code: str = ""
    severity: str = "note"


def verdict_words(report: Report) -> str:
    """Return the line over a result: what came closer, what did not, what the limiter did."""
    found = report["verdict"]
    names = _axis_names()
    values = {
        part: listed([names[axis] for axis in found[part]]) if found[part] else ""
        for part in ("closer", "away")
    }
    told = {
        "untouched": _("Nothing was changed: every amount is at 0."),
        "nothing_needed": _("Nothing needed changing: the mix measures as the reference does."),
        "closer": _("Closer to the reference in %(closer)s."),
        "turned_down": _(
            "Nothing needed changing, but the peaks of the mix pass the ceiling: it was turned "
            "down as a whole, and is otherwise as it was."
        ),
        "not_closer": _("Further from the reference in %(away)s. Another one may suit better."),
    }.get(found["code"], _("Your master is ready."))
    sentences = [told % values]
    if found["code"] == "closer" and found["away"]:
        sentences.append(_("Further from it in %(away)s.") % values)
    if found["limiting_max_db"] >= AUDIBLE_DB:
        letter = found.get("limiting_letter")
        where = _in_part({"role": found.get("limiting_role"), "letter": letter})
        words = {"db": db(found["limiting_max_db"]), "where": where}
        sentences.append(
            _("At most %(db)s of limiting, most of it %(where)s.") % words
            if letter
            else _("At most %(db)s of limiting.") % words
        )
    return " ".join(sentences)


def changes(report: Report) -> list[Change]:
    """Return what the master did, area by area, each with its numbers."""
    return [
        Change(_("Loudness"), loudness_words(report)),
        *(_range_change(part) for part in report["ranges"]),
        Change(_("Dynamics"), dynamics_words(report)),
        Change(_("Width"), width_words(report)),
        Change(_("Limiting"), limiting_words(report)),
    ]


def caps(report: Report) -> list[str]:
    """Return a sentence for each place where a limit held a stage back."""
    held = [_cap_words(cap) for cap in report["capped"]]
    loudness = report["loudness"]
    if reason := _held_words(loudness["held_by"]):
        text = _("Loudness stopped at %(after)s, where %(goal)s was aimed at. %(reason)s")
        numbers = {"after": lufs(loudness["after_lufs"]), "goal": lufs(loudness["goal_lufs"])}
        held.append(text % (numbers | {"reason": reason}))
    return held


def limited_sections(report: Report) -> list[dict[str, str]]:
    """Return how hard the limiter worked in each section, as cells of a table."""
    return [
        {
            "name": part_name(section),
            "time": f"{seconds(section['start_seconds'])}–{seconds(section['end_seconds'])}",
            "max": db(section["max_db"]),
            "mean": db(section["mean_db"]),
            "over_1": percent(section["share_over_1_db"]),
            "over_3": percent(section["share_over_3_db"]),
            "over_6": percent(section["share_over_6_db"]),
        }
        for section in report["limiting"].get("sections", ())
    ]


def harm_words(report: Report) -> list[str]:
    """Return a sentence for each axis that moved away from the reference."""
    names = _axis_names()
    text = _("In %(axis)s the master is %(after)s from the reference; the mix was %(before)s away.")
    return [
        text
        % {
            "axis": names.get(one["axis"], one["axis"]),
            "before": db(one["before"]),
            "after": db(one["after"]),
        }
        for one in report.get("harm", ())
    ]


def tone_rows(report: Report) -> list[list[str]]:
    """Return what the reference asked for in every third octave, as cells of a table."""
    return [
        [
            frequency(band["hz"]),
            *(signed_db(band[f"{share}_db"]) for share in ("wanted", "applied", "capped", "left")),
        ]
        for band in report["tone"].get("bands", ())
    ]


def range_names() -> dict[str, str]:
    """Return what the ranges of the spectrum are called, by their codes."""
    return {
        "low_end": _("Low end"),
        "low_mids": _("Low mids"),
        "vocal_range": _("Vocal range"),
        "presence": _("Presence, 2 to 5 kHz"),
        "top_end": _("Top end"),
    }


def part_name(section: Mapping[str, Any]) -> str:
    """Return what a section is called: its role where that is sure, else its letter."""
    roles = {
        "intro": _("Intro"),
        "verse": _("Verse"),
        "chorus": _("Chorus"),
        "drop": _("Drop"),
        "break": _("Break"),
        "bridge": _("Bridge"),
        "outro": _("Outro"),
        "peak": _("Peak"),
        "quiet": _("Quiet part"),
    }
    role = roles.get(section.get("role") or "")
    return role or _("Part %(letter)s") % {"letter": section.get("letter", "")}


def measure_name(key: str) -> str:
    """Return the name of a number of the report."""
    names = {
        "integrated_lufs": _("Loudness"),
        "max_short_term_lufs": _("Loudest 3 seconds"),
        "loudness_range_lu": _("Loudness range"),
        "true_peak_dbtp": _("True peak"),
        "plr_db": _("Peak to loudness"),
        "psr_db": _("Peak to loudness, over 3 seconds"),
        "width_db": _("Sides against middle"),
        "correlation": _("Correlation"),
    }
    return names.get(key, key.replace("_", " "))


def _in_part(section: Report) -> str:
    places = {
        "intro": _("in the intro"),
        "verse": _("in the verse"),
        "chorus": _("in the chorus"),
        "drop": _("in the drop"),
        "break": _("in the break"),
        "bridge": _("in the bridge"),
        "outro": _("in the outro"),
    }
    place = places.get(section.get("role") or "")
    return place or _("in part %(letter)s") % {"letter": section.get("letter", "")}


def frequency(value_hz: float) -> str:
    return khz(round(value_hz, -2)) if value_hz >= 1000 else quantity(value_hz, "Hz")


def listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}


# What changed


def loudness_words(report: Report) -> str:
    loudness = report["loudness"]
    before, after = loudness["before_lufs"], loudness["after_lufs"]
    values = {
        "move": db(abs(after - before)),
        "after": lufs(after),
        "reference": lufs(loudness["reference_lufs"]),
    }
    if abs(after - before) < SMALL_DB:
        text = _("As loud as before, at %(after)s; the reference is at %(reference)s.")
    elif after > before:
        text = _("%(move)s louder, now at %(after)s; the reference is at %(reference)s.")
    else:
        text = _("%(move)s quieter, now at %(after)s; the reference is at %(reference)s.")
    return f"{text % values} {_held_words(loudness['held_by'])}".rstrip()


def _held_words(held_by: str | None) -> str:
    return {
        "max_limiting": _("More would need more limiting than you allow."),
        "mean_limiting": _("More would keep the limiter working all the time."),
        "saturation": _("More drive would flatten it, not make it louder."),
        "ceiling": _("Its peaks stand at the ceiling, and none of them was to be limited."),
        "silence": _("There is too little sound in it to bring to a level."),
    }.get(held_by or "", "")


def _range_change(part: Report) -> Change:
    names = range_names()
    moved, left = part["after_db"] - part["before_db"], part["after_db"]
    if abs(moved) < SMALL_DB:
        text = _("Left as it was.")
    elif moved > 0:
        text = _("%(db)s more than before.") % {"db": db(moved)}
    else:
        text = _("%(db)s less than before.") % {"db": db(-moved)}
    if abs(left) < CLOSE_DB:
        rest = _("Within %(db)s of the reference.") % {"db": db(CLOSE_DB)}
    elif left > 0:
        rest = _("%(db)s above the reference.") % {"db": db(left)}
    else:
        rest = _("%(db)s below the reference.") % {"db": db(-left)}
    return Change(names.get(part["code"], ""), f"{text} {rest}", part["code"])


def dynamics_words(report: Report) -> str:
    dynamics = report["dynamics"]
    peaks = _(
        "Peaks stand %(after)s above the loudness around them; "
        "in the mix %(before)s, in the reference %(reference)s."
    ) % {key: db(dynamics[f"psr_{key}_db"]) for key in ("before", "reference", "after")}
    hits_db = -dynamics.get("fast_lowest_db", 0.0)  # reports of engines before 1.4 lack it
    bands_db = max((-band["lowest_db"] for band in dynamics.get("bands", [])), default=0.0)
    told = [peaks]
    if hits_db >= SMALL_DB:
        told.append(_("Strong hits were taken back by up to %(db)s.") % {"db": db(hits_db)})
    if bands_db >= SMALL_DB:
        told.append(
            _("Bass or treble that swelled by itself was evened by up to %(db)s.")
            % {"db": db(bands_db)}
        )
    ride = dynamics.get("ride_db_per_lu", 0.0)  # reports of engines before 1.5 lack it
    if ride >= TOLD_RIDE:
        told.append(_("A slow gain kept loud and quiet parts from growing alike."))
    elif ride <= -TOLD_RIDE:
        told.append(_("A slow gain kept loud and quiet parts from growing apart."))
    return " ".join(told)


def width_words(report: Report) -> str:
    row = next(row for row in report["numbers"] if row["key"] == "width_db")
    moved = row["after"] - row["before"]
    values = {"db": db(abs(moved)), "left": db(abs(row["after"] - row["reference"]))}
    if abs(moved) < SMALL_DB:
        text = _("Left as it was.")
    elif moved > 0:
        text = _("Wider: the sides are %(db)s up against the middle.")
    else:
        text = _("Narrower: the sides are %(db)s down against the middle.")
    if abs(row["after"] - row["reference"]) < CLOSE_DB:
        rest = _("About as wide as the reference.")
    elif row["after"] < row["reference"]:
        rest = _("%(left)s narrower than the reference.")
    else:
        rest = _("%(left)s wider than the reference.")
    return f"{text} {rest}" % values


def limiting_words(report: Report) -> str:
    limiting = report["limiting"]
    values = {
        "most": db(limiting["max_db"]),
        "mean": db(limiting["mean_db"]),
        "share": percent(limiting["share_over_3_db"]),
    }
    if limiting["max_db"] < AUDIBLE_DB:
        return _("No peak had to be held back.")
    if limiting["share_over_3_db"] < SMALL_SHARE:
        return _("Up to %(most)s, at the highest peaks only; %(mean)s on average.") % values
    return (
        _("Up to %(most)s, %(mean)s on average, and more than 3 dB for %(share)s of the song.")
        % values
    )


def _cap_words(cap: Report) -> str:
    values = {
        "hz": frequency(cap["hz"]),
        "wanted": signed_db(cap["wanted_db"]),
        "applied": signed_db(cap["applied_db"]),
    }
    if cap["stage"] == "width":
        text = _("Width stopped at %(applied)s near %(hz)s; the reference asked for %(wanted)s.")
    else:
        text = _("Tone stopped at %(applied)s near %(hz)s; the reference asked for %(wanted)s.")
    return text % values


def _axis_names() -> dict[str, str]:
    return {
        "tone": _("tone"),
        "loudness": _("loudness"),
        "dynamics": _("dynamics"),
        "width": _("width"),
    }


def ceiling_words(report: Report) -> str:
    """Return the sentence about the highest peak of the file."""
    row = next(row for row in report["numbers"] if row["key"] == "true_peak_dbtp")
    return _("The highest true peak is %(peak)s; the ceiling was set to %(ceiling)s.") % {
        "peak": dbtp(row["after"]),
        "ceiling": dbtp(report["loudness"]["ceiling_dbtp"]),
    }


def past_mastering_words(report: Mapping[str, Any], *, is_damaged: bool) -> str:
    """Return the honest advice to mend the mix, or see an engineer; empty where it is not due."""
    pressed = any(one["code"] == "pressed_before" for one in report.get("fix_in_the_mix", ()))
    if not (pressed or is_damaged):
        return ""
    return _(
        "This file is past what mastering mends: it would only make the damage plainer. Go back "
        "to the mix and export it anew; if you cannot, take the pack for an engineer to one."
    )
