"""Tables of how well the engine hears, on music of one's own; nothing is fetched.

python -m bench.ears findings --music DIR [--every N] [--processes N]
python -m bench.ears pairs --music DIR [--pairs TSV]
python -m bench.ears sections --music DIR [--songs N] [--seed N] [--output FILE]
python -m bench.ears rank --music DIR [--every N]

Names of tracks begin with their genre and two underscores. Findings: each accident of
``bench.ears.accidents`` done to each track, clipping at every gain, and what
``bench.ears.innocent`` holds, which must not be found. Pairs: how often a pair of
one genre scores over a pair of two, and the same for a table of pairs with the columns target,
reference and kind (match or mismatch). Sections: songs spliced from parts of several tracks,
and songs of two and three kinds of parts that are paired.
Rank: the place that a finished track has in a library of all tracks for the mix it would have been
made of. Each trial writes what it found into its part of ``bench/EARS.md``.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from pathlib import Path

import numpy as np

from bench.ears import accidents, page, parts
from bench.ears import findings as trial
from bench.ears.tracks import stereo, tracks
from bench.sound.damage import damaged
from dsp.audio import Audio
from dsp.axes import WEIGHTS
from dsp.measure import measure
from dsp.suitability import compare, rank

PIECE_SECONDS = (14.0, 32.0)
PIECES = 5
NEAR_SECONDS = 1.0


def main() -> None:
    """Run one of the trials and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("trial", choices=("findings", "pairs", "sections", "rank"))
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--every", type=int, default=1, help="use every N-th track only")
    parser.add_argument("--processes", type=int, default=2, help="of findings")
    parser.add_argument("--songs", type=int, default=40)
    parser.add_argument("--pairs-of-songs", type=int, default=20, help="whose parts are paired")
    parser.add_argument("--seed", type=int, default=0, help="of songs; the page's are of 0")
    parser.add_argument("--output", type=Path, default=Path("bench/EARS.md"))
    options = parser.parse_args()
    trials = {"findings": findings, "pairs": pairs, "sections": sections, "rank": ranks}
    told = trials[options.trial](options)
    print("\n".join(told))
    page.write(options.output, options.trial, told)


def findings(options: argparse.Namespace) -> list[str]:
    """Return how many of each accident are found, and what is found where none was."""
    return trial.run(options, tracks(options.music))


def pairs(options: argparse.Namespace) -> list[str]:
    """Return how well scores tell like pairs from unlike ones."""
    summaries = {path.stem: measure(stereo(path)).summary() for path in tracks(options.music)}
    like, unlike = [], []
    for first, second in itertools.permutations(summaries, 2):
        same = first.split("__")[0] == second.split("__")[0]
        (like if same else unlike).append((first, second))
    lines = tell("of one genre", summaries, like, unlike)
    if options.pairs:
        rows = list(csv.DictReader(options.pairs.open(), delimiter="\t"))
        named = [[(r["target"], r["reference"]) for r in rows if r["kind"] == kind]
                 for kind in ("match", "mismatch")]  # fmt: skip
        lines += ["", *tell("of the table", summaries, *named)]
    return lines


def tell(name, summaries, like, unlike):
    """Return the share of like pairs over unlike ones, by the whole score and by each axis."""
    rows = [
        [compare(summaries[first], summaries[second]) for first, second in each]
        for each in (like, unlike)
    ]
    lines = [f"| score | {area(*([each.score for each in kind] for kind in rows)):.3f} |"]
    for number, code in enumerate(WEIGHTS):
        scores = ([each.axes[number].score for each in kind] for kind in rows)
        lines.append(f"| {code} | {area(*scores):.3f} |")
    heading = f"Pairs {name}: {len(like)} like, {len(unlike)} unlike."
    return [heading, "", *page.table("by", "AUC", lines)]


def area(like: list[float], unlike: list[float]) -> float:
    """Return the area under the receiver operating characteristic."""
    first, second = np.array(like)[:, None], np.array(unlike)
    return float(np.mean((first > second) + 0.5 * (first == second)))


def sections(options: argparse.Namespace) -> list[str]:
    """Return how many boundaries of spliced songs are found."""
    rng = np.random.default_rng(1_000 * options.seed + 5)
    paths = tracks(options.music)
    near = count = found = 0
    for number in range(options.songs):
        pieces = [piece(rng, stereo(paths[k])) for k in rng.permutation(len(paths))[:PIECES]]
        pieces = [accidents.resampled(each, 44_100) for each in pieces]
        rate_hz = pieces[0].rate_hz
        song = np.concatenate([each.samples for each in pieces], axis=1)
        truth = np.cumsum([each.frames for each in pieces])[:-1] / rate_hz
        starts = [s.start_seconds for s in measure(accidents.made(song, rate_hz)).sections[1:]]
        near += sum(min((abs(s - t) for s in starts), default=9.0) <= NEAR_SECONDS for t in truth)
        count, found = count + len(truth), found + len(starts)
        print(f"{number:3d} {near} of {count}; {found} told", flush=True)
    told = (
        f"{options.songs} songs of {PIECES} pieces: {near} of {count} boundaries within "
        f"{NEAR_SECONDS:g} s ({100.0 * near / count:.0f} %); {found} told."
    )
    return [told, "", *(paired(options, count) for count in parts.ORDERS)]


def paired(options: argparse.Namespace, kinds: int) -> str:
    """Return how many parts of made songs are paired with parts of their kind."""
    rng = np.random.default_rng(1_000 * options.seed + kinds)
    paths = tracks(options.music)
    right = count = 0

    def any_piece(chance: np.random.Generator) -> Audio:
        return piece(chance, stereo(paths[chance.integers(len(paths))]))

    for number in range(options.pairs_of_songs):
        songs = [parts.put_together(rng, any_piece, order) for order in parts.ORDERS[kinds]]
        found, of = parts.judge(*songs)
        right, count = right + found, count + of
        print(f"{kinds} kinds, {number:3d}: {right} of {count}", flush=True)
    return (
        f"{options.pairs_of_songs} pairs of made songs of {kinds} kinds of parts, "
        f"{parts.STEP_LU:g} LU apart: {right} of {count} parts paired with their kind "
        f"({100.0 * right / max(1, count):.0f} %)."
    )


def ranks(options: argparse.Namespace) -> list[str]:
    """Return the place of each mix's own master among all tracks."""
    chosen = {path.stem: stereo(path) for path in tracks(options.music)[:: options.every]}
    library = [(name, measure(track).summary()) for name, track in chosen.items()]
    places = []
    for seed, (name, track) in enumerate(chosen.items()):
        mix = accidents.made(damaged(track.samples, track.rate_hz, "all", seed), track.rate_hz)
        order = [key for key, *_ in rank(measure(mix).summary(), library)]
        places.append(order.index(name) + 1)
        print(f"{name:60s} {places[-1]}", flush=True)
    first = sum(place == 1 for place in places)
    among = sum(place <= 3 for place in places)
    return [
        f"Of {len(places)} mixes, {first} have their own master first, "
        f"{among} among the first three."
    ]


def piece(rng: np.random.Generator, track: Audio) -> Audio:
    """Return a part of a track, at a level near that of the others."""
    frames = min(round(rng.uniform(*PIECE_SECONDS) * track.rate_hz), track.frames)
    first = int(rng.integers(0, track.frames - frames + 1))
    samples = track.samples[:, first : first + frames].astype(np.float64)
    rms = np.sqrt(np.mean(np.square(samples)))
    level = 10.0 ** (rng.uniform(-20.0, -16.0) / 20.0)
    return accidents.made(samples * level / max(rms, 1e-6), track.rate_hz)


if __name__ == "__main__":
    main()
