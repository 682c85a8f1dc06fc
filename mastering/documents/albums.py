"""What lies in the ZIP of an album beside its songs: manifest, track list and cue sheet."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dsp.formats import WRITABLE
from mastering.models import AlbumArchive
from references.services import clean_filename

ALBUM_ARCHIVE_NAME: Final = "album.zip"
MANIFEST_ENTRY: Final = "manifest.json"
TRACK_LIST_ENTRY: Final = "track-list.txt"
CUE_ENTRY: Final = "album.cue"
MANIFEST_VERSION: Final = 1
CUE_FRAMES: Final = 75  # a second, as on a CD
CUE_KINDS: Final = {"wav": "WAVE", "aiff": "AIFF", "flac": "WAVE", "mp3": "MP3"}


@dataclass(frozen=True, slots=True)
class Packed:
    """A song on its way into a ZIP: what is told of it, its file, and the file's SHA-256."""

    track: dict[str, Any]
    path: Path
    sha256: str | None


def album_entries(
    archive: AlbumArchive, packed: Sequence[Packed], missing: Sequence[str]
) -> dict[str, Path | bytes]:
    """Return what goes into an album's ZIP, by name: its songs' files, and texts."""
    manifest = manifest_of(archive, packed, missing)
    names = [song["file"] for song in manifest["tracks"]]
    songs: dict[str, Path | bytes] = {
        name: each.path for name, each in zip(names, packed, strict=True)
    }
    return songs | {
        MANIFEST_ENTRY: json.dumps(manifest, indent=2, ensure_ascii=False).encode(),
        TRACK_LIST_ENTRY: track_list(manifest).encode(),
        CUE_ENTRY: cue_sheet(manifest).encode(),
    }


def manifest_of(
    archive: AlbumArchive, packed: Sequence[Packed], missing: Sequence[str]
) -> dict[str, Any]:
    """Return the album as data: the order, the gaps, and how loud the songs stand to each other.

    ``start_seconds`` is where a song begins when all are played with their gaps; a gap follows
    its song, and none follows the last. The relations are to the loudest song, in LU.
    """
    extension = WRITABLE[archive.format].extension
    loudest_mix = max((each.track["mix_lufs"] for each in packed), default=0.0)
    loudest = max((each.track["master_lufs"] for each in packed), default=0.0)
    tracks, start = [], 0.0
    for number, each in enumerate(packed, start=1):
        track = each.track
        gap = 0.0 if number == len(packed) else track["gap_seconds"]
        tracks.append(
            {
                "number": number,
                "title": track["texts"]["title"],
                "artist": track["texts"]["artist"],
                "isrc": track["texts"]["isrc"],
                "file": _file_name(number, track["title"], extension),
                "sha256": each.sha256,
                "start_seconds": round(start, 3),
                "seconds": round(track["seconds"], 3),
                "gap_after_seconds": gap,
                "rate_hz": track["rate_hz"],
                "loudness_lufs": track["master_lufs"],
                "true_peak_dbtp": track["true_peak_dbtp"],
                "under_loudest_lu": round(loudest - track["master_lufs"], 2),
                "mix_under_loudest_lu": round(loudest_mix - track["mix_lufs"], 2),
                "master": track["master"],
                "version": track["number"],
            }
        )
        start += track["seconds"] + gap
    content = archive.content
    return {
        "manifest": MANIFEST_VERSION,
        "title": content["title"],
        "artist": content["artist"],
        "loudness": content["mode"],
        "direction": content["direction"],
        "format": WRITABLE[archive.format].label,
        "engine": archive.engine_version,
        "total_seconds": round(start, 3),
        "tracks": tracks,
        "missing": list(missing),
    }


def track_list(manifest: dict[str, Any]) -> str:
    """Return the order for people's eyes: starts, lengths and gaps."""
    lines = [" – ".join(filter(None, (manifest["artist"], manifest["title"]))), ""]
    for track in manifest["tracks"]:
        gap = track["gap_after_seconds"]
        lines.append(
            f"{track['number']:02}  {_clock(track['start_seconds'])}  {track['title']}"
            f"  ({_clock(track['seconds'])}, {track['loudness_lufs']:.1f} LUFS"
            + (f", then {gap:g} s of silence)" if gap else ")")
        )
    lines += ["", f"Total {_clock(manifest['total_seconds'])}"]
    if manifest["missing"]:
        lines += ["", "Not in here, as they are not finished: " + ", ".join(manifest["missing"])]
    return "\n".join(lines) + "\n"


def cue_sheet(manifest: dict[str, Any]) -> str:
    """Return the cue sheet, by which burning programs take order and gaps."""
    lines = [f'PERFORMER "{_quoted(manifest["artist"])}"'] if manifest["artist"] else []
    lines.append(f'TITLE "{_quoted(manifest["title"])}"')
    gap = 0.0
    for track in manifest["tracks"]:
        kind = CUE_KINDS[track["file"].rsplit(".", 1)[1]]
        lines.append(f'FILE "{_quoted(track["file"])}" {kind}')
        lines.append(f"  TRACK {track['number']:02} AUDIO")
        lines.append(f'    TITLE "{_quoted(track["title"])}"')
        if track["artist"]:
            lines.append(f'    PERFORMER "{_quoted(track["artist"])}"')
        if track["isrc"]:
            lines.append(f"    ISRC {track['isrc']}")
        if gap:
            lines.append(f"    PREGAP {_cue_time(gap)}")
        lines.append("    INDEX 01 00:00:00")
        gap = track["gap_after_seconds"]
    return "\r\n".join(lines) + "\r\n"


def _file_name(number: int, title: str, extension: str) -> str:
    safe = title.replace("/", "-").replace('"', "'")
    return clean_filename(f"{number:02} {safe}.{extension}")


def _quoted(text: str) -> str:
    return " ".join(text.replace('"', "'").split())


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def _cue_time(seconds: float) -> str:
    frames = round(seconds * CUE_FRAMES)
    return (
        f"{frames // (60 * CUE_FRAMES):02}:{frames // CUE_FRAMES % 60:02}:{frames % CUE_FRAMES:02}"
    )
