"""Where the error of PSR to the truth comes from, at the default amount.

python -m bench.sound.peaks_trial --cache DIR [--music DIR] [--every N] [--scale S]

Sections damaged as in the trial ``same``. Printed per track and as medians (means) of magnitudes,
all less the truth's PSR, dB: the reference's (another section of the track: what no estimate
knows), the truth's own under a ceiling of -1 dBTP at the reference's loudness, the master's, the
master's at -30 LUFS, where no ceiling bites, and that toward the truth itself, where nothing is to
be estimated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bench.sound import corpus, meters
from bench.sound.cases import Case, Pieces, all_cases
from dsp.audio import Audio
from dsp.chain import plan_master, process
from dsp.maximizer import maximize
from dsp.measure import measure
from dsp.settings import MasterSettings

CEILING_DBTP = -1.0
FREE_LUFS = -30.0  # no peak reaches the ceiling
COLUMNS = ("reference", "ceiling", "master", "free", "known")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    music = corpus.fetch(options.music or options.cache / "music", corpus.tracks())
    cases = all_cases(
        music, {}, trials={"same"}, kinds=["all"], scales=[options.scale], every=options.every
    )
    print(f"{'':40}" + "".join(f"{column:>11}" for column in COLUMNS))
    rows = []
    for case in cases:
        rows.append(apart(case, options.cache))
        print(f"{case.name[:38]:40}" + "".join(f"{value:11.2f}" for value in rows[-1]), flush=True)
    for name, of in (("median", np.median), ("mean", np.mean)):
        print(f"{name:40}" + "".join(f"{value:11.2f}" for value in of(np.abs(rows), axis=0)))


def apart(case: Case, cache: Path) -> list[float]:
    """Return by how much each PSR of a case is over the truth's, dB."""
    pieces = Pieces(case, cache)
    rate = pieces.rate
    mix, truth, reference = (
        Audio(np.ascontiguousarray(samples), rate)
        for samples in (pieces.mix, pieces.truth, pieces.reference)
    )
    mix_profile, toward, known = measure(mix), measure(reference), measure(truth)
    limited = maximize(truth, goal_lufs=toward.integrated_lufs, ceiling_dbtp=CEILING_DBTP).audio
    masters = [
        process(mix, plan_master(mix_profile, profile, settings))[0]
        for profile, settings in (
            (toward, MasterSettings()),
            (toward, MasterSettings(loudness=FREE_LUFS)),
            (known, MasterSettings(loudness=FREE_LUFS)),
        )
    ]
    truth_psr = meters.psr_median(truth.samples, rate)
    tracks = (reference, limited, *masters)
    return [meters.psr_median(track.samples, rate) - truth_psr for track in tracks]


if __name__ == "__main__":
    main()
