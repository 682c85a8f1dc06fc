"""What a finished version offers a page: players, downloads and plots, with their addresses."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dsp.formats import CANONICAL_NAME, WRITABLE
from mastering.models import Version
from references.models import AudioFile

CANONICAL_FORMAT = "wav32f"
RECOMMENDED = "wav24"
PLOTTED = ("tone", "width", "dynamics", "limiting", "loudness_over_time", "sections")


def address(version: Version, name: str, *more: str) -> str:
    """Return the address of a part of a version."""
    return reverse(f"mastering:{name}", args=[version.master_id, version.number, *more])


def output_name(format_code: str) -> str | None:
    """Return the name under which the engine leaves a format; None where it has no such format."""
    if format_code == CANONICAL_FORMAT:
        return CANONICAL_NAME
    written = WRITABLE.get(format_code)
    return f"{format_code}.{written.extension}" if written else None


def player_of(version: Version) -> dict[str, Any]:
    """Return the three tracks with the gains that make them equally loud."""
    master, listen = version.master, address(version, "listen")
    sources = [
        _upload("original", _("Original"), master.mix),
        {
            "key": "master",
            "label": _("Master"),
            "url": listen,
            "lossless_url": f"{listen}?lossless=1",
            "waveform_url": address(version, "waveform"),
            "lufs": version.loudness_lufs,
            "proxy_gain_db": 0.0,
        },
        _upload("reference", _("Reference"), master.reference),
    ]
    # The louder ones are lowered, so that nothing clips.
    heard = [
        None if each["lufs"] is None else each["lufs"] + each["proxy_gain_db"] for each in sources
    ]
    quietest = min((lufs for lufs in heard if lufs is not None), default=0.0)
    for each, lufs in zip(sources, heard, strict=True):
        each["gain_db"] = 0.0 if lufs is None else round(quietest - lufs, 2)
    return {
        "sources": sources,
        "duration_seconds": master.mix.duration_seconds,
        "sections": [_section(part) for part in version.report.get("sections", ())],
    }


def downloads_of(version: Version) -> list[dict[str, Any]]:
    """Return the files of a version, the recommended one first."""
    offered = [
        {
            "format": code,
            "label": written.label,
            "url": address(version, "download", code),
            "size_bytes": version.outputs[name]["size_bytes"],
            "recommended": code == RECOMMENDED,
        }
        for code, written in WRITABLE.items()
        if (name := output_name(code)) in version.outputs
    ]
    return sorted(offered, key=lambda download: not download["recommended"])


def plots_of(version: Version) -> dict[str, Any]:
    """Return the arrays of the report that are drawn."""
    return {key: version.report[key] for key in PLOTTED if key in version.report}


def _upload(key: str, label: str, audio: AudioFile) -> dict[str, Any]:
    listen = reverse("references:listen", args=[audio.pk])
    return {
        "key": key,
        "label": label,
        "url": listen,
        "lossless_url": f"{listen}?lossless=1" if audio.lossless_name else None,
        "waveform_url": reverse("references:waveform", args=[audio.pk]),
        "lufs": audio.loudness_lufs,
        "proxy_gain_db": audio.facts.get("proxy_gain_db", 0.0),
    }


def _section(part: dict[str, Any]) -> dict[str, Any]:
    roles = {
        "intro": _("Intro"),
        "peak": _("Peak"),
        "quiet": _("Quiet part"),
        "outro": _("Outro"),
    }
    return {
        "start": part["start_seconds"],
        "end": part["end_seconds"],
        "label": roles.get(part["role"]) or _("Part %(letter)s") % {"letter": part["letter"]},
        "reference_start": None,
    }
