import av
import numpy as np
import pytest
from tinytag import TinyTag

from dsp import files
from dsp.audio import Audio
from dsp.errors import InvalidSettings
from dsp.files import Tags
from dsp.formats import WRITABLE
from tests.hostile import noise

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
TAGS = Tags(title="Über", artist='A "B"', album="Ω", isrc="de-a12-24-00001", cover=PNG)
AUDIO = Audio(noise(4, 2, 44_100).T.copy(), 44_100)


@pytest.mark.parametrize("code", WRITABLE)
def test_tags_and_cover_are_found_by_ffmpeg(tmp_path, code):
    path = tmp_path / f"a.{WRITABLE[code].extension}"
    files.write(path, AUDIO, format=code, tags=TAGS)
    with av.open(str(path)) as stored:
        names = {name.upper(): value for name, value in stored.metadata.items()}
        kinds = [stream.type for stream in stored.streams]
        covers = [bytes(packet) for packet in stored.demux(video=0) if packet.size]
    assert (names["TITLE"], names["ARTIST"], names["ALBUM"]) == ("Über", 'A "B"', "Ω")
    assert "DEA122400001" in (names.get("TSRC"), names.get("ISRC"))
    assert sorted(kinds) == ["audio", "video"]
    assert covers == [PNG]


@pytest.mark.parametrize("code", WRITABLE)
def test_tags_and_cover_are_found_by_a_reader_of_tags(tmp_path, code):
    path = tmp_path / f"a.{WRITABLE[code].extension}"
    files.write(path, AUDIO, format=code, tags=TAGS)
    found = TinyTag.get(path, image=True)
    assert (found.title, found.artist, found.album) == ("Über", 'A "B"', "Ω")
    assert found.other["isrc"] == ["DEA122400001"]
    assert [image.data for image in found.images.as_dict()["front_cover"]] == [PNG]
    assert (found.samplerate, found.channels) == (44_100, 2)
    assert found.duration == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("code", WRITABLE)
def test_tags_do_not_touch_the_audio(tmp_path, code):
    with_tags, without = (tmp_path / name for name in ("a", "b"))
    files.write(with_tags, AUDIO, format=code, tags=TAGS)
    files.write(without, AUDIO, format=code)
    assert np.array_equal(files.read(with_tags).samples, files.read(without).samples)
    assert files.inspect(with_tags).frames == AUDIO.frames


def test_a_wav_has_its_title_where_old_players_look(tmp_path):
    path = tmp_path / "a.wav"
    files.write(path, AUDIO, format="wav16", tags=Tags(title="Title"))
    assert b"LIST\x12\0\0\0INFOINAM\x06\0\0\0Title\0" in path.read_bytes()


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "x" * 251},
        {"artist": "a\nb"},
        {"album": "\u202eevil"},
        {"isrc": "12345"},
        {"cover": b"GIF89a"},
        {"cover": PNG + bytes(5_000_000)},
    ],
)
def test_what_is_no_tag_is_refused(wrong):
    with pytest.raises(InvalidSettings):
        Tags(**wrong)


def test_an_isrc_is_stored_without_hyphens():
    assert Tags(isrc="de-a12-24-00001").isrc == "DEA122400001"
