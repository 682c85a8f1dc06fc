"""Matchering run on the same files, as a program in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import soundfile

PROGRAM = """
import sys, matchering
target, reference, result = sys.argv[1:]
matchering.process(target=target, reference=reference,
                   results=[matchering.Result(result, "FLOAT", use_limiter=True)])
"""


def matched(
    python: Path, target: np.ndarray, reference: np.ndarray, rate: int, kept: Path
) -> tuple[np.ndarray, int]:
    """Return Matchering's master of a target, from ``kept`` where it was made before."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        wavs = [kept.with_suffix(f".{name}.wav") for name in ("target", "reference")]
        for wav, samples in zip(wavs, (target, reference), strict=True):
            soundfile.write(wav, samples.T, rate, "FLOAT")
        subprocess.run(
            [python, "-c", PROGRAM, *wavs, kept], check=True, capture_output=True, timeout=600
        )
        for wav in wavs:
            wav.unlink()
    samples, result_rate = soundfile.read(kept, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T), result_rate
