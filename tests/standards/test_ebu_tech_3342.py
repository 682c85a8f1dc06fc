"""EBU Tech 3342, table 1: the loudness range of the cases that can be made, within 0.1 LU.

The document allows 1 LU. Cases 5 and 6 are recorded programmes that are not to be had.
"""

import pytest

from dsp.loudness import loudness_range_lu, weighted_energies
from tests.standards.tones import RATES_HZ, steps

CASES = {
    1: ([(20, -20), (20, -30)], 10.0),
    2: ([(20, -20), (20, -15)], 5.0),
    3: ([(20, -40), (20, -20)], 20.0),
    4: ([(20, -50), (20, -35), (20, -20), (20, -35), (20, -50)], 15.0),
}


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("case", CASES)
def test_loudness_range(case, rate_hz):
    parts, expected_lu = CASES[case]
    energies = weighted_energies(steps(*parts, rate_hz=rate_hz))
    assert loudness_range_lu(energies) == pytest.approx(expected_lu, abs=0.1)
