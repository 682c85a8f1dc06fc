"""The whole way with the real engine, in its box: two uploads become a master."""

import io
import wave
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.settings import MasterSettings
from mastering import tasks
from mastering.models import Version
from mastering.services import submit_master
from references.models import AudioFile
from references.services import receive_upload
from tests.studio import MIX, REFERENCE, REPORT, content_of

RATE_HZ = 44_100


def track(seed: int, *, level: float, brightness: float) -> bytes:
    """Return 12 s of stereo noise with a beat, as a 16-bit WAV file."""
    noise = np.random.default_rng(seed).standard_normal((12 * RATE_HZ, 2))
    dull = np.cumsum(noise, axis=0)
    dull -= np.convolve(dull[:, 0], np.ones(999) / 999, "same")[:, None]
    beat = 0.3 + 0.7 * np.exp(-6.0 * (np.arange(len(noise)) % (RATE_HZ // 2)) / RATE_HZ)
    sound = (brightness * noise + dull / dull.std()) * beat[:, None]
    samples = np.int16(np.clip(level * sound / np.abs(sound).max(), -1, 1) * 32_767)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def shape(value: Any) -> Any:
    """Return the names in a report, without its numbers."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return None


@pytest.mark.slow
def test_two_uploads_become_a_master(alice: User, as_alice: Client):
    mix, reference = (
        receive_upload(user=alice, kind=kind, file=ContentFile(content, f"{kind}.wav"))
        for kind, content in (
            (MIX, track(1, level=0.3, brightness=0.2)),
            (REFERENCE, track(2, level=0.95, brightness=0.8)),
        )
    )
    master = submit_master(
        user=alice, mix=mix, reference=reference, settings=MasterSettings(max_limiting_db=3.0)
    )
    for _ in range(3):
        tasks.work()

    for audio in AudioFile.objects.all():
        assert audio.is_ready, (audio.error_code, audio.error_detail)
        assert audio.duration_seconds == 12.0
    version = Version.objects.get()
    assert version.has_succeeded, (version.error_code, version.error_detail)
    loudness = version.report["loudness"]
    assert loudness["before_lufs"] < version.loudness_lufs <= loudness["goal_lufs"] + 0.1
    assert version.true_peak_dbtp <= -1.0
    for name, digest in version.provenance["outputs_sha256"].items():
        file = next(each for each in version.outputs if each.startswith(name))
        assert version.outputs[file]["sha256"] == digest
        assert default_storage.size(version.key(file)) == version.outputs[file]["size_bytes"]

    assert shape(version.report) | {"settings": {}} == shape(REPORT)
    page = as_alice.get(reverse("mastering:detail", args=[master.pk]))
    assert page.status_code == 200
    for each in page.context["downloads"]:
        content = content_of(as_alice.get(each["url"]))
        assert content[:4] in (b"RIFF", b"fLaC")
