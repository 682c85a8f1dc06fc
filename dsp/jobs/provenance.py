"""The record by which a master can be explained, repeated and recognised."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from dsp.blends import Blend
from dsp.chain import Mastered
from dsp.measure import Profile
from dsp.payload import digest_file
from dsp.settings import ENGINE_VERSION

LIBRARIES: Final = ("numpy", "scipy", "numba", "soxr", "soundfile", "av")  # that make the bytes


def provenance_of(
    mastered: Mastered,
    reference: Profile | Blend,
    report: dict[str, Any],
    outputs: dict[str, Path],
) -> dict[str, Any]:
    """Return the record by which a master can be explained, repeated and recognised."""
    return {
        "engine": ENGINE_VERSION,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "settings": mastered.settings.as_dict(),
        "mix_profile_sha256": _profile_sha256(mastered.target),
        "reference_profile_sha256": _profile_sha256(reference),
        **({"frozen": report["frozen"]} if "frozen" in report else {}),
        "numbers": report["numbers"],
        "loudness": report["loudness"],
        "measured": {
            name: profile.summary()
            for name, profile in (
                ("mix", mastered.target),
                ("reference", mastered.reference),
                ("master", mastered.result),
            )
        },
        **digests_of(outputs),
    }


def digests_of(outputs: dict[str, Path]) -> dict[str, dict[str, str]]:
    """Return by which files, and the samples in them, are recognised; SHA-256 by format."""
    digests = {name: digest_file(path) for name, path in outputs.items()}
    return {
        "outputs_sha256": {name: each.file for name, each in digests.items()},
        "outputs_audio_sha256": {name: each.audio for name, each in digests.items() if each.audio},
    }


def _profile_sha256(profile: Profile | Blend) -> str:
    text = json.dumps(profile.to_dict(), separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
