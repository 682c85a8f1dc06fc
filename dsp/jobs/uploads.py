"""Uploads: checked, measured, and made ready to be heard."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsp import files
from dsp.checks import check_mix
from dsp.formats import PROFILE_NAME, Limits
from dsp.jobs.listening import Progress, listening_files
from dsp.measure import Profile, measure
from dsp.profiles import PROFILE_VERSION, read_document
from dsp.stored import save_profile


def inspect(
    source: str, out_dir: str, limits: dict[str, Any], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Decode, check and measure an upload; write its profile and what players need into a folder.

    Parameters
    ----------
    source, out_dir : path
        The upload; an existing folder.
    limits : dict
        Fields of :class:`dsp.formats.Limits`.
    progress : callable, optional
        Told the step, and the share done, 0 to 1.

    Returns
    -------
    dict
        ``facts``, ``findings`` and ``summary``, JSON-ready.
    """
    tell = progress or (lambda _step, _share: None)
    tell("checking", 0.0)
    loaded = files.load(source, Limits(**limits))
    facts = loaded.facts
    folder = Path(out_dir)
    with listening_files(folder, lossless=True) as begin_listening_files:
        proxy_gain_db = begin_listening_files(loaded.audio)
        tell("measuring", 0.4)
        profile = measure(loaded.audio)
        findings = check_mix(loaded.audio, profile, lossy=facts.lossy, bits=facts.bits)
        tell("measuring", 0.7)
        save_profile(profile, folder / PROFILE_NAME)
    return {
        "facts": asdict(facts)
        | {
            "duration_seconds": facts.duration_seconds,
            "is_cut_short": facts.is_cut_short,
            "proxy_gain_db": proxy_gain_db,
        },
        "findings": [asdict(finding) for finding in findings],
        "summary": profile.summary(),
        "profile_version": PROFILE_VERSION,
    }


def inspect_profile(
    source: str, out_dir: str, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Check a profile that came as a document; write it as a measured one is, into a folder.

    Returns
    -------
    dict
        As of :func:`inspect`; nothing can be found in a sound that is not there, and
        ``facts["health"]`` is what the document tells of it, or None.
    """
    if progress:
        progress("checking", 0.0)
    document = read_document(Path(source).read_bytes())
    profile = Profile.from_dict(document.profile)
    save_profile(profile, Path(out_dir) / PROFILE_NAME)
    return {
        "facts": {
            "rate_hz": profile.rate_hz,
            "channels": profile.channels,
            "duration_seconds": profile.duration_seconds,
            "health": None if document.health is None else list(document.health),
        },
        "findings": [],
        "summary": profile.summary(),
        "profile_version": PROFILE_VERSION,
    }


def renew_profile(
    source: str, out_dir: str, limits: dict[str, Any], *, progress: Progress | None = None
) -> dict[str, Any]:
    """Measure a track again whose profile is of an older version; leave the new one in a folder."""
    if progress:
        progress("measuring", 0.0)
    profile = measure(files.read(source, Limits(**limits)))
    save_profile(profile, Path(out_dir) / PROFILE_NAME)
    return {}
