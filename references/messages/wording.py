"""The forms of what people read: a wording with its places for numbers, and one that is filled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

Text = str | Promise

GUIDES = ("how-it-works", "prepare", "reference", "limits", "listening", "engineer")


@dataclass(frozen=True, slots=True)
class Wording:
    """Title, what was measured, why it matters, what to do, and the guide that says more.

    ``{value}`` is the number with its unit, ``{size}`` the same without its sign.
    """

    title: Text
    text: Text = ""
    advice: Text = ""
    why: Text = ""
    guide: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A wording with its numbers, ready for a page."""

    code: str
    title: str
    text: str
    advice: str
    why: str = ""
    guide: str = ""
    severity: str = "note"
    ranges: Sequence[Sequence[float]] = field(default=())


def message(
    wordings: Mapping[str, Wording],
    code: str,
    *,
    severity: str = "note",
    ranges: Sequence[Sequence[float]] = (),
    **numbers: str,
) -> Message:
    """Fill a wording; a code without one, as of a newer engine, is told by its name."""
    wording = wordings.get(code) or Wording(code.replace("_", " ").capitalize())
    text = str(wording.text)
    for name, number in numbers.items():
        text = text.replace(f"{{{name}}}", number)
    return Message(
        code=code,
        title=str(wording.title),
        text=text,
        advice=str(wording.advice),
        why=str(wording.why),
        guide=wording.guide,
        severity=severity,
        ranges=ranges,
    )
