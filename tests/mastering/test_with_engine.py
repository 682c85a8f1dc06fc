"""The whole way with the real engine, in its box: two uploads become a master."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp import files
from dsp.audio import Audio
from dsp.settings import MasterSettings
from mastering import tasks
from mastering.http import output_name
from mastering.models import Version
from mastering.services import submit_master
from references.models import AudioFile
from references.services import receive_upload
from tests.music import song
from tests.studio import MIX, REFERENCE, REPORT, content_of


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

    assert shape(version.report) | {"settings": {}} == shape(REPORT)
    page = as_alice.get(reverse("mastering:detail", args=[master.pk]))
    assert page.status_code == 200
    for each in page.context["downloads"]:
        content = content_of(as_alice.get(each["url"]))
        assert content[:4] == b"RIFF"
