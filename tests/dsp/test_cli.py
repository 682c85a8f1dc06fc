"""The command line: files in, files out, exit codes."""

import json
from pathlib import Path

import pytest
import soundfile as sf

from dsp.__main__ import main
from tests.music import song

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("tracks")
    sf.write(folder / "mix.wav", song(seed=1, peak=0.3, seconds=12).samples.T, 44_100, "PCM_16")
    reference = song(seed=2, peak=0.9, seconds=12, rate_hz=48_000)
    sf.write(folder / "reference.flac", reference.samples.T, 48_000, "PCM_24")
    return folder


def test_a_mix_becomes_a_master_with_a_report(folder):
    out, report = folder / "out.wav", folder / "report.json"
    arguments = ["master", str(folder / "mix.wav"), str(folder / "reference.flac")]
    assert main([*arguments, "-o", str(out), "--report", str(report)]) == 0
    written = sf.info(out)
    assert (written.samplerate, written.frames, written.subtype) == (44_100, 12 * 44_100, "PCM_24")
    assert json.loads(report.read_text())["verdict"]["code"] == "closer"


def test_a_profile_gives_the_same_bytes_as_its_track(folder):
    profile = folder / "reference.json.gz"
    assert main(["profile", str(folder / "reference.flac"), "-o", str(profile)]) == 0
    outputs = []
    for reference in (folder / "reference.flac", profile):
        out = folder / f"from-{reference.name}.wav"
        assert main(["master", str(folder / "mix.wav"), str(reference), "-o", str(out)]) == 0
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]


def test_amount_zero_gives_back_the_samples(folder):
    out = folder / "same.wav"
    arguments = ["master", str(folder / "mix.wav"), str(folder / "reference.flac")]
    assert main([*arguments, "-o", str(out), "--amount", "0", "--format", "wav16"]) == 0
    before, after = (sf.read(path, dtype="int16")[0] for path in (folder / "mix.wav", out))
    assert (before == after).all()


def test_what_is_no_audio_ends_with_3_and_a_code(folder, capsys):
    text = folder / "notes.wav"
    text.write_text("not a sound")
    out = folder / "never.wav"
    assert main(["master", str(text), str(folder / "mix.wav"), "-o", str(out)]) == 3
    assert json.loads(capsys.readouterr().err)["code"] == "unsupported_format"
    assert not out.exists()


def test_an_amount_out_of_range_ends_with_3_and_a_code(folder, capsys):
    arguments = ["master", str(folder / "mix.wav"), str(folder / "mix.wav"), "-o", "x.wav"]
    assert main([*arguments, "--amount", "2"]) == 3
    assert json.loads(capsys.readouterr().err)["code"] == "invalid_settings"


def test_a_missing_file_is_wrong_usage(folder):
    arguments = ["master", str(folder / "none.wav"), str(folder / "mix.wav"), "-o", "x.wav"]
    assert main(arguments) == 2


def test_wrong_words_are_wrong_usage():
    with pytest.raises(SystemExit) as ended:
        main(["master"])
    assert ended.value.code == 2


@pytest.mark.parametrize("command", ["measure", "check", "sections"])
def test_the_readings_are_json(folder, capsys, command):
    assert main([command, str(folder / "mix.wav")]) == 0
    assert json.loads(capsys.readouterr().out) is not None


def test_suitability_is_a_share(folder, capsys):
    assert main(["suit", str(folder / "mix.wav"), str(folder / "reference.flac")]) == 0
    assert 0.0 <= json.loads(capsys.readouterr().out)["score"] <= 1.0
