"""The takes of a case and their figures, kept, so that a run that was ended goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.sound import engine, meters, peer
from bench.sound.cases import Case, Pieces

AMOUNTS = (0.7, 1.0)
PEER_VERSION = "matchering 2.0.6"

Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """Where takes are kept, and who makes them."""

    cache: Path
    peer: Path | None


def figures(case: Case, setting: Setting) -> dict[str, Row]:
    """Return the figures of every take of a case, by the name of the take."""
    kept_path = (
        setting.cache / "figures" / case.trial / f"{case.name}.{case.kind}.{case.scale:g}.json"
    )
    kept = json.loads(kept_path.read_text()) if kept_path.exists() else {}
    rows: dict[str, Row] = {}
    pieces: Pieces | None = None
    for take, made_by in _wanted(case, setting):
        key = f"{case.identity()} {meters_hash()} {made_by}"
        if kept.get(take, {}).get("key") != key:
            pieces = pieces or Pieces(case, setting.cache)
            row = _figures(case, take, pieces, setting)
            kept[take] = {"key": key, "row": row}
            _write(kept_path, kept)
        if kept[take]["row"] is not None:
            rows[take] = kept[take]["row"]
    return rows


def _wanted(case: Case, setting: Setting) -> Iterator[tuple[str, str]]:
    """Yield the takes of a case, each with what tells its maker from any other."""
    yield "untouched", ""
    yield "gain only", ""
    if setting.peer and case.trial not in ("programme", "null"):
        yield "Matchering", PEER_VERSION
    for amount in AMOUNTS if case.trial != "programme" else (1.0,):
        yield f"Lacquer {amount:g}", f"{engine.identity()} {amount:g}"


def _figures(case: Case, take: str, pieces: Pieces, setting: Setting) -> Row | None:
    """Make a take and measure it; None where its maker cannot make it."""
    facts: Row = {"goal": pieces.measured_reference.lufs}
    match take.split():
        case ["untouched"]:
            samples = pieces.mix
        case ["gain", _]:
            lift = pieces.measured_reference.lufs - meters.Measured(pieces.mix, pieces.rate).lufs
            samples = (pieces.mix * 10.0 ** (lift / 20.0)).astype(np.float32)
        case ["Matchering"]:
            if pieces.rate != peer.RATE_HZ:
                return None
            samples = peer.matched(
                setting.peer,
                (pieces.mix, pieces.rate),
                (pieces.reference, pieces.reference_rate),
                setting.cache / "peer" / f"{case.identity()}.wav",
            )
        case [_, amount]:
            reference = engine.profile(pieces.reference, pieces.reference_rate)
            samples, facts = engine.matched(pieces.mix, pieces.rate, reference, float(amount))
    return _rounded(_measured(case, take, samples, pieces) | facts)


def _measured(case: Case, take: str, samples: np.ndarray, pieces: Pieces) -> Row:
    lufs = meters.ebur128_lufs(samples, pieces.rate)
    row: Row = {
        "lufs": lufs,
        "true_peaks": meters.true_peaks_dbtp(samples, pieces.rate),
        "frames_more": samples.shape[1] - pieces.mix.shape[1],
    }
    if take == "gain only":
        return row  # its distances are those of the untouched mix, which know no level
    measured = meters.Measured(samples, pieces.rate)
    if case.trial == "programme":
        return row | meters.programme_distance(measured, pieces.measured_truth)
    if take.startswith("Lacquer"):
        row["delay_frames"] = meters.delay_frames(samples, pieces.mix)
    if case.trial == "null":
        return row | {"null_db": meters.null_db(samples, pieces.mix)}
    frames = min(samples.shape[1], pieces.mix.shape[1])
    if pieces.truth is not None:
        cut = meters.Measured(samples[:, :frames], pieces.rate)
        truth = (
            pieces.measured_truth
            if frames == pieces.truth.shape[1]
            else meters.Measured(pieces.truth[:, :frames], pieces.rate)
        )
        row |= meters.distances(cut, truth)
    return row | meters.reference_distances(measured, pieces.measured_reference)


@cache
def meters_hash() -> str:
    """Return the hash of the meters, so that other meters measure anew."""
    return hashlib.sha256(Path(meters.__file__).read_bytes()).hexdigest()[:16]


def _rounded(row: Row) -> Row:
    return {name: _short(value) for name, value in row.items()}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return [_short(each) for each in value]
    return round(float(value), 4) if isinstance(value, float) else value


def _write(path: Path, kept: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(kept))
    part.rename(path)
