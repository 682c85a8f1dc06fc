"""What a finished version offers a page: players, downloads and plots, with their addresses."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dsp.formats import WRITABLE
from mastering.models import Version

RECOMMENDED = "wav24"
PLOTTED = ("tone", "width", "dynamics", "limiting", "loudness_over_time", "sections")


def address(version: Version, name: str, *more: str) -> str:
    """Return the address of a part of a version."""
    return reverse(f"mastering:{name}", args=[version.master_id, version.number, *more])


def output_name(format_code: str) -> str | None:
    """Return the name under which the engine leaves a format; None where it has no such format."""
    written = WRITABLE.get(format_code)
    return f"{format_code}.{written.extension}" if written else None


def player_of(version: Version) -> dict[str, Any]:
    """Return the three tracks with the gains that make them equally loud."""
    master = version.master
    heard = {
        "original": master.mix.loudness_lufs,
        "master": version.loudness_lufs,
        "reference": master.reference.loudness_lufs,
    }
    # The louder ones are lowered, so that nothing clips.
    quietest = min((lufs for lufs in heard.values() if lufs is not None), default=0.0)
    labels = {"original": _("Original"), "master": _("Master"), "reference": _("Reference")}
    uploads = {"original": master.mix, "reference": master.reference}
    sources = []
    for key, lufs in heard.items():
        if key == "master":
            url, waveform = address(version, "listen"), address(version, "waveform")
        else:
            url, waveform = (
                reverse(f"references:{name}", args=[uploads[key].pk])
                for name in ("listen", "waveform")
            )
        sources.append(
            {
                "key": key,
                "label": labels[key],
                "url": url,
                "lossless_url": f"{url}?lossless=1" if key == "master" else None,
                "waveform_url": waveform,
                "lufs": lufs,
                "gain_db": 0.0 if lufs is None else round(quietest - lufs, 2),
            }
        )
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
        if (name := f"{code}.{written.extension}") in version.outputs
    ]
    return sorted(offered, key=lambda download: not download["recommended"])


def plots_of(version: Version) -> dict[str, Any]:
    """Return the arrays of the report that are drawn."""
    return {key: version.report[key] for key in PLOTTED if key in version.report}


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
