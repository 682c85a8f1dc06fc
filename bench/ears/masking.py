"""What of a damage can be heard beside the music: damage that nobody hears need not be found.

The model errs on the side of hearing: it knows no masking by what sounded just before, listens
loud, and one critical band above the threshold is enough.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio

FRAME_SECONDS: Final = 4096 / 44_100
BARKS: Final = 24
FULL_SCALE_DB: Final = 96.0  # sound pressure level of a sine at 0 dBFS: loud listening
TONE_DB: Final = 14.5  # under a tone, and one more per critical band, noise is masked …
NOISE_DB: Final = 5.5  # … and under noise a tone
FLAT_DB: Final = (-20.0, -3.0)  # flatness of a band that holds a tone, and of one that is noise
FAINTEST: Final = 1e-14

Doubles = npt.NDArray[np.float64]


def heard_seconds(song: Audio, damage: Audio) -> float:
    """Return for how long a damage rises above what the song masks.

    Parameters
    ----------
    song, damage : Audio
        Of one rate and length; what is heard is their sum.

    References
    ----------
    Johnston: Transform coding of audio signals using perceptual noise criteria. IEEE JSAC 6 (1988):
    critical bands, spreading, offsets by flatness, here of each band. Terhardt: Calculating virtual
    pitch. Hearing Research 1 (1979): threshold in quiet.
    """
    frames = 2 * round(FRAME_SECONDS * song.rate_hz / 2)
    hz = np.fft.rfftfreq(frames, 1.0 / song.rate_hz)
    bands = np.clip(barks(hz).astype(np.int64), 0, BARKS - 1)
    apart = np.arange(BARKS)[:, None] - np.arange(BARKS)[None, :] + 0.474
    spreading = 10.0 ** ((15.81 + 7.5 * apart - 17.5 * np.sqrt(1.0 + apart**2)) / 10.0)
    spreading /= spreading.sum(axis=1, keepdims=True)
    quiet = 10.0 ** ((in_quiet_db(hz) - FULL_SCALE_DB) / 10.0)
    widths = np.maximum(_sums(np.ones(hz.size), bands), 1.0)
    heard = 0
    hop = frames // 2
    for first in range(0, song.frames - frames + 1, hop):
        part = slice(first, first + frames)
        powers = _powers(song.samples[:, part])
        means = _sums(powers, bands) / widths + FAINTEST
        logs = _sums(np.log(powers + FAINTEST), bands) / widths
        flatness_db = 10.0 * (logs / np.log(10.0) - np.log10(means))
        tonal = 1.0 - np.clip(np.interp(flatness_db, FLAT_DB, (0.0, 1.0)), 0.0, 1.0)
        offset_db = tonal * (TONE_DB + np.arange(BARKS)) + (1.0 - tonal) * NOISE_DB
        masked = spreading @ _sums(powers, bands) * 10.0 ** (-offset_db / 10.0)
        added = _powers(damage.samples[:, part])
        over_quiet = _sums(added / quiet, bands) > 1.0
        heard += bool(np.any(over_quiet & (_sums(added, bands) > masked)))
    return heard * hop / song.rate_hz


def barks(hz: Doubles) -> Doubles:
    """Return the critical band of frequencies (Zwicker and Terhardt 1980)."""
    found: Doubles = 13.0 * np.arctan(0.00076 * hz) + 3.5 * np.arctan(np.square(hz / 7_500.0))
    return found


def in_quiet_db(hz: Doubles) -> Doubles:
    """Return the threshold of hearing in quiet, dB SPL."""
    khz = np.maximum(hz, 20.0) / 1_000.0
    found: Doubles = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * np.square(khz - 3.3)) + 1e-3 * khz**4
    return found


def _powers(samples: npt.NDArray[np.float32]) -> Doubles:
    """Return the power in every bin, of both channels; a sine at full scale has 1 in all."""
    size = samples.shape[1]
    window = np.hanning(size + 1)[:-1]
    spectra = np.fft.rfft(samples * window, axis=1)
    scale = 4.0 / (size * float(np.sum(np.square(window))))
    powers: Doubles = scale * np.square(np.abs(spectra)).mean(axis=0)
    return powers


def _sums(powers: Doubles, bands: npt.NDArray[np.int64]) -> Doubles:
    return np.bincount(bands, powers, BARKS)
