"""Covers: bounded, told from their content, and nothing but the picture."""

import io

import av
import pytest

from dsp.covers import MAX_COVER_BYTES, clean_cover
from dsp.errors import InvalidCover
from tests.pictures import SECRET, jpeg, png


def decoded(content: bytes) -> tuple[int, int]:
    """Return the size of the one picture that FFmpeg finds."""
    with av.open(io.BytesIO(content), "r") as file:
        (frame,) = file.decode(video=0)
        return frame.width, frame.height


@pytest.mark.parametrize(
    ("made", "kind", "size"),
    [(png, "image/png", (300, 300)), (jpeg, "image/jpeg", (320, 240))],
)
def test_a_cover_keeps_its_picture_and_loses_what_it_tells_of_its_maker(made, kind, size):
    content = made()
    assert SECRET in content
    cover = clean_cover(content)
    assert SECRET not in cover.content
    assert cover.content == made(secret=False)
    assert (cover.content_type, (cover.width, cover.height)) == (kind, size)
    assert decoded(cover.content) == size


def test_a_clean_cover_stays_as_it_is():
    for content in (png(secret=False), jpeg(secret=False)):
        assert clean_cover(clean_cover(content).content).content == content


def test_what_lies_behind_the_picture_is_cut_off():
    assert clean_cover(jpeg() + SECRET + jpeg()).content == jpeg(secret=False)
    assert clean_cover(png() + SECRET).content == png(secret=False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        png()[:-20],
        jpeg()[:-2],
        jpeg()[:40],
        png().replace(b"IDAT", b"IDAX"),
        png(20, 20),
        png(7_000, 64),
        jpeg(100, 7_000),
        png(64, 64) + bytes(MAX_COVER_BYTES),
        b"\xff\xd8\xff\xc0\x00\x03\xff\xff\xd9",
    ],
)
def test_what_is_no_cover_is_refused(content):
    with pytest.raises(InvalidCover):
        clean_cover(content)
