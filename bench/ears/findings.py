"""The trial of findings: each damage done to each track, and what looks like damage and is none.

Two halves, every second track in order of their names and the others, tell how much of a figure is
chance. A damage counts where it can be heard beside its song; where it cannot, it need not be
found, and both numbers are told.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from bench.ears import accidents, innocent, page
from bench.ears.masking import heard_seconds
from bench.ears.tracks import stereo
from dsp.audio import Audio
from dsp.checks import check_mix
from dsp.clipping import find_clipping
from dsp.measure import measure
from tests.music import song as made_song

# The least for which a damage is heard, s; what is not named here always counts.
STEADY_SECONDS: Final = 1.0
MASKED: Final = {"hum 50": STEADY_SECONDS, "hum 60": STEADY_SECONDS, "noise": STEADY_SECONDS}
MADE_SONGS: Final = 20
HALVES: Final = ("one half", "other half")


@dataclass(slots=True)
class Heard:
    """What one track, or one made song, has shown."""

    name: str
    half: int = 0
    found: Counter[tuple[str, bool]] = field(default_factory=Counter)  # by damage, and if it counts
    tried: Counter[tuple[str, bool]] = field(default_factory=Counter)
    alarms: list[tuple[str, str]] = field(default_factory=list)

    def note(self, damage: str, *, found: bool, counts: bool = True) -> None:
        self.tried[damage, counts] += 1
        self.found[damage, counts] += found


def run(options: argparse.Namespace, paths: list[Path]) -> list[str]:
    """Return the tables of a folder's tracks and of made songs."""
    jobs = list(enumerate(paths[:: options.every]))
    tracks: list[Heard] = []
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for told in pool.map(_track, jobs):
            print(f"{told.name:60s} {' '.join(code for _, code in told.alarms)}", flush=True)
            tracks.append(told)
        songs = list(pool.map(_song, range(MADE_SONGS)))
    return [*_of_tracks(tracks), "", *_of_innocents([*tracks, *songs, _sounds()])]


def codes(audio: Audio) -> set[str]:
    """Return what is found in audio."""
    return {finding.code for finding in check_mix(audio, measure(audio))}


def _track(job: tuple[int, Path]) -> Heard:
    number, path = job
    song = accidents.healthy(stereo(path))
    told = Heard(path.stem, number % 2)
    before = codes(song)
    told.alarms += [("as it came", code) for code in sorted(before)]
    for name, (happen, expected) in accidents.ACCIDENTS.items():
        damaged = happen(song)
        least = MASKED.get(name)
        counts = least is None or heard_seconds(song, _less(damaged, song)) >= least
        told.note(name, found=bool(set(expected) & codes(damaged)), counts=counts)
    for over_db in accidents.CLIP_DB:
        clipped = accidents.clipped(song, over_db)
        lowered = accidents.gained(clipped, -over_db)
        counts = heard_seconds(song, _less(lowered, song)) > 0.0
        for gain_db in accidents.GAINS_DB:
            quieter = accidents.words(accidents.gained(clipped, gain_db), 16)
            found = find_clipping(quieter) is not None
            told.note(f"clipped {over_db:g} dB", found=found, counts=counts)
    dark = "lossy_source" in codes(accidents.dark(song)) - before
    told.alarms += [("dark", "lossy_source")] if dark else []
    told.alarms += list(_changed(song, before))
    return told


def _song(seed: int) -> Heard:
    song = accidents.healthy(made_song(seed=seed))
    before = codes(song)
    told = Heard(f"made song {seed}")
    told.alarms = [("as it was made", code) for code in sorted(before)]
    told.alarms += list(_changed(song, before))
    return told


def _sounds() -> Heard:
    told = Heard("made sounds")
    for name, (make, never) in innocent.SOUNDS.items():
        told.alarms += [(name, code) for code in sorted(never & codes(make()))]
    return told


def _changed(song: Audio, before: set[str]) -> Iterator[tuple[str, str]]:
    for name, (change, never) in innocent.CHANGES.items():
        for code in sorted((never & codes(change(song))) - before):
            yield name, code


def _less(one: Audio, other: Audio) -> Audio:
    return accidents.made(one.samples - other.samples, one.rate_hz)


def _of_tracks(tracks: list[Heard]) -> list[str]:
    rows = []
    for name in dict.fromkeys(name for track in tracks for name, _ in track.tried):
        cells = [
            _share([track for track in tracks if track.half == half], name, counts=True)
            for half in range(len(HALVES))
        ]
        rows.append([name, *cells, _share(tracks, name, counts=False)])
    gains = ", ".join(f"{gain_db:g}" for gain_db in accidents.GAINS_DB)
    clipped = [row[0] for row in rows if row[0].startswith("clipped")]
    found, tried = (
        sum(count[name, True] for count in counts for name in clipped)
        for counts in zip(*((track.found, track.tried) for track in tracks), strict=True)
    )
    return [
        f"{len(tracks)} tracks, each made healthy and then damaged in one way. Clipped by so many "
        f"dB under the peak, then at gains of {gains} dB: {found} of {tried} found where it is "
        f"heard ({100.0 * found / max(1, tried):.1f} %).",
        "",
        *page.rows(["damage", *(f"found, {half}" for half in HALVES), "found, unheard"], rows),
    ]


def _share(tracks: list[Heard], name: str, *, counts: bool) -> str:
    found = sum(track.found[name, counts] for track in tracks)
    tried = sum(track.tried[name, counts] for track in tracks)
    return f"{found} of {tried}" if tried else ""


def _of_innocents(told: list[Heard]) -> list[str]:
    songs = sum(each.name.startswith("made song ") for each in told)
    rows = [[each.name, *alarm] for each in told for alarm in each.alarms]
    sounds, changes = ", ".join(innocent.SOUNDS), ", ".join(innocent.CHANGES)
    return [
        f"Found where no fault was made: in the tracks as they came, in {songs} made songs, in "
        f"sounds that look damaged and are not ({sounds}), and in each track and song after "
        f"changes that are none ({changes}). Each is to be looked at: many tracks came as lossy "
        "files, and some are what is said of them.",
        "",
        *page.rows(["sound", "change", "finding"], rows),
    ]
