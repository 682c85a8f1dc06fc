"""The whole way with the real engine, in its box: two uploads become a master."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from tinytag import TinyTag

from accounts.models import User
from dsp import files
from dsp.audio import Audio
from dsp.covers import clean_cover
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.http import output_name
from mastering.models import Export, Version
from mastering.services import submit_master
from references.models import AudioFile
from references.services import receive_upload
from tests.music import song
from tests.pictures import jpeg
from tests.reports import REPORT
from tests.studio import MIX, REFERENCE, content_of


def track(folder: Path, *, seed: int, peak: float, middle_share: float) -> bytes:
    """Return a song as a WAV file; the share of its middle that is left makes it wide."""
    made = song(seed=seed, seconds=24.0, peak=peak)
    middle = made.samples.mean(axis=0, keepdims=True)
    samples = np.ascontiguousarray(made.samples - (1.0 - middle_share) * middle)
    path = folder / f"{seed}.wav"
    files.write(path, Audio(samples, made.rate_hz), format="wav24")
    return path.read_bytes()


def shape(value: Any) -> Any:
    """Return the names in a report, without its numbers."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return None


@pytest.mark.django_db(transaction=True)  # the heart of an attempt beats beside it
@pytest.mark.slow
def test_two_uploads_become_a_master(alice: User, as_alice: Client, tmp_path: Path):
    mix, reference = (
        receive_upload(user=alice, kind=kind, file=ContentFile(content, f"{kind}.wav"))
        for kind, content in (
            (MIX, track(tmp_path, seed=1, peak=0.3, middle_share=1.0)),
            (REFERENCE, track(tmp_path, seed=2, peak=0.95, middle_share=0.7)),
        )
    )
    master = submit_master(
        user=alice, mix=mix, reference=reference, settings=MasterSettings(max_limiting_db=3.0)
    )
    for _ in range(3):
        tasks.work()

    for audio in AudioFile.objects.all():
        assert audio.is_ready, (audio.error_code, audio.error_detail)
        assert audio.duration_seconds == 24.0
    version = Version.objects.get()
    assert version.has_succeeded, (version.error_code, version.error_detail)
    loudness = version.report["loudness"]
    assert version.loudness_lufs is not None
    assert version.true_peak_dbtp is not None
    assert loudness["before_lufs"] < version.loudness_lufs <= loudness["goal_lufs"] + 0.1
    assert version.true_peak_dbtp <= -1.0
    for name, digest in version.provenance["outputs_sha256"].items():
        file = output_name(name)
        assert file is not None
        assert version.outputs[file]["sha256"] == digest
        assert default_storage.size(version.key(file)) == version.outputs[file]["size_bytes"]

    varying: dict[str, Any] = {
        "settings": {},
        "gentler": None,
    }  # there only where something did harm
    assert shape(version.report) | varying == shape(REPORT)
    page = as_alice.get(reverse("mastering:detail", args=[master.pk]))
    assert page.status_code == 200
    for each in page.context["downloads"]:
        content = content_of(as_alice.get(each["url"]))
        assert content[:4] == b"RIFF"

    services.save_tags(
        master=master,
        texts={"title": "Night drive", "artist": "Åsa", "album": "", "isrc": "DEA122600001"},
        cover=clean_cover(jpeg()),
    )
    check = services.request_check(version=version)
    exports = [
        services.request_export(version=version, formats=["aac-256"], rate_hz=48_000),
        services.request_export(version=version, formats=["wav16", "mp3-320"], is_archive=True),
    ]
    for _ in range(3):
        tasks.work()
    check.refresh_from_db()
    assert check.has_succeeded, (check.error_code, check.error_detail)
    assert check.found["true_peak_dbtp"] == pytest.approx(version.true_peak_dbtp, abs=0.02)
    assert [copy["format"] for copy in check.found["codecs"]] == ["mp3-320", "aac-256"]
    for export in exports:
        export.refresh_from_db()
        assert export.has_succeeded, (export.error_code, export.error_detail)
    aac, archive = exports
    _assert_tagged(_stored(aac, tmp_path), rate_hz=48_000)
    with zipfile.ZipFile(_stored(archive, tmp_path)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        assert {"report.json", "report.pdf", "provenance.json"} < set(names)
        assert packed.read("report.pdf").startswith(b"%PDF")
        for name in names:
            if name.endswith((".wav", ".mp3")):
                _assert_tagged(Path(packed.extract(name, tmp_path)), rate_hz=44_100)


def _stored(export: Export, folder: Path) -> Path:
    """Return a copy of what was made, under its own ending."""
    assert export.file_name is not None
    copy = folder / export.file_name
    with default_storage.open(export.key(export.file_name)) as stored:
        copy.write_bytes(stored.read())
    return copy


def _assert_tagged(path: Path, *, rate_hz: int) -> None:
    tags = TinyTag.get(path, image=True)
    assert (tags.title, tags.artist, tags.samplerate) == ("Night drive", "Åsa", rate_hz)
    assert tags.other["isrc"] == ["DEA122600001"]
    assert tags.images.front_cover is not None
    assert tags.images.front_cover.data == jpeg(secret=False)
