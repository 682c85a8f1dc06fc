"""The short songs that test keys work with in place of what they send: made here, of nothing."""

import array
import functools
import math
import random
import struct
import sys
from typing import Final

RATE_HZ: Final = 44_100
BEAT_FRAMES: Final = RATE_HZ // 2
BEATS: Final = 8  # four seconds: one more than the engine needs
TUNINGS: Final = 12
FULL_SCALE: Final = 32_767


@functools.lru_cache(maxsize=8)
def short_song(*, is_reference: bool, tuning: int = 0) -> bytes:
    """Return a stereo WAV file of four seconds: a chord, a drum and some air.

    A reference is louder, brighter and wider than a mix, so that there is something to match.
    ``tuning`` tells songs apart that are sent as different files.
    """
    louder = 0.55 if is_reference else 0.22
    beats = [_beat(louder * share, tuning, is_reference) for share in (0.6, 1.0)]
    samples = array.array("h")
    for number in range(BEATS):
        samples += beats[number >= BEATS // 2]
    if sys.byteorder == "big":
        samples.byteswap()
    body = samples.tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 2,
                       RATE_HZ, 4 * RATE_HZ, 4, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(body)) + body


def tuning_of(sha256: str) -> int:
    """Return the tuning that stands for a file's content."""
    return int(sha256[:8], 16) % TUNINGS


def _beat(level: float, tuning: int, is_reference: bool) -> "array.array[int]":
    noise = random.Random(tuning)  # noqa: S311
    base_hz = 110.0 * 2.0 ** (tuning / 12.0)
    brightness, width = (0.10, 0.5) if is_reference else (0.03, 0.2)
    frames = array.array("h")
    for frame in range(BEAT_FRAMES):
        at = frame / RATE_HZ
        fade = min(1.0, 200.0 * at) * min(1.0, 200.0 * (BEAT_FRAMES - frame) / RATE_HZ)
        chord = sum(math.sin(math.tau * base_hz * ratio * at) for ratio in (1.0, 1.5, 2.52)) / 3.0
        drum = math.exp(-18.0 * at) * math.sin(math.tau * 55.0 * at)
        air = brightness * math.exp(-6.0 * at)
        middle = 0.5 * chord + 0.8 * drum
        side = width * 0.4 * math.sin(math.tau * base_hz * 3.01 * at)
        for sign in (1.0, -1.0):
            value = level * fade * (middle + sign * side + air * noise.uniform(-1.0, 1.0))
            frames.append(round(FULL_SCALE * max(-1.0, min(1.0, value))))
    return frames
