"""Props of the tests of uploads and masters: small files, rows in any state, a played engine."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now

from accounts.models import User
from dsp import jobs
from dsp.errors import AudioError
from dsp.settings import MasterSettings
from mastering.models import Version
from mastering.services import submit_master
from mastering.tasks import render_next
from references.models import AudioFile, Work
from references.services import receive_upload
from references.tasks import measure_next

MIX, REFERENCE = AudioFile.Kind.MIX, AudioFile.Kind.REFERENCE


def wav(seconds: float = 0.01, *, rate_hz: int = 44_100) -> bytes:
    """Return a silent 16-bit mono WAV file."""
    body = bytes(2 * int(seconds * rate_hz))
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 1,
                       rate_hz, 2 * rate_hz, 2, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(body)) + body


def wav_file(name: str = "song.wav", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, wav() if content is None else content, "audio/wav")


def uploaded(user: User, kind: AudioFile.Kind = MIX, name: str = "song.wav") -> AudioFile:
    """Return an upload that waits to be measured."""
    return receive_upload(user=user, kind=kind, file=ContentFile(wav(), name))


def submitted(user: User, **settings: Any) -> Version:
    """Return a version that waits until its tracks are measured."""
    master = submit_master(
        user=user,
        mix=uploaded(user, MIX, "mix.wav"),
        reference=uploaded(user, REFERENCE, "reference.wav"),
        settings=MasterSettings(**settings),
    )
    return master.latest


def measured(version: Version) -> Version:
    """Measure both tracks of a version, with the engine that the test plays."""
    while measure_next():
        pass
    return Version.objects.get(pk=version.pk)


def lose_lease(work: Work) -> None:
    """Let the lease of running work be over."""
    type(work)._default_manager.filter(pk=work.pk).update(lease_until=Now() - timedelta(seconds=1))


def make_due(work: Work) -> None:
    """Let the wait before the next attempt be over."""
    type(work)._default_manager.filter(pk=work.pk).update(run_at=Now())


def content_of(response: Any) -> bytes:
    """Return the body of an answer, streamed or not; close it."""
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return body


REPORT: dict[str, Any] = {
    "version": 1,
    "engine": "1.0.0",
    "loudness": {
        "before_lufs": -18.0,
        "goal_lufs": -9.0,
        "reference_lufs": -9.0,
        "after_lufs": -9.4,
        "held_by": None,
    },
    "numbers": [
        {"key": "integrated_lufs", "unit": "LUFS", "before": -18.0, "reference": -9.0, "after": -9.4},
        {"key": "true_peak_dbtp", "unit": "dBTP", "before": -3.0, "reference": 0.2, "after": -1.0},
    ],
    "sections": [
        {"start_seconds": 0.0, "end_seconds": 8.0, "letter": "A", "role": "intro",
         "loudness_lufs": -20.0},
        {"start_seconds": 8.0, "end_seconds": 16.0, "letter": "B", "role": None,
         "loudness_lufs": -17.0},
    ],
}  # fmt: skip


@dataclass
class PlayedEngine:
    """Stands where the boxes are, and leaves what the engine would leave.

    ``before`` is called in each box before it leaves anything; it may raise.
    """

    before: Callable[[str], None] = lambda _name: None
    ran: list[str] = field(default_factory=list)

    def run(self, function: Callable[..., Any], *args: Any, **options: Any) -> dict[str, Any]:
        name = function.__name__
        self.ran.append(name)
        options["progress"]("checking", 0.0)
        self.before(name)
        return self._inspect(*args) if function is jobs.inspect else self._render(*args)

    def refuse(self, error: AudioError, *, at: str = "inspect") -> None:
        def raise_it(name: str) -> None:
            if name == at:
                raise error

        self.before = raise_it

    def _inspect(self, source: str, out: str, limits: dict[str, Any]) -> dict[str, Any]:
        assert Path(source).is_file()
        assert limits["max_bytes"]
        for name in ("profile.json.gz", "waveform.json", "proxy.flac"):
            (Path(out) / name).write_bytes(f"{name} of {len(self.ran)}".encode())
        return {
            "facts": {
                "container": "wav", "codec": "pcm_s16", "rate_hz": 44_100, "channels": 2,
                "bits": 16, "lossy": False, "duration_seconds": 16.0, "pcm_sha256": "0" * 64,
            },
            "findings": [
                {"code": "little_headroom", "severity": "note", "confidence": 0.99,
                 "value": -0.3, "unit": "dBTP", "ranges": []},
            ],
            "summary": {"integrated_lufs": -18.0 if len(self.ran) == 1 else -9.0},
        }  # fmt: skip

    def _render(
        self, mix: str, mix_profile: str, reference_profile: str, out: str, *_: Any
    ) -> dict[str, Any]:
        for path in (mix, mix_profile, reference_profile):
            assert Path(path).is_file()
        names = ("wav24.wav", "wav16.wav", "flac24.flac", "proxy.flac", "waveform.json")
        for name in names:
            (Path(out) / name).write_bytes(f"{name} at {len(self.ran)}".encode() * 100)
        return {"report": REPORT, "provenance": {"engine": "1.0.0"}, "outputs": {}}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    played = PlayedEngine()
    monkeypatch.setattr("references.tasks.box.run", played.run)
    return played


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the bells that were rung."""
    rung: list[str] = []
    monkeypatch.setattr("references.services.async_task", rung.append)
    return rung


@pytest.fixture
def finished(engine: PlayedEngine, alice: User) -> Version:
    """A version of alice's that succeeded."""
    version = measured(submitted(alice))
    render_next()
    return Version.objects.get(pk=version.pk)
