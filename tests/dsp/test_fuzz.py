"""Mutated files through the boxed validator: whatever the decoders do, we stay up.

``LACQUER_FUZZ_FILES`` sets how many (a release tries 10,000), ``LACQUER_FUZZ_SEED`` which.
"""

import os
from collections import Counter

import numpy as np
import pytest

from dsp import box, files
from dsp.box import PROBE, BoxFailure, client
from dsp.errors import AudioError
from tests.hostile import encoded, id3, mp4

FILES = int(os.environ.get("LACQUER_FUZZ_FILES", "1000"))
SEED = int(os.environ.get("LACQUER_FUZZ_SEED", "1"))
HEADER_SHARE = 0.7
HEADER_BYTES = 256


def mutated(stored: bytes, random: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, most of them in its header, and perhaps cut."""
    octets = bytearray(stored)
    movie = stored.find(b"moov")  # an MP4 has its header at the end
    header = range(movie, len(stored)) if movie > 0 else range(HEADER_BYTES)
    for _ in range(random.integers(1, 20)):
        place = int(random.integers(len(octets)))
        if random.random() < HEADER_SHARE:
            place = header.start + place % len(header)
        octets[place] = (0, 1, 0x7F, 0x80, 0xFF, int(random.integers(256)))[random.integers(6)]
    if random.random() < 0.1:
        del octets[int(random.integers(len(octets))) :]
    return bytes(octets)


@pytest.mark.slow
def test_no_mutated_file_gets_out_of_its_box(tmp_path):
    seeds = {
        "wav": encoded("WAV", "PCM_24"),
        "aiff": encoded("AIFF", "PCM_16"),
        "flac": encoded("FLAC", "PCM_16"),
        "ogg": encoded("OGG", "VORBIS"),
        "mp3": id3(100, bytes(100)) + encoded("MP3"),
        "m4a": mp4(),
    }
    random = np.random.default_rng(SEED)
    server = client._server().process.pid
    outcomes: Counter[str] = Counter()
    for number in range(FILES):
        kind = list(seeds)[number % len(seeds)]
        path = tmp_path / "upload"
        path.write_bytes(mutated(seeds[kind], random))
        outcomes[f"{kind} {_outcome(path)}"] += 1
    print(f"seed {SEED}: {dict(sorted(outcomes.items()))}")  # noqa: T201
    assert client._server().process.pid == server
    assert sum(outcomes.values()) == FILES
    accepted = sum(count for outcome, count in outcomes.items() if outcome.endswith("accepted"))
    assert 0.05 < accepted / FILES < 0.6  # the mutations neither miss nor wreck everything


def _outcome(path) -> str:
    try:
        box.run(
            files.inspect,
            path,
            limits=PROBE,
            scratch=path.parent,
            files_at_fault=True,
            allow_weak=True,
        )
    except AudioError as error:
        return error.code
    except BoxFailure as failure:
        if failure.reason != "crashed":  # anything else would be a mistake of ours
            raise
        return str(failure)
    return "accepted"
