"""Whole pieces of work on files, as a worker's box runs them."""

import hashlib
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from dsp import files, jobs
from dsp.errors import ProfileUnsupported
from dsp.formats import CANONICAL_NAME, LIMITS, LOSSLESS_NAME, PROFILE_NAME, PROXY_NAME
from dsp.loudness import integrated_lufs, weighted_energies
from dsp.measure import Profile, measure
from dsp.settings import MasterSettings
from dsp.stored import load_profile
from tests.music import song

pytestmark = pytest.mark.slow
LIMIT_VALUES = asdict(LIMITS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("work")
    for name, audio in {
        "mix": song(seed=1, seconds=12, peak=0.3),
        "reference": song(seed=2, seconds=12, peak=0.9),
    }.items():
        sf.write(folder / f"{name}.wav", audio.samples.T, audio.rate_hz, "PCM_24")
        (folder / name).mkdir()
        jobs.inspect(str(folder / f"{name}.wav"), str(folder / name), LIMIT_VALUES)
    return folder


def render(folder: Path, out: Path, **settings) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    return jobs.render(
        str(folder / "mix.wav"),
        str(folder / "mix" / PROFILE_NAME),
        str(folder / "reference" / PROFILE_NAME),
        str(out),
        MasterSettings(**settings).as_dict(),
        LIMIT_VALUES,
    )


def test_the_same_mix_under_a_stored_recipe_gives_the_same_bytes(folder, tmp_path):
    made = render(folder, tmp_path / "made")
    recipe = json.loads((tmp_path / "made" / jobs.RECIPE_NAME).read_text())
    again = tmp_path / "again"
    again.mkdir()
    repeated = jobs.render(
        str(folder / "mix.wav"),
        str(folder / "mix" / PROFILE_NAME),
        str(folder / "reference" / PROFILE_NAME),
        str(again),
        MasterSettings().as_dict(),
        LIMIT_VALUES,
        recipe,
    )
    assert repeated["provenance"]["outputs_sha256"] == made["provenance"]["outputs_sha256"]
    frozen = repeated["report"]["frozen"]
    assert frozen["oddities"] == []
    assert repeated["provenance"]["frozen"] == frozen
    assert (again / jobs.RECIPE_NAME).read_text() == (
        tmp_path / "made" / jobs.RECIPE_NAME
    ).read_text()


def test_a_blend_of_one_is_stored_as_that_one_and_of_two_is_mastered_toward(folder, tmp_path):
    profiles = [str(folder / name / PROFILE_NAME) for name in ("reference", "mix")]
    nothing = dict.fromkeys(("tone", "dynamics", "width", "loudness"), 0.0)
    made = jobs.mix_references(profiles, [{}, nothing], str(tmp_path))
    alone = folder / "reference" / PROFILE_NAME
    assert (tmp_path / PROFILE_NAME).read_bytes() == alone.read_bytes()
    assert made["summary"] == load_profile(alone).summary()

    made = jobs.mix_references(profiles, [{}, {}], str(tmp_path))
    both = [load_profile(path).integrated_lufs for path in profiles]
    assert made["summary"]["integrated_lufs"] == pytest.approx(sum(both) / 2)
    out = tmp_path / "master"
    out.mkdir()
    rendered = jobs.render(
        str(folder / "mix.wav"),
        profiles[1],
        str(tmp_path / PROFILE_NAME),
        str(out),
        MasterSettings().as_dict(),
        LIMIT_VALUES,
    )
    assert rendered["report"]["loudness"]["goal_lufs"] == pytest.approx(sum(both) / 2, abs=0.01)
    with pytest.raises(ProfileUnsupported):
        load_profile(tmp_path / PROFILE_NAME)


def test_an_upload_leaves_its_profile_and_what_the_player_needs(folder):
    made = {path.name for path in (folder / "mix").iterdir()}
    assert made == {PROFILE_NAME, jobs.WAVEFORM_NAME, PROXY_NAME, LOSSLESS_NAME}
    lossless = files.read(folder / "mix" / LOSSLESS_NAME)
    assert np.array_equal(lossless.samples, files.read(folder / "mix.wav").samples)
    saved = load_profile(folder / "mix" / PROFILE_NAME)
    fresh = measure(files.read(folder / "mix.wav"))
    assert saved.to_dict() == fresh.to_dict()


def test_a_mix_over_full_scale_says_how_much_quieter_its_proxy_is(tmp_path):
    loud = song(seed=5, seconds=6, peak=2.0)
    sf.write(tmp_path / "loud.wav", loud.samples.T, loud.rate_hz, "FLOAT")
    facts = jobs.inspect(str(tmp_path / "loud.wav"), str(tmp_path), LIMIT_VALUES)["facts"]
    proxy = files.read(tmp_path / LOSSLESS_NAME)
    quieter = proxy.samples / 10 ** (facts["proxy_gain_db"] / 20)
    assert facts["proxy_gain_db"] == pytest.approx(-6.03, abs=0.02)
    assert np.allclose(quieter, loud.samples, atol=2e-4)


def test_a_render_is_repeatable_to_the_byte(folder, tmp_path):
    first, second = (render(folder, tmp_path / name) for name in ("first", "second"))
    assert first["provenance"] == second["provenance"]
    for name in first["outputs"].values():
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_render_leaves_one_canonical_file_that_nothing_was_rounded_in(folder, tmp_path):
    made = render(folder, tmp_path, amount=0.0)
    assert made["outputs"] == {"wav32f": CANONICAL_NAME, "wav24": "wav24.wav"}
    assert {path.name for path in tmp_path.iterdir()} == {
        CANONICAL_NAME, "wav24.wav", jobs.WAVEFORM_NAME, PROXY_NAME, jobs.RECIPE_NAME,
    }  # fmt: skip
    samples = files.read(tmp_path / CANONICAL_NAME).samples
    assert np.array_equal(samples, files.read(folder / "mix.wav").samples)
    pinned = made["provenance"]["outputs_sha256"]["wav32f"]
    assert pinned == hashlib.sha256((tmp_path / CANONICAL_NAME).read_bytes()).hexdigest()


def test_the_loudness_of_a_track_can_be_told_from_what_is_kept_of_each_moment(folder, tmp_path):
    made = render(folder, tmp_path)
    kept = json.loads((tmp_path / jobs.WAVEFORM_NAME).read_text())["loudness"]
    energies = 10.0 ** ((np.array(kept["lufs"]) + 0.691) / 10.0)
    blocks = np.lib.stride_tricks.sliding_window_view(energies, 4).mean(axis=1)
    blocks = blocks[blocks > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    loud = blocks[blocks > blocks.mean() / 10.0].mean()
    audio = files.read(tmp_path / made["outputs"]["wav32f"])
    measured = integrated_lufs(weighted_energies(audio))
    assert -0.691 + 10.0 * np.log10(loud) == pytest.approx(measured, abs=0.01)


def test_what_was_rendered_is_what_the_report_measured(folder, tmp_path):
    made = render(folder, tmp_path)
    written = measure(files.read(tmp_path / made["outputs"]["wav32f"]))
    after = {row["key"]: row["after"] for row in made["report"]["numbers"]}
    assert after["integrated_lufs"] == pytest.approx(written.integrated_lufs, abs=0.005)
    assert after["true_peak_dbtp"] == pytest.approx(written.true_peak_dbtp, abs=0.005)


def test_steps_are_told_in_order(folder, tmp_path):
    told: list[tuple[str, float]] = []
    jobs.render(
        str(folder / "mix.wav"),
        str(folder / "mix" / PROFILE_NAME),
        str(folder / "reference" / PROFILE_NAME),
        str(tmp_path),
        MasterSettings().as_dict(),
        LIMIT_VALUES,
        progress=lambda step, share: told.append((step, share)),
    )
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[0][0] == "checking"
    assert told[-1][0] == "encoding"


def test_a_damaged_profile_is_refused(folder, tmp_path):
    whole = json.loads(json.dumps(measure(song(seed=1, seconds=6)).to_dict()))
    for damage in ({"version": 99}, {"mid_db": [1.0]}, {"moments_mid": "no base64!"}):
        with pytest.raises(ProfileUnsupported):
            Profile.from_dict(whole | damage)
    text = tmp_path / "text.json.gz"
    text.write_bytes(b"neither gzip nor JSON")
    with pytest.raises(ProfileUnsupported):
        load_profile(text)


def export(source: Path, out: Path, formats: list[str], **options) -> list[str]:
    out.mkdir()
    chosen = {"rate_hz": None, "tags": {}, "cover": None, "archive": None} | options
    made: list[str] = jobs.export(
        str(source),
        str(out),
        formats,
        chosen["rate_hz"],
        chosen["tags"],
        chosen["cover"],
        LIMIT_VALUES,
        chosen["archive"],
    )["files"]
    return made


def test_an_export_writes_each_format_with_the_same_music(tmp_path):
    audio = song(seed=5, seconds=4, peak=0.8)
    source = tmp_path / CANONICAL_NAME
    files.write(source, audio, format="wav32f")
    made = export(source, tmp_path / "out", ["wav24", "wav16", "flac24"], rate_hz=88_200)
    assert made == ["flac24.flac", "wav16.wav", "wav24.wav"]
    subtypes = {"wav24.wav": "PCM_24", "wav16.wav": "PCM_16", "flac24.flac": "PCM_24"}
    for name, bits in subtypes.items():
        info = sf.info(tmp_path / "out" / name)
        assert (info.samplerate, info.subtype, info.frames) == (88_200, bits, 2 * audio.frames)


def test_a_zip_has_the_same_bytes_every_time(tmp_path):
    source, note = tmp_path / CANONICAL_NAME, tmp_path / "note.txt"
    files.write(source, song(seed=5, seconds=3, peak=0.8), format="wav32f")
    note.write_text("note")
    archive = {
        "name": "package.zip",
        "entries": {"wav16": "Straße (v1).wav", "mp3-320": "Straße (v1).mp3"},
        "files": {"note.txt": str(note)},
    }
    formats = ["wav16", "mp3-320"]
    for name in ("a", "b"):
        made = export(source, tmp_path / name, formats, archive=archive, tags={"title": "Straße"})
        assert made == ["package.zip"]
    first = (tmp_path / "a" / "package.zip").read_bytes()
    assert first == (tmp_path / "b" / "package.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / "package.zip") as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["Straße (v1).mp3", "Straße (v1).wav", "note.txt"]


def test_the_release_check_is_told_and_left_as_a_file(tmp_path):
    source = tmp_path / CANONICAL_NAME
    files.write(source, song(seed=5, seconds=4, peak=0.8), format="wav32f")
    (tmp_path / "out").mkdir()
    found = jobs.check_release(str(source), str(tmp_path / "out"), -1.0, LIMIT_VALUES)
    (left,) = (tmp_path / "out").iterdir()
    assert left.name == jobs.RELEASE_NAME
    assert json.loads(left.read_text()) == found
