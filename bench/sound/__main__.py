"""Tables of how near the engine comes, beside doing nothing and beside Matchering.

python -m bench.sound recover --music DIR --cache DIR [--peer PYTHON] [--kinds all,none] [--every N]
python -m bench.sound pairs --music DIR --cache DIR --pairs TSV [--peer PYTHON]
python -m bench.sound programme --music DIR --cache DIR
python -m bench.sound page --music DIR --cache DIR --pairs TSV [--peer PYTHON] --output FILE
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from bench.sound import damage, engine, excerpts, meters, peer

AMOUNTS = (0.7, 1.0)
PAGE_HEAD = """# Sound, measured

Median (mean) of each distance, whole chain, limiter too, loudness aligned; made by
`make bench-sound MUSIC=folder PAIRS=pairs.tsv PEER=python`. Distances to the truth: log-STFT, tone
(third octaves), width (S/M per band), 400 ms quantiles and PSR in dB, LRA in LU; those that end in
`_ref` are to the reference. `all` is a section with every damage at once and another section of the
same track as reference; `none` is the section undamaged, where untouched is perfect.
"""

page: list[str] = []


def say(line: str) -> None:
    """Print a line, and keep it for the page."""
    print(line, flush=True)
    page.append(line)


def main() -> None:
    """Run one of the trials and print its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("trial", choices=("recover", "pairs", "programme", "page"))
    parser.add_argument("--music", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--peer", type=Path, help="Python of an environment with Matchering")
    parser.add_argument("--kinds", default="all,none")
    parser.add_argument("--every", type=int, default=1, help="use every N-th track only")
    parser.add_argument("--output", type=Path, help="where the page is written")
    parser.add_argument("--details", action="store_true", help="a line for every case")
    options = parser.parse_args()
    trials = {"recover": recover, "pairs": pairs, "programme": programme}
    for trial in trials if options.trial == "page" else [options.trial]:
        trials[trial](options)
    if options.output:
        options.output.write_text("\n".join([PAGE_HEAD, "```", *page, "```", ""]))


def recover(options: argparse.Namespace) -> None:
    """Unmaster a section, master it toward another section, measure the distance to the truth."""
    rows = []
    for number, track in enumerate(excerpts.tracks(options.music)[:: options.every]):
        truth, reference, rate = excerpts.sections(track, options.cache)
        reference_profile = engine.profile(reference, rate)
        for kind in options.kinds.split(","):
            mix = damage.damaged(truth, rate, kind, seed=number)
            name = f"{track.stem}.{kind}"
            for what, take in takes(mix, reference, reference_profile, rate, name, options):
                row = kept_distances(take, truth, reference, rate, name, what, options.cache)
                rows.append({"case": kind, "track": track.stem, "take": what, **row})
                if options.details:
                    print(json.dumps(rows[-1]), flush=True)
    print_table(rows, ("log_stft", "tone", "width", "q400", "psr", "lra", "tone_ref", "width_ref"))
    worse(rows)


def takes(mix, reference, reference_profile, rate, name, options):
    """Yield the named takes of a mix: untouched, Matchering's, and the engine's at its amounts."""
    yield "untouched", mix
    if options.peer and rate == 44_100:
        kept = options.cache / "peer" / f"{name}.wav"
        yield "matchering", peer.matched(options.peer, mix, reference, rate, kept)[0]
    for amount in AMOUNTS:
        yield f"lacquer {amount}", engine.matched(mix, rate, reference_profile, amount)


def kept_distances(take, truth, reference, rate, name, what, cache):
    """Return distances to the truth and the reference, kept for takes that never change."""
    kept = cache / "distances" / f"{name}.{what}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    frames = min(take.shape[1], truth.shape[1])
    row = meters.distances(take[:, :frames], truth[:, :frames], rate)
    ours, theirs = meters.spectra(take, rate), meters.spectra(reference, rate)
    row["tone_ref"] = meters.tone_distance(ours[0], theirs[0])
    row["width_ref"] = meters.width_distance(ours, theirs)
    if not what.startswith("lacquer"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(row))
    return row


def pairs(options: argparse.Namespace) -> None:
    """Master real pairs and measure the distance to the reference."""
    rows = []
    for pair in csv.DictReader(options.pairs.open(), delimiter="\t"):
        found = {path.stem: path for path in excerpts.tracks(options.music)}
        mix, rate = excerpts.excerpt(found[pair["target"]], options.cache)
        reference, reference_rate = excerpts.excerpt(found[pair["reference"]], options.cache)
        reference_profile = engine.profile(reference, reference_rate)
        goal = meters.integrated(meters.step_energies(reference, reference_rate))
        theirs = meters.spectra(reference, reference_rate)
        for what, take in takes(mix, reference, reference_profile, rate, pair["pair"], options):
            if reference_rate != rate and what == "matchering":
                continue
            take = meters.aligned(take, rate, goal)
            ours, energies = meters.spectra(take, rate), meters.step_energies(take, rate)
            rows.append(
                {
                    "case": pair["kind"],
                    "track": pair["pair"],
                    "take": what,
                    "tone_ref": meters.tone_distance(ours[0], theirs[0]),
                    "width_ref": meters.width_distance(ours, theirs),
                    "psr_ref": abs(
                        meters.psr_median(take, rate) - meters.psr_median(reference, reference_rate)
                    ),
                    "lra_ref": abs(
                        meters.loudness_range(energies)
                        - meters.loudness_range(meters.step_energies(reference, reference_rate))
                    ),
                }
            )
            if options.details:
                print(json.dumps(rows[-1]), flush=True)
    print_table(
        [{**row, "case": "both"} for row in rows], ("tone_ref", "width_ref", "psr_ref", "lra_ref")
    )


def programme(options: argparse.Namespace) -> None:
    """Change a track's tone, give the track itself as reference, measure what tone remains."""
    rows = []
    for number, track in enumerate(excerpts.tracks(options.music)[:: options.every]):
        truth, _, rate = excerpts.sections(track, options.cache)
        mix = damage.damaged(truth, rate, "tone", seed=1000 + number)
        take = engine.matched(mix, rate, engine.profile(truth, rate), 1.0)
        curves = [meters.narrow_db(x[0] + x[1], rate) for x in (take, truth)]
        audible = meters.NARROW_KEPT & (curves[1] > curves[1].max() - meters.AUDIBLE_DB)
        left = (curves[0] - curves[1])[audible]
        left = left - left.mean()
        rows.append(
            {
                "case": "programme",
                "track": track.stem,
                "take": "lacquer 1.0",
                "rms": float(np.sqrt(np.mean(left**2))),
                "max": float(np.abs(left).max()),
            }
        )
        if options.details:
            print(json.dumps(rows[-1]), flush=True)
    print_table(rows, ("rms", "max"))


def print_table(rows, names):
    """Print median (mean) of each distance for every case and take."""
    for case in dict.fromkeys(row["case"] for row in rows):
        say(f"\n{case:24s}" + "".join(f"{name:>18s}" for name in names))
        of_case = [row for row in rows if row["case"] == case]
        for take in dict.fromkeys(row["take"] for row in of_case):
            values = [[row[name] for row in of_case if row["take"] == take] for name in names]
            cells = "".join(f"{np.median(v):9.2f} ({np.mean(v):5.2f}) " for v in values)
            say(f"{take + f' [{len(values[0])}]':24s}" + cells)


def worse(rows):
    """Print the cases in which the engine's default ends further from the truth than untouched."""
    by = {(row["case"], row["track"], row["take"]): row for row in rows}
    for (case, track, take), row in by.items():
        before = by[case, track, "untouched"]
        if take == "lacquer 0.7" and case != "none":
            for name in ("log_stft", "tone", "width"):
                if row[name] > before[name] + 0.05:
                    say(f"worse: {case} {track} {name} {before[name]:.2f} -> {row[name]:.2f}")


if __name__ == "__main__":
    main()
