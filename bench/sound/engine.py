"""The engine as it ships, on arrays: through a file, as people get it."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

import dsp
from dsp import files
from dsp.audio import Audio
from dsp.chain import master
from dsp.measure import Profile, measure
from dsp.settings import ENGINE_VERSION, MasterSettings

WITHOUT_SOUND = ("report.py", "checks.py", "__main__.py")  # of no effect on a master


def profile(samples: np.ndarray, rate: int) -> Profile:
    """Return the profile of samples."""
    return measure(_audio(samples, rate))


def matched(
    samples: np.ndarray, rate: int, reference: Profile, amount: float
) -> tuple[np.ndarray, dict[str, object]]:
    """Return the 24-bit master of samples toward a profile, read back, and what the limits did."""
    mastered = master(_audio(samples, rate), reference, MasterSettings(amount=amount))
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        files.write(file.name, mastered.audio, format="wav24")
        written, _ = soundfile.read(file.name, dtype="float32", always_2d=True)
    last = mastered.maximized
    return np.ascontiguousarray(written.T), {
        "goal": mastered.goal_lufs,
        "held_by": last.held_by if last else None,
        "reduction_max": last.max_reduction_db if last else 0.0,
        "reduction_mean": last.mean_reduction_db if last else 0.0,
        "changed": bool(
            mastered.tone.applied_db.any()
            or mastered.width.applied_db.any()
            or mastered.dynamics.applied_db.any()
        ),
    }


@cache
def identity() -> str:
    """Return what tells this engine from any other: its version and its code.

    Read once: what is edited while a run goes on is not what the run has loaded.
    """
    code = hashlib.sha256()
    for path in sorted(Path(dsp.__file__).parent.glob("*.py")):
        if path.name not in WITHOUT_SOUND:
            code.update(path.read_bytes())
    return f"{ENGINE_VERSION} {code.hexdigest()[:16]}"


def _audio(samples: np.ndarray, rate: int) -> Audio:
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), rate)
