"""Every file of the hostile corpus through the door that uploads take: decoded in a box."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from dsp import box, files
from dsp.box import PROBE, Usage
from dsp.errors import AudioError
from tests.hostile import ACCEPTED, CORPUS, flac_of_silence, wave

CPU_SECONDS = 10.0
MEMORY_BYTES = 512_000_000


def verdict(path, **choices):
    """Return what becomes of an upload, a stable code or ``ACCEPTED``, and the words for it."""
    try:
        box.run(files.inspect, path, limits=PROBE, scratch=path.parent, allow_weak=True, **choices)
    except AudioError as error:
        return error.code, error.detail
    return ACCEPTED, ""


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda each: each.name)
def test_a_hostile_file_gets_its_verdict_within_its_limits(hostile, tmp_path):
    path = tmp_path / hostile.name
    hostile.write(path)
    used: list[Usage] = []
    try:
        code, words = verdict(path, on_usage=used.append)
    finally:
        shutil.rmtree(tmp_path)
    assert code == hostile.verdict
    assert str(tmp_path) not in words
    assert code == ACCEPTED or 10 < len(words) < 120
    assert used[0].cpu_seconds < CPU_SECONDS
    assert used[0].peak_memory_bytes < MEMORY_BYTES


def test_the_corpus_is_large_and_names_no_file_twice():
    assert len({each.name for each in CORPUS}) == len(CORPUS) >= 60


def test_twenty_bombs_at_once_are_all_refused_and_neighbours_finish(tmp_path):
    bomb, good = tmp_path / "bomb.flac", tmp_path / "good.wav"
    bomb.write_bytes(flac_of_silence(3600 * 8_000, claimed=0))
    good.write_bytes(wave(bytes(2) + b"\x10\x20" * 32_000))
    used: list[Usage] = []
    with ThreadPoolExecutor(24) as uploads:
        bombs = [uploads.submit(verdict, bomb, on_usage=used.append) for _ in range(20)]
        neighbours = [uploads.submit(verdict, good) for _ in range(4)]
    assert [each.result()[0] for each in bombs] == ["too_long"] * 20
    assert [each.result() for each in neighbours] == [(ACCEPTED, "")] * 4
    assert len(used) == 20
    assert max(each.peak_memory_bytes for each in used) < MEMORY_BYTES
    print(f"{max(each.peak_memory_bytes for each in used) / 1e6:.0f} MB at most")  # noqa: T201


def test_the_corpus_can_tell_good_from_bad(tmp_path):
    path = tmp_path / "good.wav"
    path.write_bytes(wave(bytes(2) + b"\x10\x20" * 32_000))
    assert verdict(path) == (ACCEPTED, "")
