"""What a finished version offers a page: players and downloads, with their addresses."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dsp.formats import CANONICAL_NAME, PROXY_BITS_PER_SECOND, WRITABLE
from mastering.messages.report import part_name
from mastering.models import Master, Share, Version
from references.models import AudioFile

CANONICAL_FORMAT = "wav32f"
RECOMMENDED = "wav24"
CLIPPING = "clipping"  # the finding that is drawn in the waveform


def address(version: Version, name: str, *more: str) -> str:
    """Return the address of a part of a version."""
    return reverse(f"mastering:{name}", args=[version.master_id, version.number, *more])


def lossless_address(version: Version) -> str:
    return f"{address(version, 'listen')}?lossless=1"


def output_name(format_code: str) -> str | None:
    """Return the name under which the engine leaves a format; None where it has no such format."""
    if format_code == CANONICAL_FORMAT:
        return CANONICAL_NAME
    written = WRITABLE.get(format_code)
    return f"{format_code}.{written.extension}" if written else None


def player_of(version: Version, *, other: Version | None = None) -> dict[str, Any]:
    """Return the tracks that are compared, and where a listener finds their way in them."""
    numbers = {"number": version.number, "other_number": other.number if other else None}
    player = _player(sources_of(version, other=other), version)
    return player | numbers | {"blind_url": address(version, "blind")}


def sources_of(version: Version, *, other: Version | None = None) -> list[dict[str, Any]]:
    """Return the tracks that are compared, with the gains that make them equally loud."""
    master = version.master
    sources = [
        _upload("original", _("Original"), master.mix),
        _rendered("master", _("Master"), version),
    ]
    if master.reference.has_sound:  # else it is measurements alone
        sources.append(_upload("reference", _("Reference"), master.reference))
    if other is not None:
        label = _("Version %(number)s") % {"number": other.number}
        sources.append(_rendered("other", label, other))
    return _evened(sources)


def matrix_of(masters: list[Master]) -> dict[str, Any] | None:
    """Return the original and the masters of one mix, in a loop over its loudest part."""
    made = [master for master in masters if master.shown.has_succeeded]
    if not made:
        return None
    sources = [_upload("original", _("Original"), made[0].mix)]
    for number, master in enumerate(made, start=1):
        sources.append(_rendered(f"toward-{number}", master.reference.title, master.shown))
    player = _player(_evened(sources), made[0].shown)
    loudest = max(
        made[0].shown.report.get("sections", ()),
        key=lambda part: part.get("loudness_lufs") or -120.0,
        default=None,
    )
    return player | {"loop": loudest and (loudest["start_seconds"], loudest["end_seconds"])}


def _evened(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each its gain: the louder ones are lowered, so that nothing clips."""
    heard = [
        None if each["lufs"] is None else each["lufs"] + each["proxy_gain_db"] for each in sources
    ]
    quietest = min((lufs for lufs in heard if lufs is not None), default=0.0)
    for each, lufs in zip(sources, heard, strict=True):
        each["gain_db"] = 0.0 if lufs is None else round(quietest - lufs, 2)
    return sources


def _player(sources: list[dict[str, Any]], version: Version) -> dict[str, Any]:
    mix = version.master.mix
    return {
        "sources": sources,
        "duration_seconds": mix.duration_seconds,
        "preview_kbits": PROXY_BITS_PER_SECOND // 1_000,
        "rate_hz": 44_100 if (mix.rate_hz or 44_100) % 11_025 == 0 else 48_000,
        "sections": _sections(version.report),
        "first": sources[1]["key"],
    }


def shared_player(share: Share) -> dict[str, Any]:
    """Return the player for people with a link: small copies only, by addresses of the link."""
    player = player_of(share.version)
    heard = {"original", "master"} | ({"reference"} if share.includes_reference else set())
    sources = [source for source in player["sources"] if source["key"] in heard]
    for source in sources:
        source["url"] = reverse("mastering:share-listen", args=[share.token, source["key"]])
        source["waveform_url"] = reverse(
            "mastering:share-waveform", args=[share.token, source["key"]]
        )
        source["lossless_url"] = None
    return player | {"sources": sources, "blind_url": None}


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


def _rendered(key: str, label: str, version: Version) -> dict[str, Any]:
    return {
        "key": key,
        "label": label,
        "number": version.number,
        "url": address(version, "listen"),
        "lossless_url": lossless_address(version),
        "waveform_url": address(version, "waveform"),
        "lufs": version.loudness_lufs,
        "proxy_gain_db": 0.0,
    }


def _upload(key: str, label: str, audio: AudioFile) -> dict[str, Any]:
    listen = reverse("references:listen", args=[audio.pk])
    return {
        "key": key,
        "label": label,
        "clips": _clips(audio),
        "url": listen,
        "lossless_url": f"{listen}?lossless=1" if audio.lossless_name else None,
        "waveform_url": reverse("references:waveform", args=[audio.pk]),
        "lufs": audio.loudness_lufs,
        "proxy_gain_db": audio.facts.get("proxy_gain_db", 0.0),
    }


def _clips(audio: AudioFile) -> str:
    """Return where a track is clipped, for drawing: shares of its length, "0.1-0.12 0.5-0.51"."""
    length = audio.duration_seconds or 0.0
    ranges = [
        span
        for finding in audio.findings
        if finding["code"] == CLIPPING
        for span in finding.get("ranges", ())
    ]
    return " ".join(f"{start / length:.5f}-{end / length:.5f}" for start, end in ranges if length)


def _sections(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections of the mix, each with where its like in the reference begins."""
    likes = {pair["mix"]: pair["reference_start_seconds"] for pair in report.get("pairs", ())}
    return [
        {
            "start": part["start_seconds"],
            "end": part["end_seconds"],
            "label": part_name(part),
            "reference_start": likes.get(number),
        }
        for number, part in enumerate(report.get("sections", ()))
    ]
