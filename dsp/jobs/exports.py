"""Files for people: other formats, archives of many, and what becomes of a master elsewhere."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any, Final

from dsp import files, release
from dsp.formats import WRITABLE, Limits
from dsp.jobs.listening import Progress
from dsp.jobs.provenance import digests_of
from dsp.tags import Tags

RELEASE_NAME: Final = "release.json"


def export(
    source: str,
    out_dir: str,
    formats: list[str],
    rate_hz: int | None,
    tags: dict[str, str],
    cover: str | None,
    limits: dict[str, Any],
    archive: dict[str, Any] | None = None,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a master of ours as files for people, into a folder.

    Parameters
    ----------
    source, out_dir : path
        The master as it was rendered; an existing folder.
    formats : list of str
        Keys of ``dsp.formats.WRITABLE``.
    rate_hz : int or None
        Convert to this rate; None keeps the master's.
    tags : dict
        Fields of :class:`dsp.tags.Tags` that are text.
    cover : path or None
        A JPEG or PNG.
    limits : dict
        Fields of :class:`dsp.formats.Limits`.
    archive : dict, optional
        Put all into one ZIP: ``name`` of it, ``entries``, names within it by format, and
        ``files``, paths of further entries by name.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``files``: names of what was left in the folder; digests by format, as of the record of
        provenance, also of what went into the ZIP.
    """
    tell = progress or (lambda _step, _share: None)
    audio = files.read(source, Limits(**limits))
    picture = Path(cover).read_bytes() if cover else b""
    written = Tags(**tags, cover=picture)
    folder = Path(out_dir)
    made = {}
    for number, code in enumerate(formats):
        tell("encoding", 0.05 + 0.85 * number / len(formats))
        made[code] = folder / f"{code}.{WRITABLE[code].extension}"
        files.write(made[code], audio, format=code, rate_hz=rate_hz, tags=written)
    digests = digests_of(made)
    if archive is not None:
        tell("packing", 0.9)
        entries = {name: Path(path) for name, path in archive["files"].items()}
        entries |= {archive["entries"][code]: path for code, path in made.items()}
        _pack(folder / archive["name"], entries)
        for path in made.values():
            path.unlink()
    return {"files": sorted(path.name for path in folder.iterdir()), **digests}


def pack(
    entries: dict[str, str], out_dir: str, name: str, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Put files into one ZIP in a folder, without compression, and delete them.

    Parameters
    ----------
    entries : dict
        Paths by the name within the ZIP.
    out_dir : path
        An existing folder.
    name : str
        Of the ZIP.
    """
    if progress:
        progress("packing", 0.9)
    paths = {entry: Path(path) for entry, path in entries.items()}
    _pack(Path(out_dir) / name, paths)
    for path in paths.values():
        path.unlink()
    return {}


def check_release(
    source: str,
    out_dir: str,
    ceiling_dbtp: float,
    limits: dict[str, Any],
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure what becomes of a master as lossy copies and in mono; leave ``release.json``."""
    if progress:
        progress("checking", 0.1)
    audio = files.read(source, Limits(**limits))
    folder = Path(out_dir)
    found = release.check_release(audio, folder, ceiling_dbtp=ceiling_dbtp)
    (folder / RELEASE_NAME).write_text(json.dumps(found, separators=(",", ":")))
    return found


def convert(source: str, destination: str, output_format: str, limits: dict[str, Any]) -> None:
    """Write a master of ours in another format."""
    files.write(destination, files.read(source, Limits(**limits)), format=output_format)


def _pack(path: Path, entries: dict[str, Path]) -> None:
    """Write a ZIP without compression, which audio does not take; equal entries, equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name)  # of the first day that a ZIP knows
            entry.file_size = entries[name].stat().st_size
            with entries[name].open("rb") as content, archive.open(entry, "w") as packed:
                shutil.copyfileobj(content, packed, 1 << 20)
