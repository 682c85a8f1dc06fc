"""What becomes of a master on its way to listeners: lossy copies, and loudspeakers in mono."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from dsp import files
from dsp.audio import Audio
from dsp.errors import SilentAudio
from dsp.formats import WRITABLE, Limits
from dsp.loudness import HOP_SECONDS, measure_loudness, weighted_energies
from dsp.peaks import sample_peak_dbfs, true_peak_dbtp
from dsp.settings import CEILING_DBTP

CODECS: Final = ("mp3-320", "aac-256")
DECODED_LIMIT_DBTP: Final = 0.0  # above it players that decode to integers clip
SAFETY_DB: Final = 0.5  # another limiter setting shifts what a codec adds by about this much
AUDIBLE_LUFS: Final = -40.0  # quieter moments say nothing about a fold-down


def check_release(audio: Audio, folder: Path, *, ceiling_dbtp: float) -> dict[str, Any]:
    """Measure a master as lossy copies and a mono loudspeaker will play it.

    Parameters
    ----------
    audio : Audio
        The finished master, within ±1.0.
    folder : Path
        Where the lossy copies may lie for a moment.
    ceiling_dbtp : float
        The ceiling that the master was made with, dBTP.

    Returns
    -------
    dict
        JSON-ready. ``true_peak_dbtp`` and ``sample_peak_dbfs`` of the file; for each codec
        ``true_peak_dbtp`` of what it decodes to, ``overshoot_db`` against the file and
        ``overs``, its samples beyond full scale; ``safe_ceiling_dbtp``, None where every copy
        stays within ``DECODED_LIMIT_DBTP``; ``mono``.
    """
    true_peak = true_peak_dbtp(audio)
    copies: list[dict[str, Any]] = []
    for code in CODECS:
        path = folder / f"{code}.{WRITABLE[code].extension}"
        files.write(path, audio, format=code)
        peak, overs = _decoded(path)
        path.unlink()
        copies.append(
            {
                "format": code,
                "true_peak_dbtp": _level(peak),
                "overshoot_db": _level(peak - true_peak) if math.isfinite(peak) else None,
                "overs": overs,
            }
        )
    return {
        "true_peak_dbtp": _level(true_peak),
        "sample_peak_dbfs": _level(sample_peak_dbfs(audio)),
        "codecs": copies,
        "safe_ceiling_dbtp": safe_ceiling_dbtp(
            ceiling_dbtp, [copy["true_peak_dbtp"] for copy in copies]
        ),
        "mono": _mono(audio),
    }


def safe_ceiling_dbtp(ceiling_dbtp: float, decoded_dbtp: list[float | None]) -> float | None:
    """Return the ceiling under which no lossy copy would pass full scale, in steps of 0.1 dB.

    Parameters
    ----------
    ceiling_dbtp : float
        The ceiling that was used.
    decoded_dbtp : list of float or None
        True peaks of the lossy copies; None for silence.

    Returns
    -------
    float or None
        dBTP, within the range of the setting; None where the one in use is safe already.
    """
    worst = max((peak for peak in decoded_dbtp if peak is not None), default=-math.inf)
    if worst <= DECODED_LIMIT_DBTP:
        return None
    wanted = ceiling_dbtp - (worst - DECODED_LIMIT_DBTP) - SAFETY_DB
    return max(CEILING_DBTP[0], math.floor(wanted * 10.0 + 1e-6) / 10.0)


def _decoded(path: Path) -> tuple[float, int]:
    """Return the true peak of a lossy copy, dBTP, and its samples beyond full scale."""
    try:
        decoded = files.read(path, Limits(min_seconds=0.0, max_seconds=math.inf))
    except SilentAudio:
        return -math.inf, 0
    return true_peak_dbtp(decoded), int(np.count_nonzero(np.abs(decoded.samples) > 1.0))


def _mono(audio: Audio) -> dict[str, Any]:
    """Return by how many LU a master gets quieter on one loudspeaker, in all and at worst.

    The sum plays as loud as before where both channels agree; 3 LU are lost where they have
    nothing in common, and everything where they cancel.
    """
    stereo = measure_loudness(weighted_energies(audio))
    if audio.channels == 1:
        return {"channels": 1, "loss_lu": 0.0, "worst_loss_lu": 0.0, "worst_at_seconds": None}
    middle = audio.samples.mean(axis=0, dtype=np.float32)
    folded = measure_loudness(weighted_energies(Audio(np.stack([middle, middle]), audio.rate_hz)))
    loss = stereo.short_term_lufs - np.maximum(folded.short_term_lufs, -120.0)
    loss = np.where(stereo.short_term_lufs >= AUDIBLE_LUFS, loss, -math.inf)
    worst = int(np.argmax(loss)) if loss.size else -1
    heard = worst >= 0 and math.isfinite(loss[worst])
    return {
        "channels": 2,
        "loss_lu": _level(stereo.integrated_lufs - max(folded.integrated_lufs, -120.0)),
        "worst_loss_lu": _level(float(loss[worst])) if heard else None,
        "worst_at_seconds": round(worst * HOP_SECONDS, 1) if heard else None,
    }


def _level(value: float) -> float | None:
    return round(value, 2) + 0.0 if math.isfinite(value) else None
