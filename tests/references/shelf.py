"""Entries of a library without any audio: rows as a worker would leave them."""

import base64
import hashlib
from typing import Any

from accounts.models import User
from dsp.profiles import PROFILE_VERSION
from references.models import AudioFile, Reference
from references.services import enter_measured

THIRDS_HZ = [round(1000.0 * 10.0 ** (n / 10.0), 1) for n in range(-15, 13)]


def summary(*, seed: int = 0, seconds: float = 200.0, **numbers: Any) -> dict[str, Any]:
    """Return what a profile tells; another seed is other music."""
    noise = hashlib.shake_256(str(seed).encode()).digest(2_000)
    wobble = [(noise[n] - 128) / 64.0 for n in range(60)]
    mid = [-20.0 - 0.6 * n + wobble[n] for n in range(len(THIRDS_HZ))]
    return {
        "rate_hz": 44_100,
        "channels": 2,
        "duration_seconds": seconds,
        "integrated_lufs": -10.0 + wobble[40],
        "loudness_range_lu": 6.0 + wobble[41],
        "loudness_spread_lu": 6.0,
        "true_peak_dbtp": -0.5,
        "sample_peak_dbfs": -0.6,
        "plr_db": 9.5,
        "psr_db": {"p10": 8.0, "p50": 9.0 + wobble[42], "p90": 11.0},
        "is_mono": False,
        "cutoff_hz": None,
        "onsets_per_second": 3.0 + wobble[43],
        "tempo_bpm": 120.0,
        "tempo_confidence": 0.4,
        "density": 0.5 + 0.1 * wobble[44],
        "third_octaves_hz": THIRDS_HZ,
        "mid_db": mid,
        "side_db": [level - 9.0 for level in mid],
        "width_db": [-9.0] * len(mid),
        "correlation": [0.7] * len(mid),
        "activity_db": [1.0] * 10,
        "variation_db": [3.0 + wobble[45]] * 10,
        "detail_db": [2.0 + wobble[46]] * 10,
        "fingerprint": base64.b64encode(noise).decode(),
        "sections": [],
    } | numbers


def shelve(
    user: User,
    title: str = "Night Bus",
    *,
    seed: int = 0,
    kind: AudioFile.Kind = AudioFile.Kind.REFERENCE,
    told: dict[str, Any] | None = None,
    audio: dict[str, Any] | None = None,
    **columns: Any,
) -> Reference:
    """Return an entry that was measured; ``told`` is of its summary, ``audio`` of its upload."""
    upload = make_audio(user, title, seed=seed, kind=kind, told=told, **(audio or {}))
    entry = Reference.objects.create(user=user, audio=upload, title=title, **columns)
    enter_measured(audio_id=upload.pk)
    entry.refresh_from_db()
    return entry


def make_audio(
    user: User,
    title: str = "Mix",
    *,
    seed: int = 0,
    kind: AudioFile.Kind = AudioFile.Kind.MIX,
    told: dict[str, Any] | None = None,
    **columns: Any,
) -> AudioFile:
    digest = hashlib.sha256(f"{title} {seed}".encode()).hexdigest()
    given: dict[str, Any] = {
        "facts": {"duration_seconds": 200.0, "rate_hz": 44_100, "lossy": False},
        "summary": summary(seed=seed, **(told or {})),
        "format": "wav",
        "sha256": digest,
        "pcm_sha256": digest,
        "profile_version": PROFILE_VERSION,
        "outputs": {"profile.json.gz": {"size_bytes": 1, "sha256": digest}},
    }
    return AudioFile.objects.create(
        user=user,
        kind=kind,
        status=AudioFile.Status.READY,
        filename=f"{title}.wav",
        size_bytes=1_000,
        attempts=1,
        **given | columns,
    )
