"""The page of how near masters come, beside doing nothing, gain alone and Matchering.

python -m bench.sound --cache DIR [--output bench/SOUND.md] [--every N] [--trials …] [--kinds …]

Music is fetched into the cache, raw mixes are rendered there, Matchering gets an environment
there. Figures are kept per take, so that a run that was ended goes on where it was; they are
measured anew when the engine, its settings, the meters or the audio change.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from bench import limiter_grid, peer
from bench.sound import bars, corpus, meter_trial, page
from bench.sound.cases import SCALES, Case, all_cases
from bench.sound.damage import KINDS
from bench.sound.takes import Setting, figures

TRIALS = ("same", "album", "other", "pair", "raw", "programme", "null")
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
TONES_HZ = (50, 1_000, 5_000)


def main() -> None:
    """Run the trials and write the page and the figures beside it."""
    options = _options()
    music, raw = _music(options)
    setting = Setting(
        options.cache, None if options.without_peer else peer.chosen(options.peer, options.cache)
    )
    cases = all_cases(
        music, raw,
        trials=set(options.trials.split(",")), kinds=options.kinds.split(","),
        scales=[float(scale) for scale in options.scales.split(",")], every=options.every,
        pairs_every=options.pairs_every,
    )  # fmt: skip
    tracks = [music[track.id] for track in corpus.tracks() if track.id in music]
    with ProcessPoolExecutor(options.jobs) as pool:
        rows = _rows(pool, cases, setting)
        readings = list(
            pool.map(partial(meter_trial.apart, cache=options.cache), tracks[:: options.every])
        )
    tones_db = {hz: limiter_grid.thd_n_db(hz, 6) for hz in TONES_HZ}
    kept = options.output.with_suffix(".json")
    text = page.text(
        rows,
        bars.judged(rows, tones_db, readings),
        readings,
        _grid(options.minutes),
        json.loads(kept.read_text()) if kept.exists() else None,
        source=f"{len(corpus.tracks())} finished tracks and {len(corpus.raw_mixes())} raw mixes",
        subset=_subset(options, tracks, raw, cases, setting),
    )
    options.output.write_text(text)
    kept.write_text(json.dumps(page.figures(rows), indent=0, sort_keys=True) + "\n")
    print(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for all that is kept")
    parser.add_argument("--music", type=Path, help="folder of finished tracks, named by id")
    parser.add_argument("--raw", type=Path, help="folder of raw mixes, named by id")
    parser.add_argument("--peer", type=Path, help="Python of an environment with Matchering")
    parser.add_argument("--without-peer", action="store_true")
    parser.add_argument("--trials", default=",".join(TRIALS))
    parser.add_argument("--kinds", default="all", help=f"damages, of {', '.join(KINDS)}")
    parser.add_argument("--scales", default=",".join(f"{scale:g}" for scale in SCALES))
    parser.add_argument("--every", type=int, default=1, help="every N-th track and pair only")
    parser.add_argument("--pairs-every", type=int, help="every N-th pair, where that is another N")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, default=4.0, help="of the limiter's timed piece")
    parser.add_argument("--output", type=Path, default=Path("bench/SOUND.md"))
    return parser.parse_args()


def _music(options: argparse.Namespace) -> tuple[dict[str, Path], dict[str, Path]]:
    music = corpus.fetch(options.music or options.cache / "music", corpus.tracks())
    if not music:
        raise SystemExit("no music: it could not be fetched; name a folder by MUSIC=")
    return music, corpus.render(options.raw or options.cache / "raw")


def _rows(pool: ProcessPoolExecutor, cases: list[Case], setting: Setting) -> bars.Rows:
    """Return a row for every take of every case, telling how far it is."""
    rows = []
    told = pool.map(partial(figures, setting=setting), cases)
    for number, (case, takes) in enumerate(zip(cases, told, strict=True), 1):
        print(f"{number}/{len(cases)} {case.group} {case.name}", file=sys.stderr, flush=True)
        for take, row in takes.items():
            rows.append({"group": case.group, "name": case.name, "take": take, **row})
    return rows


def _grid(minutes: float) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        limiter_grid.tables(minutes)
    return printed.getvalue() + "\n"


def _subset(options, tracks, raw, cases, setting) -> str:
    told = f"This run: {len(cases)} cases"
    if options.every > 1:
        told += f", every {options.every}. track"
        told += " and pair only" if options.pairs_every in (None, options.every) else " only"
    if options.pairs_every not in (None, options.every):
        told += f", every {options.pairs_every}. pair" if options.pairs_every > 1 else ", all pairs"
    told += f"; {len(tracks)} of {len(corpus.tracks())} tracks and {len(raw)} of "
    told += f"{len(corpus.raw_mixes())} raw mixes were there"
    return told + (". **Without Matchering.**" if setting.peer is None else ".")


if __name__ == "__main__":
    os.environ |= dict.fromkeys(ONE_THREAD, "1")
    main()
