"""Change of sample rate."""

from __future__ import annotations

import numpy as np
import soxr

from dsp.audio import Audio


def resample(audio: Audio, rate_hz: int) -> Audio:
    """Return the audio at another rate, in time with the original.

    Parameters
    ----------
    audio : Audio
        Any length.
    rate_hz : int
        The new rate, Hz.

    Returns
    -------
    Audio
        Exactly ``ceil(frames × rate_hz / audio.rate_hz)`` frames, so that no moment is lost; the
        same object where the rate is the same already.

    References
    ----------
    The SoX resampler, quality VHQ: flat to 0.913 of half the lower rate, linear phase.
    """
    if rate_hz == audio.rate_hz:
        return audio
    frames = -(-audio.frames * rate_hz // audio.rate_hz)
    samples = np.zeros((audio.channels, frames), dtype=np.float32)
    for channel, row in enumerate(audio.samples if frames else ()):
        converted = soxr.resample(row, audio.rate_hz, rate_hz, quality="VHQ")[:frames]
        samples[channel, : len(converted)] = converted
    return Audio(samples, rate_hz)
