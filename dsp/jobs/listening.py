"""What players need of a track: a file to listen to, and what is drawn of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from dsp import files
from dsp.audio import Audio
from dsp.formats import LOSSLESS_NAME, PROXY_NAME
from dsp.loudness import HOP_SECONDS, hop_lufs, weighted_energies
from dsp.peaks import sample_peak_dbfs
from dsp.units import db_to_amplitude

WAVEFORM_NAME: Final = "waveform.json"
PROXY_MARGIN_DB: Final = 0.01  # for the rounding of its samples
SILENCE_LUFS: Final = -120.0  # stands for -inf, which JSON has not

Progress = Callable[[str, float], None]


@contextmanager
def listening_files(folder: Path, *, lossless: bool = False) -> Iterator[Callable[[Audio], float]]:
    """Give a function that writes what players need of a track, beside other work.

    It returns by how many dB the files to listen to are quieter than the audio, as a gain ≤ 0.
    When the block ends, they are there.
    """
    writing = []
    with ThreadPoolExecutor(max_workers=1) as beside:

        def begin(audio: Audio) -> float:
            listened, gain_db = within_full_scale(audio)
            writing.append(beside.submit(files.write_proxy, folder / PROXY_NAME, listened))
            writing.append(beside.submit(write_outline, folder / WAVEFORM_NAME, audio))
            if lossless:
                path = folder / LOSSLESS_NAME
                writing.append(beside.submit(files.write, path, listened, format="flac24"))
            return gain_db

        yield begin
    for each in writing:
        each.result()


def write_outline(path: Path, audio: Audio) -> None:
    """Write what is drawn of a track, and the loudness of each moment of it."""
    outline = {
        "duration_seconds": audio.duration_seconds,
        "channels": files.peaks(audio),
        "loudness": {
            "step_seconds": HOP_SECONDS,
            "lufs": np.maximum(hop_lufs(weighted_energies(audio)), SILENCE_LUFS).round(2).tolist(),
        },
    }
    path.write_text(json.dumps(outline, separators=(",", ":")))


def within_full_scale(audio: Audio) -> tuple[Audio, float]:
    """Return audio that integers can hold, and the gain ≤ 0 dB that made it so."""
    peak_dbfs = sample_peak_dbfs(audio)
    if peak_dbfs <= 0.0:  # a float mix may pass full scale
        return audio, 0.0
    gain_db = -peak_dbfs - PROXY_MARGIN_DB
    quieter = Audio(audio.samples * np.float32(db_to_amplitude(gain_db)), audio.rate_hz)
    return quieter, round(gain_db, 3)
