import pytest

from dsp.formats import READABLE, WRITABLE, id3_bytes, sniff
from tests.hostile import encoded, flac_of_silence, id3, mp3_of_silence, mp4, noise, pcm16, wave

FLAC = flac_of_silence(65_535)
MP3 = mp3_of_silence(1)
WAV = wave(pcm16(noise()))


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (WAV, "wav"),
        (b"RF64" + WAV[4:], "wav"),
        (b"BW64" + WAV[4:], "wav"),
        (encoded("AIFF"), "aiff"),
        (encoded("AIFF", "FLOAT"), "aiff"),
        (FLAC, "flac"),
        (MP3, "mp3"),
        (encoded("MP3"), "mp3"),
        (id3(50, bytes(50)) + MP3, "mp3"),
        (id3(50, bytes(50)) + bytes(20) + MP3, "mp3"),
        (encoded("OGG"), "ogg"),
        (encoded("OGG", "OPUS"), "opus"),
        (mp4(), "m4a"),
    ],
)
def test_a_format_is_told_from_its_first_bytes(head, code):
    assert sniff(head[:4096]) == code
    assert code in READABLE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0" * 4096,
        b"RIFF\0\0\0\0AVI ",
        b"FORM\0\0\0\0ILBM",
        b"OggS" + bytes(40),
        b"ID3\x04\0\0\0\0\0\x05hello" + WAV,
        b"\xff\xfe<\0h\0t\0m\0l\0",
        b"\xff\xfb\x90\0" + bytes(4000),  # one frame header by chance, no second one
        " ".join(READABLE).encode(),
    ],
)
def test_anything_else_has_no_format(head):
    assert sniff(head) is None


def test_a_tag_longer_than_the_head_is_taken_for_mp3_until_the_reader_looks_behind_it():
    assert sniff(id3(10_000, bytes(5_000))[:4096]) == "mp3"


def test_a_damaged_tag_is_no_tag():
    assert id3_bytes(id3(50)) == 60
    assert id3_bytes(b"ID3\x04\0\0\x80\0\0\0") == 0
    assert id3_bytes(b"ID3") == 0


def test_every_format_is_listed_under_its_own_code():
    assert all(code == each.code for table in (READABLE, WRITABLE) for code, each in table.items())
    assert {"wav24", "wav16", "wav32f", "flac24", "aiff24", "mp3-320", "aac-256"} <= set(WRITABLE)
