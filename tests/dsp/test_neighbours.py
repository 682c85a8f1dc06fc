"""Nearest rows both ways: as by looking at every pair, in blocks and within groups."""

import numpy as np
import pytest

from dsp.neighbours import ROWS, nearest_pairs


def by_looking(first, second, count, groups=None):
    apart = np.square(first[:, None] - second).sum(axis=2)
    if groups is not None and np.isin(*groups).any():
        apart[groups[0][:, None] != groups[1]] = np.inf
    chosen = np.zeros(apart.shape, dtype=bool)
    for row in range(len(first)):
        chosen[row, np.argsort(apart[row])[:count]] = True
    for column in range(len(second)):
        chosen[np.argsort(apart[:, column])[:count], column] = True
    rows, columns = np.nonzero(chosen & np.isfinite(apart))
    return rows, columns, apart[rows, columns]


@pytest.mark.parametrize(
    ("m", "n"), [(ROWS + 44, 90), (3, 400), (1, 1), (2, 3)], ids=lambda value: str(value)
)
@pytest.mark.parametrize("grouped", ["", "some shared", "none shared"])
def test_the_pairs_are_those_that_looking_at_all_finds(m, n, grouped):
    rng = np.random.default_rng(m * n)
    first, second = rng.normal(size=(m, 12)), rng.normal(size=(n, 12))
    groups = None
    if grouped:
        apart = 3 if grouped == "none shared" else 1
        groups = rng.integers(0, 3, m), rng.integers(0, 3, n) + apart
    rows, columns, squares = nearest_pairs(first, second, 3, groups)
    expected = by_looking(first, second, 3, groups)
    assert rows.tolist() == expected[0].tolist()
    assert columns.tolist() == expected[1].tolist()
    assert squares == pytest.approx(expected[2])
