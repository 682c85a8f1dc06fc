"""Which moments of two tracks are nearest to each other, both ways."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, types

from dsp.spectrum import Doubles

Numbers = npt.NDArray[np.int64]

ROWS: Final = 256  # compared at once, so that memory does not grow with the square of a length


def nearest_pairs(
    first: Doubles,
    second: Doubles,
    count: int,
    groups: tuple[Numbers, Numbers] | None = None,
) -> tuple[Numbers, Numbers, Doubles]:
    """Return the pairs of rows where one is among the nearest of the other.

    Parameters
    ----------
    first, second : ndarray, shapes (m, values) and (n, values)
    count : int
        How many nearest each row has.
    groups : pair of ndarray of int, shapes (m,) and (n,), optional
        Only rows of one group are paired, where there is any group of both.

    Returns
    -------
    rows, columns : ndarray of int, shape (pairs,)
        Numbers in ``first`` and in ``second``, in order.
    squares : ndarray, shape (pairs,)
        Squares of the distances.
    """
    if groups is not None and not np.isin(*groups).any():
        groups = None
    sums = np.square(first).sum(axis=1), np.square(second).sum(axis=1)
    turned = -2.0 * second.T
    by_row = np.full((len(first), count), np.inf), np.full((len(first), count), -1)
    by_column = np.full((len(second), count), np.inf), np.full((len(second), count), -1)
    for start in range(0, len(first), ROWS):
        rows = slice(start, start + ROWS)
        apart = first[rows] @ turned
        apart += sums[0][rows, None]
        apart += sums[1]
        if groups is not None:
            apart[groups[0][rows, None] != groups[1]] = np.inf
        _keep_nearest(apart, start, *by_row, *by_column)
    owners = np.repeat(np.arange(len(first)), count), np.repeat(np.arange(len(second)), count)
    columns = np.concatenate([by_row[1].ravel(), owners[1]])
    codes = np.concatenate([owners[0], by_column[1].ravel()]) * len(second) + columns
    squares = np.concatenate([by_row[0].ravel(), by_column[0].ravel()])
    found = np.isfinite(squares)
    codes, places = np.unique(codes[found], return_index=True)
    return codes // len(second), codes % len(second), np.maximum(squares[found][places], 0.0)


_DISTANCES = types.float64[:, ::1]
_NUMBERS = types.int64[:, ::1]


@njit(
    types.void(types.float64, types.int64, types.float64[::1], types.int64[::1]),
    nogil=True,
    cache=True,
)
def _insert(square: float, partner: int, squares: Doubles, partners: Numbers) -> None:
    """Put one among the nearest, in order, and drop the last."""
    place = squares.size - 1
    while place > 0 and squares[place - 1] > square:
        squares[place] = squares[place - 1]
        partners[place] = partners[place - 1]
        place -= 1
    squares[place] = square
    partners[place] = partner


@njit(
    types.void(_DISTANCES, types.int64, _DISTANCES, _NUMBERS, _DISTANCES, _NUMBERS),
    nogil=True,
    cache=True,
)
def _keep_nearest(
    apart: Doubles,
    start: int,
    row_squares: Doubles,
    row_partners: Numbers,
    column_squares: Doubles,
    column_partners: Numbers,
) -> None:
    """Keep the nearest of rows ``start …`` and of all columns, nearest first."""
    last = row_squares.shape[1] - 1
    for line in range(apart.shape[0]):
        row = start + line
        for column in range(apart.shape[1]):
            square = apart[line, column]
            if square < row_squares[row, last]:
                _insert(square, column, row_squares[row], row_partners[row])
            if square < column_squares[column, last]:
                _insert(square, row, column_squares[column], column_partners[column])
