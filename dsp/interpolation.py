"""What a few samples would be, going by those around them."""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.linalg

from dsp.spectrum import Doubles, Floats

ORDER: Final = 24
AROUND: Final = 256  # frames on either side that are gone by
REGULAR: Final = 1e-9  # of the power, added to it: a pure tone has no other answer


def interpolate(samples: Floats | Doubles, first: int, last: int) -> tuple[Doubles, float] | None:
    """Return what ``samples[first:last]`` would be by an autoregression, and its standard error.

    Parameters
    ----------
    samples : ndarray, shape (frames,)
        Full scale ±1.
    first, last : int
        The stretch that is not believed; short against ``AROUND``.

    Returns
    -------
    (ndarray, shape (last − first,), float) or None
        None at the ends of the samples and in silence, where nothing can be gone by.

    References
    ----------
    Janssen, Veldhuis, Vries: Adaptive interpolation of discrete-time signals that can be modeled
    as autoregressive processes. IEEE ASSP 34 (1986); one step of it.
    """
    begin, end = max(0, first - AROUND), min(samples.size, last + AROUND)
    near = samples[begin:end].astype(np.float64)
    start, stop = first - begin, last - begin
    if start < 2 * ORDER or near.size - stop < 2 * ORDER:
        return None
    tapered = near * np.hanning(near.size)
    powers = np.correlate(tapered, tapered, "full")[near.size - 1 : near.size + ORDER]
    if powers[0] <= 0.0:
        return None
    powers[0] *= 1.0 + REGULAR
    coefficients = scipy.linalg.solve_toeplitz(powers[:ORDER], powers[1:])
    whitening = np.concatenate([[1.0], -coefficients])
    kernel = np.correlate(whitening, whitening, "full")
    known = near.copy()
    known[start:stop] = 0.0
    pull = np.convolve(known, kernel, "same")[start:stop]
    column = np.zeros(stop - start)
    half = kernel[ORDER:]
    column[: half.size] = half[: column.size]
    matrix = scipy.linalg.toeplitz(column)
    values = np.linalg.solve(matrix, -pull)
    rest = np.convolve(near, whitening, "valid")
    believed = np.delete(rest, np.s_[start - ORDER : stop])
    spread = np.sqrt(np.mean(np.square(believed)) * np.mean(np.diag(np.linalg.inv(matrix))))
    return values, float(spread)
