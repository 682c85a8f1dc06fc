"""Props of the tests of uploads and masters: small files, rows in any state, a played engine."""

import json
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
from dsp import box
from dsp.answers import ask
from dsp.errors import AudioError
from dsp.formats import WRITABLE
from dsp.profiles import PROFILE_VERSION
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering.models import Version
from mastering.services import submit_master
from mastering.tasks import render_next
from references.models import AudioFile, Work
from references.services import receive_upload
from references.tasks import measure_next
from tests.reports import REPORT

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
    """Return the body of an answer, streamed or not; the test client closes it at its end."""
    body: bytes = b"".join(response.streaming_content) if response.streaming else response.content
    return body


REPORT["questions"] = ask(REPORT)


STRONG = box.BoxStrength(namespaces=True, landlock=0, seccomp=True)
WEAK = box.BoxStrength(namespaces=False, landlock=0, seccomp=False)


@dataclass
class PlayedEngine:
    """Stands where the boxes are, and leaves what the engine would leave.

    ``before`` is called in each box before it leaves anything; it may raise.
    """

    before: Callable[[str], None] = lambda _name: None
    after_audible: Callable[[], None] = lambda: None  # while a render is measured and encoded
    ran: list[str] = field(default_factory=list)
    niceness: list[int] = field(default_factory=list)  # of the boxes
    archives: list[dict[str, Any]] = field(default_factory=list)  # that exports asked for
    tags: list[tuple[dict[str, str], bytes]] = field(default_factory=list)  # and their covers
    codec_peak_dbtp: float = -0.4  # of what lossy copies decode to
    summary: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    exported: dict[str, Any] = field(default_factory=dict)
    blended: list[dict[str, float]] = field(default_factory=list)  # weights of the last blend
    packed: dict[str, bytes] = field(default_factory=dict)  # of the last album
    reached_lufs: float | None = None  # the most that a master with a goal of its own gets
    recipes: list[dict[str, Any] | None] = field(default_factory=list)  # that renders were given
    usage: box.Usage | None = None  # that the boxes are said to have had

    def run(self, function: str, *args: Any, **options: Any) -> dict[str, Any]:
        name = function.removeprefix("dsp.jobs:")
        self.ran.append(name)
        self.niceness.append(options["limits"].niceness)
        options["progress"]("checking", 0.0)
        self.before(name)
        left: dict[str, Any] = getattr(self, f"_{name}")(*args)
        if name == "render":
            options["progress"]("verifying", 0.8)
            self.after_audible()
        if self.usage is not None:
            options["on_usage"](self.usage)
        return left

    def refuse(self, error: AudioError, *, at: str = "inspect") -> None:
        def raise_it(name: str) -> None:
            if name == at:
                raise error

        self.before = raise_it

    def _inspect(self, source: str, out: str, limits: dict[str, Any]) -> dict[str, Any]:
        assert Path(source).is_file()
        assert limits["max_bytes"]
        for name in ("profile.json.gz", "waveform.json", "proxy.m4a", "lossless.flac"):
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
            "summary": {"integrated_lufs": -18.0 if len(self.ran) == 1 else -9.0} | self.summary,
            "profile_version": PROFILE_VERSION,
        }  # fmt: skip

    def _inspect_profile(self, source: str, out: str) -> dict[str, Any]:
        (Path(out) / "profile.json.gz").write_bytes(Path(source).read_bytes())
        return {
            "facts": {"rate_hz": 44_100, "channels": 2, "duration_seconds": 16.0},
            "findings": [],
            "summary": {"integrated_lufs": -14.0} | self.summary,
            "profile_version": PROFILE_VERSION,
        }

    def _renew_profile(self, source: str, out: str, *_: Any) -> dict[str, Any]:
        assert Path(source).is_file()
        (Path(out) / "profile.json.gz").write_bytes(b"measured again")
        return {}

    def _mix_references(
        self, profiles: list[str], weights: list[dict[str, float]], out: str
    ) -> dict[str, Any]:
        for path in profiles:
            assert Path(path).is_file()
        self.blended = weights
        (Path(out) / "profile.json.gz").write_bytes(f"blend of {len(self.ran)}".encode())
        return {"summary": {"integrated_lufs": -12.0}}

    def _preview(
        self, mix: str, mix_profile: str, reference_profile: str, out: str, *_: Any
    ) -> dict[str, Any]:
        for path in (mix, mix_profile, reference_profile):
            assert Path(path).is_file()
        for name in ("excerpt.flac", "waveform.json"):
            (Path(out) / name).write_bytes(f"{name} at {len(self.ran)}".encode())
        return {"gain_db": -0.5}

    def _render(
        self,
        mix: str,
        mix_profile: str,
        reference_profile: str,
        out: str,
        settings: dict[str, Any],
        _limits: dict[str, Any],
        recipe: dict[str, Any] | None,
    ) -> dict[str, Any]:
        for path in (mix, mix_profile, reference_profile):
            assert Path(path).is_file()
        self.recipes.append(recipe)
        names = ("master.wav", "wav24.wav", "proxy.m4a", "waveform.json")
        for name in names:
            (Path(out) / name).write_bytes(f"{name} at {len(self.ran)}".encode() * 100)
        made = recipe or {"recipe": 1, "made": settings}
        (Path(out) / "recipe.json").write_text(json.dumps(made))
        provenance = {"engine": ENGINE_VERSION} | self.provenance
        return {"report": self.report(settings, recipe), "provenance": provenance, "outputs": {}}

    def report(self, settings: dict[str, Any], recipe: dict[str, Any] | None) -> dict[str, Any]:
        if self.reached_lufs is not None and settings["loudness"] != "reference":
            reached = min(settings["loudness"], self.reached_lufs)
            first, *rest = REPORT["numbers"]
            return REPORT | {"numbers": [first | {"after": reached}, *rest]}
        if recipe is None:
            return REPORT
        odd = [{"code": "length_differs", "mix": 16.0, "file": 12.0}]
        return REPORT | {"frozen": {"recipe_sha256": "0" * 64, "oddities": odd}}

    def _pack(self, entries: dict[str, str], out: str, name: str) -> dict[str, Any]:
        self.packed = {entry: Path(path).read_bytes() for entry, path in entries.items()}
        (Path(out) / name).write_bytes(b"PK")
        return {}

    def _export(
        self,
        source: str,
        out: str,
        formats: list[str],
        _rate_hz: int | None,
        tags: dict[str, str],
        cover: str | None,
        _limits: dict[str, Any],
        archive: dict[str, Any] | None,
    ) -> dict[str, Any]:
        assert Path(source).is_file()
        self.tags.append((tags, Path(cover).read_bytes() if cover else b""))
        names = [f"{code}.{WRITABLE[code].extension}" for code in formats]
        if archive is not None:
            read = {name: Path(path).read_bytes() for name, path in archive["files"].items()}
            self.archives.append(archive | {"read": read})
            names = [archive["name"]]
        for name in names:
            (Path(out) / name).write_bytes(f"{name} at {len(self.ran)}".encode() * 100)
        return {"files": names} | self.exported

    def _check_release(self, source: str, out: str, ceiling_dbtp: float, *_: Any) -> dict[str, Any]:
        assert Path(source).is_file()
        (Path(out) / "release.json").write_text("{}")
        peak = self.codec_peak_dbtp
        return {
            "true_peak_dbtp": ceiling_dbtp,
            "sample_peak_dbfs": ceiling_dbtp,
            "codecs": [
                {
                    "format": code,
                    "true_peak_dbtp": peak,
                    "overshoot_db": round(peak - ceiling_dbtp, 2),
                    "overs": 12 if peak > 0 else 0,
                }
                for code in ("mp3-320", "aac-256")
            ],
            "safe_ceiling_dbtp": -1.8 if peak > 0 else None,
            "mono": {
                "channels": 2,
                "loss_lu": 0.8,
                "worst_loss_lu": 2.1,
                "worst_at_seconds": 72.0,
            },
        }


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PlayedEngine:
    played = PlayedEngine()
    put_in_the_box(played.run, monkeypatch)
    return played


def put_in_the_box(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers run this in place of a box, without waiting for an engine to compile."""
    monkeypatch.setattr("dsp.box.run", run)
    monkeypatch.setattr("dsp.box.strength", lambda: STRONG)
    monkeypatch.setattr("references.tasks.machine.warm_up", lambda: None)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the bells that were rung."""
    rung: list[str] = []
    monkeypatch.setattr("references.services.doorbell.async_task", rung.append)
    return rung


@pytest.fixture
def finished(engine: PlayedEngine, alice: User) -> Version:
    """Return a version of alice's that succeeded."""
    version = measured(submitted(alice))
    render_next()
    return Version.objects.get(pk=version.pk)
