import hashlib
import os
import subprocess
import sys

import av
import numpy as np
import pytest

from dsp import files
from dsp.audio import Audio
from dsp.errors import DecodeFailed, InvalidSettings, TooLong, TooShort
from dsp.files import Limits, Tags
from dsp.files.containers import aiff_header, wave_header
from dsp.formats import WRITABLE
from dsp.limiter import limit
from dsp.peaks import true_peak_dbtp
from dsp.resample import resample
from tests.hostile import encoded, mp4, noise, wave

RATE_HZ = 44_100
BITS = {code: each.bits for code, each in WRITABLE.items() if each.bits}
LOSSLESS, LOSSY = list(BITS), [code for code in WRITABLE if code not in BITS]


def music(seconds=4.0, channels=2, rate_hz=RATE_HZ):
    """Return decaying chords with noise, none of it on any integer grid."""
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    chord = sum(np.sin(2 * np.pi * hz * time + hz) for hz in (110.0, 331.7, 1234.5, 5678.9))
    hiss = np.random.default_rng(3).normal(0, 0.01, (channels, time.size))
    samples = 0.15 * chord * np.exp(-2 * (time % 1.0)) + hiss
    return Audio(samples.astype(np.float32), rate_hz)


def on_grid(audio, bits):
    steps = 2.0 ** (bits - 1)
    return Audio((np.rint(audio.samples * steps) / steps).astype(np.float32), audio.rate_hz)


def written(folder, audio, code, **choices):
    path = folder / f"file.{WRITABLE[code].extension}"
    files.write(path, audio, format=code, **choices)
    return path


@pytest.mark.parametrize("code", LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_that_fit_the_format_come_back_equal(tmp_path, code, channels):
    bits = min(24, BITS[code])
    audio = on_grid(music(channels=channels), bits)
    assert np.array_equal(files.read(written(tmp_path, audio, code)).samples, audio.samples)


@pytest.mark.parametrize("code", ["wav24", "wav16", "flac24", "flac16", "aiff24"])
def test_other_samples_are_dithered_by_less_than_two_steps(tmp_path, code):
    audio, step = music(), 2.0 ** (1 - BITS[code])
    error = files.read(written(tmp_path, audio, code)).samples - audio.samples
    assert 0.45 * step < np.std(error) < 0.55 * step  # TPDF: √(1/4) step, Lipshitz et al. 1992
    assert np.max(np.abs(error)) <= 1.5 * step


def test_float_keeps_every_sample_even_beyond_full_scale(tmp_path):
    audio = Audio(music().samples * np.float32(4.0), RATE_HZ)
    assert np.max(audio.samples) > 1.0
    assert np.array_equal(files.read(written(tmp_path, audio, "wav32f")).samples, audio.samples)


@pytest.mark.parametrize("code", LOSSY)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_files_are_aligned_and_of_equal_length(tmp_path, code, channels):
    audio = music(channels=channels)
    decoded = files.read(written(tmp_path, audio, code)).samples
    assert decoded.shape == audio.samples.shape
    whole = float(np.sum(audio.samples.astype(float) ** 2))
    overlap = [
        float(np.sum(np.roll(decoded, lag, axis=1) * audio.samples)) / whole for lag in range(-3, 4)
    ]
    assert int(np.argmax(overlap)) == 3
    assert overlap[3] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("code", WRITABLE)
def test_the_same_audio_gives_the_same_bytes(tmp_path, code):
    first = written(tmp_path, music(), code).read_bytes()
    assert written(tmp_path, music(), code).read_bytes() == first


@pytest.mark.slow
def test_another_process_at_another_time_writes_the_same_bytes(tmp_path):
    np.save(tmp_path / "samples.npy", music().samples)
    program = (
        "import sys, numpy as np; from dsp import files; from dsp.audio import Audio;"
        f"audio = Audio(np.load('samples.npy'), {RATE_HZ});"
        "[files.write('again-' + code, audio, format=code) for code in sys.argv[1:]]"
    )
    codes = ("wav24", "flac24", "mp3-320", "aac-256")
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", program, *codes], check=True, cwd=tmp_path, env=environment
    )
    for code in codes:
        again = (tmp_path / f"again-{code}").read_bytes()
        assert again == written(tmp_path, music(), code).read_bytes()


def test_another_seed_gives_other_dither(tmp_path):
    one = files.read(written(tmp_path, music(), "wav16", dither_seed=1)).samples
    two = files.read(written(tmp_path, music(), "wav16", dither_seed=2)).samples
    assert 0 < np.max(np.abs(one - two)) <= 3 / 32768


@pytest.mark.parametrize("code", LOSSLESS)
def test_a_chosen_rate_is_written(tmp_path, code):
    facts = files.inspect(written(tmp_path, music(), code, rate_hz=48_000))
    assert (facts.rate_hz, facts.frames) == (48_000, 4 * 48_000)


@pytest.mark.parametrize(
    ("rate_hz", "becomes"), [(96_000, 48_000), (88_200, 44_100), (32_000, 48_000)]
)
def test_lossy_files_take_the_related_common_rate(tmp_path, rate_hz, becomes):
    facts = files.inspect(written(tmp_path, music(rate_hz=rate_hz), "mp3-320"))
    assert (facts.rate_hz, facts.frames) == (becomes, 4 * becomes)


def loud_noise():
    return Audio(np.sign(noise(4, 2, 44_100)).T.copy(), 44_100)


def flattened_tone():
    """Return 9 kHz whose top is flattened by its third, which no 44.1 kHz file can hold."""
    turns = 2 * np.pi * 9_000 * np.arange(4 * 96_000) / 96_000
    flat = 2.0 * (np.sin(turns) + np.sin(3 * turns) / 6)
    return Audio(flat[None].astype(np.float32), 96_000)


@pytest.mark.parametrize("code", ["wav16", "flac24", "wav32f"])
@pytest.mark.parametrize(("loud", "rate_hz"), [(loud_noise, 48_000), (flattened_tone, 44_100)])
def test_a_ceiling_still_holds_at_another_rate(tmp_path, code, loud, rate_hz):
    mastered = limit(loud(), ceiling_dbtp=-1.0).audio
    assert true_peak_dbtp(resample(mastered, rate_hz)) > -1.0
    converted = files.read(written(tmp_path, mastered, code, rate_hz=rate_hz))
    assert -1.1 < true_peak_dbtp(converted) <= -1.0


def test_a_conversion_never_passes_full_scale(tmp_path):
    loud = Audio(np.sign(noise(4, 1, 96_000)).T.copy(), 96_000)
    assert np.max(np.abs(resample(loud, 44_100).samples)) > 1.0
    converted = files.read(written(tmp_path, loud, "wav24", rate_hz=44_100)).samples
    assert np.max(np.abs(converted)) <= 1.0
    assert np.count_nonzero(np.abs(converted) >= 1.0 - 2**-22) < 3  # turned down, not clipped


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.001, -1.5])
def test_what_would_be_written_as_noise_is_refused(tmp_path, value):
    audio = music()
    audio.samples[1, 1000] = value
    with pytest.raises(ValueError, match="finite and within"):
        written(tmp_path, audio, "wav24")


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InvalidSettings, match="wav24"):
        files.write(tmp_path / "a", music(), format="wma")


def test_long_files_are_written_and_read_in_blocks(tmp_path):
    audio = on_grid(music(seconds=65_536 * 3.5 / RATE_HZ), 16)
    for code in ("wav16", "flac16", "aiff24"):
        assert np.array_equal(files.read(written(tmp_path, audio, code)).samples, audio.samples)


def test_the_facts_are_those_of_the_file(tmp_path):
    path = written(tmp_path, music(), "wav24")
    facts = files.inspect(path)
    assert (facts.container, facts.codec, facts.bits, facts.lossy) == ("wav", "pcm_s24", 24, False)
    assert (facts.rate_hz, facts.channels) == (RATE_HZ, 2)
    assert facts.frames == facts.declared_frames == 4 * RATE_HZ
    assert facts.duration_seconds == 4.0
    assert facts.size_bytes == path.stat().st_size
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts.peak == np.max(np.abs(files.read(path).samples))
    assert facts.bitrate_kbps is None


def test_lossy_files_tell_their_bitrate(tmp_path):
    mp3 = files.inspect(written(tmp_path, music(), "mp3-320"))
    assert (mp3.codec, mp3.lossy, mp3.bits) == ("mp3", True, None)
    assert mp3.bitrate_kbps == pytest.approx(320, rel=0.03)
    assert files.inspect(written(tmp_path, music(), "aac-256")).codec == "aac"


def test_the_same_audio_has_the_same_hash_in_every_lossless_container(tmp_path):
    audio = on_grid(music(), 16)
    hashes = {files.inspect(written(tmp_path, audio, code)).pcm_sha256 for code in LOSSLESS}
    assert len(hashes) == 1
    turned = Audio(audio.samples[::-1].copy(), RATE_HZ)
    assert files.inspect(written(tmp_path, turned, "wav16")).pcm_sha256 not in hashes


def test_one_decoding_gives_both_audio_and_facts(tmp_path):
    path = written(tmp_path, music(), "flac24")
    loaded = files.load(path)
    assert loaded.facts == files.inspect(path)
    assert np.array_equal(loaded.audio.samples, files.read(path).samples)


LIKENESS = {"PCM_U8": 0.99, "VORBIS": 0.9, "OPUS": 0.7, "MPEG_LAYER_III": 0.5}


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        *[("WAV", kind) for kind in ("PCM_U8", "PCM_32", "DOUBLE")],
        *[("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("AIFF", "FLOAT"), ("FLAC", "PCM_24")],
        *[("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
    ],
)
def test_what_other_programs_write_is_read(tmp_path, container, subtype):
    path = tmp_path / "of-any-name"
    path.write_bytes(encoded(container, subtype))
    samples, expected = files.read(path).samples, noise().T
    assert samples.shape == expected.shape
    assert np.corrcoef(samples, expected)[0, 1] > LIKENESS.get(subtype, 0.999_999)


@pytest.mark.parametrize("bits", [16, 24])
def test_alac_is_read_exactly(tmp_path, bits):
    audio = on_grid(music(), bits)
    kind, dtype = ("s16p", np.int16) if bits == 16 else ("s32p", np.int32)
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="ipod") as muxer:
        track = muxer.add_stream("alac", rate=RATE_HZ, layout="stereo", format=kind)
        scaled = (audio.samples * 2.0 ** (8 * np.dtype(dtype).itemsize - 1)).astype(dtype)
        frame = av.AudioFrame.from_ndarray(scaled, format=kind, layout="stereo")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        muxer.mux(track.encode(frame))
        muxer.mux(track.encode(None))
    facts = files.inspect(path)
    assert (facts.codec, facts.bits, facts.lossy) == ("alac", bits, False)
    assert np.array_equal(files.read(path).samples, audio.samples)


def test_aac_without_a_container_is_read(tmp_path):
    path = tmp_path / "a.aac"
    with av.open(str(path), "w", format="adts") as muxer:
        track = muxer.add_stream("aac", rate=RATE_HZ, layout="stereo")
        frame = av.AudioFrame.from_ndarray(music().samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        muxer.mux(track.encode(frame))
        muxer.mux(track.encode(None))
    facts = files.inspect(path)
    assert (facts.container, facts.codec, facts.declared_frames) == ("aac", "aac", 0)
    assert 0 <= facts.frames - 4 * RATE_HZ <= 4096  # nothing tells the padding


def test_a_cover_and_video_do_not_disturb_mp4(tmp_path):
    cover = b"\x89PNG\r\n\x1a\n" + bytes(100)
    path = written(tmp_path, music(), "aac-256", tags=Tags(title="A", cover=cover))
    assert files.inspect(path).frames == 4 * RATE_HZ


def test_limits_are_those_of_the_caller(tmp_path):
    path = written(tmp_path, music(), "wav16")
    with pytest.raises(TooLong, match=r"longer than 0\.05 minutes"):
        files.read(path, Limits(max_seconds=3.0))
    with pytest.raises(TooShort, match=r"lasts 4.0 s; at least 5 s"):
        files.read(path, Limits(min_seconds=5.0))
    assert files.read(path, Limits(min_seconds=0.0, max_samples=8 * RATE_HZ)).frames == 4 * RATE_HZ


def test_a_file_cut_short_is_read_and_said(tmp_path):
    path = written(tmp_path, music(seconds=8.0), "wav16")
    path.write_bytes(path.read_bytes()[: 44 + 4 * 4 * RATE_HZ])
    facts = files.inspect(path)
    assert facts.is_cut_short
    assert (facts.declared_frames, facts.frames) == (8 * RATE_HZ, 4 * RATE_HZ)


def test_a_recorder_that_left_the_size_open_is_not_cut_short(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wave(bytes(2) + encoded("RAW", "PCM_16"), claimed=0xFFFF_FFFF))
    assert not files.inspect(path).is_cut_short


def test_messages_hold_no_paths_and_no_library_words(tmp_path):
    path = tmp_path / "secret-name.m4a"
    path.write_bytes(mp4()[:-2_000])
    with pytest.raises(DecodeFailed) as caught:
        files.read(path)
    assert "secret-name" not in str(caught.value)
    assert str(caught.value) == "The file is damaged: it cannot be opened."


def test_a_wav_beyond_4_gib_is_rf64():
    header = wave_header(
        channels=2, rate_hz=96_000, bits=32, is_float=True, frames=2**30, tail_bytes=0
    )
    assert header[:4] == b"RF64"
    assert header[12:16] == b"ds64"
    assert int.from_bytes(header[28:36], "little") == 2**33
    assert int.from_bytes(header[36:44], "little") == 2**30
    small = wave_header(channels=2, rate_hz=96_000, bits=16, is_float=False, frames=1, tail_bytes=0)
    assert (small[:4], len(small)) == (b"RIFF", 44)


def test_odd_audio_is_padded_to_even_chunks(tmp_path):
    audio = Audio(np.full((1, 4 * RATE_HZ + 1), 0.25, np.float32), RATE_HZ)
    for code in ("wav24", "aiff24"):
        path = written(tmp_path, audio, code, tags=Tags(title="odd"))
        assert path.stat().st_size % 2 == 0
        assert files.inspect(path).frames == audio.frames
    assert len(aiff_header(channels=1, rate_hz=44_100, bits=24, frames=1, tail_bytes=0)) == 54


@pytest.mark.parametrize(
    ("rate_hz", "proxy_hz"),
    [(44_100, 44_100), (32_000, 48_000), (96_000, 48_000), (88_200, 44_100), (192_000, 48_000)],
)
def test_a_proxy_is_small_aligned_and_of_a_rate_that_browsers_play(tmp_path, rate_hz, proxy_hz):
    path, audio = tmp_path / "proxy", music(rate_hz=rate_hz)
    files.write_proxy(path, audio)
    facts = files.inspect(path)
    assert (facts.codec, facts.rate_hz) == ("aac", proxy_hz)
    assert facts.bitrate_kbps is not None
    assert facts.bitrate_kbps < 200
    if rate_hz == proxy_hz:
        decoded = files.read(path).samples[0, : audio.frames]
        at_zero = decoded @ audio.samples[0, : decoded.size]
        for lag in (-1, 1):
            assert np.roll(decoded, lag) @ audio.samples[0, : decoded.size] < at_zero


def test_a_proxy_made_in_two_halves_has_no_seam_and_always_the_same_bytes(tmp_path):
    audio = music(seconds=14.0)
    for name in ("proxy", "again"):
        files.write_proxy(tmp_path / name, audio)
    assert (tmp_path / "proxy").read_bytes() == (tmp_path / "again").read_bytes()
    decoded = files.read(tmp_path / "proxy")
    assert decoded.frames == audio.frames
    error = np.square(decoded.samples - audio.samples).sum(axis=0, dtype=np.float64)
    steps = error[: error.size // 1024 * 1024].reshape(-1, 1024).sum(axis=1)
    seam = steps.size // 2
    assert steps[seam - 10 : seam + 10].max() < 1.2 * np.sort(steps[10:-10])[-20:].mean()


def test_peaks_show_the_lowest_and_highest_of_each_column():
    samples = np.zeros((2, 1000), np.float32)
    samples[0, 250], samples[1, 999] = 0.5, -1.0
    left, right = files.peaks(Audio(samples, RATE_HZ), columns=10)
    assert left == [0] * 5 + [64] + [0] * 14
    assert right == [0] * 18 + [-127, 0]


def test_peaks_of_short_and_empty_audio_have_fewer_columns():
    assert files.peaks(Audio(np.ones((1, 3), np.float32), RATE_HZ)) == [[127] * 6]
    assert files.peaks(Audio(np.ones((2, 0), np.float32), RATE_HZ)) == [[], []]
