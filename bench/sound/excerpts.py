"""Two sections of every track, decoded once and kept as arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

LONGEST_SECONDS = 45.0
FADES = (0.06, 0.94)  # of a track, between which its sections lie


def sections(track: Path, cache: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Return two sections that do not overlap, (2, frames) each, and their rate."""
    kept = cache / "sections" / f"{track.stem}.npz"
    if not kept.exists():
        samples, rate = soundfile.read(track, dtype="float32", always_2d=True)
        samples = samples.T if samples.shape[1] == 2 else np.repeat(samples.T, 2, axis=0)
        first, last = (int(share * samples.shape[1]) for share in FADES)
        length = min(int(LONGEST_SECONDS * rate), (last - first) // 2)
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part.npz")  # two cases may want it at once
        np.savez(
            part,
            first=samples[:, first : first + length],
            second=samples[:, last - length : last],
            rate=rate,
        )
        part.rename(kept)
    with np.load(kept) as arrays:
        return arrays["first"], arrays["second"], int(arrays["rate"])


def excerpt(track: Path, cache: Path) -> tuple[np.ndarray, int]:
    """Return both sections of a track, one after the other."""
    first, second, rate = sections(track, cache)
    return np.concatenate([first, second], axis=1), rate
