"""Matchering run on the same pieces, as a program in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100  # what it makes of everything
PROGRAM = """
import sys, matchering
target, reference, result = sys.argv[1:]
matchering.process(target=target, reference=reference,
                   results=[matchering.Result(result, "FLOAT", use_limiter=True)])
"""


def matched(
    python: Path,
    target: tuple[np.ndarray, int],
    reference: tuple[np.ndarray, int],
    kept: Path,
) -> np.ndarray:
    """Return Matchering's master of (samples, rate), from ``kept`` where it was made before."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        wavs = [kept.with_suffix(f".{name}.wav") for name in ("target", "reference", "part")]
        for wav, (samples, rate) in zip(wavs[:2], (target, reference), strict=True):
            soundfile.write(wav, samples.T, rate, "FLOAT")
        subprocess.run([python, "-c", PROGRAM, *wavs], check=True, capture_output=True, timeout=600)
        wavs[2].rename(kept)
        for wav in wavs[:2]:
            wav.unlink()
    samples, _ = soundfile.read(kept, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)
