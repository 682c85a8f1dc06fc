"""The player of the landing page: present where its recordings are."""

import json
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.translation import gettext as _

register = template.Library()

FOLDER = "audio"


@register.simple_tag
def demo_player() -> dict[str, Any] | None:
    """Return what ``mastering/_player.html`` needs, or None where nothing was recorded.

    ``audio/demo.json`` lies beside the recordings: what the player of a result gets, with the
    names of files in place of addresses, and the names of both songs.
    """
    described = finders.find(f"{FOLDER}/demo.json")
    if described is None:
        return None
    player: dict[str, Any] = json.loads(Path(described).read_text())
    labels = {"original": _("Original"), "master": _("Master"), "reference": _("Reference")}
    for source in player["sources"]:
        source["label"] = labels[source["key"]]
        for key in ("url", "waveform_url"):
            source[key] = static(f"{FOLDER}/{source[key]}")
    return player
