"""A file is known by its bytes, its sound by its samples, and neither is kept."""

import hashlib
from pathlib import Path

import pytest

from dsp import files
from dsp.audio import Audio
from dsp.payload import PayloadMeter, digest_file
from tests.music import noise


def audio_of(content: bytes, *, piece: int = 1 << 16) -> str | None:
    meter = PayloadMeter()
    for start in range(0, len(content), piece):
        meter.feed(content[start : start + piece])
    digests = meter.digests()
    assert digests.file == hashlib.sha256(content).hexdigest()
    return digests.audio


@pytest.fixture(scope="module")
def sound() -> Audio:
    return noise(seconds=3.0)


@pytest.fixture(scope="module")
def written(sound: Audio, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("written")
    contents = {}
    for code, ending in (("wav24", "wav"), ("wav16", "wav"), ("aiff24", "aiff"),
                         ("flac24", "flac"), ("wav32f", "wav")):  # fmt: skip
        files.write(folder / f"{code}.{ending}", sound, format=code)
        contents[code] = (folder / f"{code}.{ending}").read_bytes()
    return contents


def chunk(content: bytes, name: bytes) -> int:
    place = content.index(name)
    assert place % 2 == 0
    return place


@pytest.mark.parametrize("piece", [1, 7, 4096, 1 << 20])
def test_the_size_of_the_pieces_changes_nothing(written, piece):
    content = written["wav24"][:20_000] if piece == 1 else written["wav24"]
    assert audio_of(content, piece=piece) == audio_of(content)


def test_a_file_on_disk_has_the_same_digests(written, tmp_path: Path):
    path = tmp_path / "a.flac"
    path.write_bytes(written["flac24"])
    assert digest_file(path).audio == audio_of(written["flac24"])


def test_every_lossless_format_has_a_digest_of_its_samples(written):
    found = {code: audio_of(content) for code, content in written.items()}
    assert all(found.values())
    assert len(set(found.values())) == 4  # wav24 and aiff24 hold the same samples


def test_wav_and_aiff_of_the_same_samples_have_one_digest(written):
    assert audio_of(written["wav24"]) == audio_of(written["aiff24"])
    assert audio_of(written["wav24"]) != audio_of(written["wav16"])


def test_new_chunks_around_the_samples_change_only_the_digest_of_the_file(written):
    content = written["wav24"]
    place = chunk(content, b"data")
    tagged = content[:place] + b"LIST\x05\x00\x00\x00INFO!\x00" + content[place:] + b"id3 \0\0\0\0"
    assert audio_of(tagged) == audio_of(content)


def test_new_tags_of_a_flac_change_only_the_digest_of_the_file(written):
    content = written["flac24"]
    padding = b"\x01\x00\x00\x08" + bytes(8)
    first = 4 + 4 + int.from_bytes(content[5:8], "big")
    assert not content[4] & 0x80
    assert audio_of(content[:first] + padding + content[first:]) == audio_of(content)


@pytest.mark.parametrize("code", ["wav24", "aiff24", "flac24", "wav32f"])
def test_one_changed_bit_of_the_samples_is_seen(written, code):
    content = bytearray(written[code])
    content[-2_001] ^= 1
    assert audio_of(bytes(content)) not in (None, audio_of(written[code]))


def test_another_sample_rate_in_the_header_is_seen(written):
    content = bytearray(written["wav24"])
    place = chunk(bytes(content), b"fmt ") + 12
    assert int.from_bytes(content[place : place + 4], "little") == 44_100
    content[place : place + 4] = (48_000).to_bytes(4, "little")
    assert audio_of(bytes(content)) != audio_of(written["wav24"])


@pytest.mark.parametrize("code", ["wav24", "aiff24"])
def test_a_file_that_ends_too_soon_has_no_digest_of_its_samples(written, code):
    assert audio_of(written[code][:-1_000]) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"RI", b"ID3\x04" + bytes(100), b"RIFF" + bytes(5_000_000), b"fLaC" + bytes(10)],
)
def test_what_is_no_audio_has_none_either(content):
    assert audio_of(content) is None


def test_rf64_is_read_by_its_own_size(written):
    content = written["wav24"]
    place = chunk(content, b"data")
    size = int.from_bytes(content[place + 4 : place + 8], "little")
    ds64 = b"ds64" + (28).to_bytes(4, "little")
    ds64 += (0).to_bytes(8, "little") + size.to_bytes(8, "little") + bytes(12)
    large = b"RF64" + b"\xff" * 4 + b"WAVE" + ds64 + content[12:place] + b"data" + b"\xff" * 4
    assert audio_of(large + content[place + 8 :]) == audio_of(content)
