"""The music of a folder, as the trials hear it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.ears.accidents import made
from bench.sound import corpus
from dsp import files
from dsp.audio import Audio


def tracks(folder: Path) -> list[Path]:
    """Return the audio files of a folder, in order of their names."""
    return list(corpus.found(folder).values())


def stereo(path: Path) -> Audio:
    """Return a track with two channels."""
    audio = files.read(path)
    return made(np.repeat(audio.samples, 2 // audio.channels, axis=0), audio.rate_hz)
