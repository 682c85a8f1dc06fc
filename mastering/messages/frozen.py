"""What is odd about a file that frozen settings were applied to, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from references.templatetags.audio import db, khz, lufs

WORDS: Final[Mapping[str, str | Promise]] = {
    "length_differs": _(
        "This file lasts %(file)s, the mix of the master %(mix)s. For an edit that is as it should"
        " be; for an instrumental, check that it is the whole song."
    ),
    "rate_differs": _(
        "This file has %(file)s, the mix %(mix)s: the same curves were made for its rate."
    ),
    "channels_differ": _("One of the two files is mono: width acts on stereo only."),
    "level_differs": _(
        "This file is at %(file)s, the mix at %(mix)s. If it was exported at another level, the"
        " same settings act on it differently: export both alike."
    ),
    "limiting_exceeds": _(
        "It was limited by %(file)s at most, the master by no more than %(mix)s: this file is"
        " louder than the mix."
    ),
    "engine_differs": _(
        "The settings were kept by another version of the engine, so that the same file would not"
        " give the very same bytes."
    ),
}


def oddity_words(report: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each oddity that a report tells of."""
    oddities = report.get("frozen", {}).get("oddities", ())
    return [
        str(WORDS[each["code"]])
        % {name: _said(each["code"], each.get(name)) for name in ("mix", "file")}
        for each in oddities
        if each["code"] in WORDS
    ]


def _said(code: str, value: float | None) -> str:
    if value is None:
        return ""
    if code == "rate_differs":
        return khz(value)
    if code == "level_differs":
        return lufs(value)
    if code == "limiting_exceeds":
        return db(value)
    minutes, seconds = divmod(value, 60.0)
    return f"{int(minutes)}:{seconds:04.1f}"
