"""Props of the tests of uploads and masters: small files, rows in any state, a played engine."""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
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


def _three(unit: str, *values: float) -> dict[str, Any]:
    keys = ("before", "reference", "after")
    return {f"{key}_{unit}": [value] * 2 for key, value in zip(keys, values, strict=True)}


_BANDS = [
    {"hz": hz, "wanted_db": 2.0, "applied_db": 1.4, "capped_db": 0.0, "left_db": 0.6}
    for hz in (100.0, 1000.0)
]

# As dsp.report describes a master; a test with the real engine holds it to that.
REPORT: dict[str, Any] = {
    "version": 2,
    "engine": ENGINE_VERSION,
    "settings": {},
    "suitability": 0.8,
    "verdict": {
        "code": "closer",
        "closer": ["tone", "loudness"],
        "away": [],
        "limiting_max_db": 1.4,
        "limiting_role": None,
        "limiting_letter": "B",
    },
    "axes": {
        axis: {"before": 3.0, "after": 1.0, "moved": "closer"}
        for axis in ("tone", "loudness", "dynamics", "width")
    },
    "loudness": {
        "before_lufs": -18.0,
        "reference_lufs": -9.0,
        "goal_lufs": -9.0,
        "after_lufs": -9.4,
        "held_by": None,
        "ceiling_dbtp": -1.0,
    },
    "numbers": [
        {"key": key, "unit": unit, "before": before, "reference": reference, "after": after}
        for key, unit, before, reference, after in (
            ("integrated_lufs", "LUFS", -18.0, -9.0, -9.4),
            ("max_short_term_lufs", "LUFS", -15.0, -7.0, -7.4),
            ("loudness_range_lu", "LU", 7.0, None, 5.0),
            ("true_peak_dbtp", "dBTP", -3.0, 0.2, -1.0),
            ("plr_db", "dB", 15.0, 9.2, 8.4),
            ("psr_db", "dB", 13.0, 8.0, 8.2),
            ("width_db", "dB", -14.0, -9.0, -10.0),
            ("correlation", "", 0.8, 0.6, 0.7),
        )
    ],
    "ranges": [
        {"code": code, "before_db": -2.0, "after_db": -0.5}
        for code in ("low_end", "low_mids", "vocal_range", "top_end", "presence")
    ],
    "tone": {
        "bands_hz": [100.0, 1000.0],
        **_three("db", -1.0, 1.0, 0.5),
        "curve_hz": [100.0, 1000.0],
        "wanted_db": [2.0, 2.0],
        "applied_db": [1.4, 1.4],
        "capped_db": [0.0, 0.0],
        "left_db": [0.6, 0.6],
        "compared": [True, True],
        "bands": _BANDS,
        "bands_compared": [True, True],
    },
    "width": {
        "bands_hz": [100.0, 1000.0],
        **_three("db", -14.0, -9.0, -10.0),
        "curve_hz": [100.0, 1000.0],
        "correlation_before": [0.8, 0.8],
        "correlation_reference": [0.6, 0.6],
        "correlation_after": [0.7, 0.7],
        "wanted_db": [4.0, 4.0],
        "applied_db": [3.0, 3.0],
        "capped_db": [1.0, 1.0],
        "left_db": [0.0, 0.0],
        "bands": _BANDS,
    },
    "dynamics": {
        "levels_lu": [-10.0, 0.0],
        "wanted_db": [1.0, -1.0],
        "applied_db": [0.7, -0.7],
        "lowest_db": -0.7,
        "highest_db": 0.7,
        "mean_db": 0.1,
        "fast_db_per_lu": 0.0,
        "fast_lowest_db": 0.0,
        "bands": [
            {
                "low_hz": low_hz,
                "high_hz": high_hz,
                "wanted_db_per_db": -0.05,
                "applied_db_per_db": 0.0,
                "lowest_db": 0.0,
                "highest_db": 0.0,
                "mean_db": 0.0,
            }
            for low_hz, high_hz in pairwise([0.0, 120.0, 600.0, 4000.0, None])
        ],
        "bands_reason": None,
        "psr_before_db": 13.0,
        "psr_reference_db": 8.0,
        "psr_after_db": 8.2,
        "psr_low_before_db": 11.0,
        "psr_low_reference_db": 7.0,
        "psr_low_after_db": 7.5,
    },
    "limiting": {
        "max_db": 1.4,
        "mean_db": 0.2,
        "share_over_1_db": 0.05,
        "share_over_3_db": 0.0,
        "share_over_6_db": 0.0,
        "clipped_ms": 0.0,
        "drive_db": 9.0,
        "sections": [
            {
                "start_seconds": start,
                "end_seconds": start + 8.0,
                "letter": letter,
                "role": role,
                "max_db": most,
                "mean_db": mean,
                "share_over_1_db": mean / 4,
                "share_over_3_db": 0.0,
                "share_over_6_db": 0.0,
            }
            for start, letter, role, most, mean in (
                (0.0, "A", "intro", 0.2, 0.0),
                (8.0, "B", None, 1.4, 0.4),
            )
        ],
        "track": {"step_seconds": 0.1, "reduction_db": [0.0, 1.4]},
    },
    "loudness_over_time": {
        key: {"step_seconds": 1.0, "lufs": [level, level]}
        for key, level in (("before", -18.0), ("reference", -9.0), ("after", -9.4))
    },
    "sections": [
        {
            "start_seconds": 0.0,
            "end_seconds": 8.0,
            "letter": "A",
            "role": "intro",
            "loudness_lufs": -20.0,
            "confidence": 0.7,
        },
        {
            "start_seconds": 8.0,
            "end_seconds": 16.0,
            "letter": "B",
            "role": None,
            "loudness_lufs": -17.0,
            "confidence": 0.0,
        },
    ],
    "pairs": [
        {
            "mix": 1,
            "reference": 0,
            "start_seconds": 8.0,
            "end_seconds": 16.0,
            "reference_start_seconds": 4.0,
            "reference_end_seconds": 12.0,
        }
    ],
    "capped": [
        {
            "stage": "width",
            "hz": 1000,
            "low_hz": 900,
            "high_hz": 1100,
            "wanted_db": 4.0,
            "applied_db": 3.0,
        }
    ],
    "notes": [],
    "harm": [],
    "gentler": None,
    "fix_in_the_mix": [
        {"code": "too_much", "hz": 251.2, "low_hz": 199.5, "high_hz": 316.2, "left_db": 4.1},
    ],
}
REPORT["questions"] = ask(REPORT)


STRONG = box.BoxStrength(namespaces=True, landlock=0, seccomp=True)
WEAK = box.BoxStrength(namespaces=False, landlock=0, seccomp=False)


@dataclass
class PlayedEngine:
    """Stands where the boxes are, and leaves what the engine would leave.

    ``before`` is called in each box before it leaves anything; it may raise.
    """

    before: Callable[[str], None] = lambda _name: None
    ran: list[str] = field(default_factory=list)
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
        options["progress"]("checking", 0.0)
        self.before(name)
        left: dict[str, Any] = getattr(self, f"_{name}")(*args)
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
