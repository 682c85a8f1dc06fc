"""What the pages are looked at with: two made songs, measured and mastered by the engine."""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from dsp import files, jobs
from dsp.audio import Audio
from dsp.covers import clean_cover
from dsp.formats import PROFILE_NAME
from dsp.settings import ENGINE_VERSION, MasterSettings
from mastering import services
from mastering.deliverables import entry_names
from mastering.models import (
    AUDIBLE_FROM,
    AUDIBLE_NAME,
    Export,
    Master,
    Preview,
    ReleaseCheck,
    Share,
    ShareNote,
    Version,
)
from references.models import AudioFile, Reference
from references.services import enter_measured
from tests.pictures import png

RATE_HZ = 44_100
SONG_SECONDS = 26.0
CHORDS = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))


@dataclass(frozen=True)
class Made:
    """Folders with what the engine wrote, and what it told."""

    mix: Path
    reference: Path
    master: Path
    mix_told: dict[str, Any]
    reference_told: dict[str, Any]
    master_told: dict[str, Any]


def make(folder: Path) -> Made:
    """Run the engine once on a mix and a denser, brighter reference."""
    mix, reference, master = (folder / name for name in ("mix", "reference", "master"))
    for place, audio in ((mix, song(seed=1)), (reference, song(seed=2, drive=2.5, brightness=1.2))):
        place.mkdir()
        files.write(place / "source.wav", audio, format="wav24")
    master.mkdir()
    mix_told, reference_told = (
        jobs.inspect(str(place / "source.wav"), str(place), {}) for place in (mix, reference)
    )
    rendered = jobs.render(
        str(mix / "source.wav"),
        str(mix / PROFILE_NAME),
        str(reference / PROFILE_NAME),
        str(master),
        {},
        {},
    )
    return Made(mix, reference, master, mix_told, reference_told, rendered)


def song(*, seed: int, drive: float = 1.0, brightness: float = 0.0) -> Audio:
    """Return a little music: chords, bass, kick and hats, quiet at first and then full."""
    noise = np.random.default_rng(seed)
    frames = int(SONG_SECONDS * RATE_HZ)
    sound = np.zeros((2, frames))
    beat = int(0.5 * RATE_HZ)
    time = np.arange(2 * beat) / RATE_HZ
    for number, start in enumerate(range(0, frames - time.size, beat)):
        chord = CHORDS[number // 4 % len(CHORDS)]
        note = 440.0 * 2.0 ** ((chord[number % 4] - 69) / 12)
        voice = np.zeros_like(time)
        for partial in range(1, 9):
            level = partial ** (brightness - 2.0)
            voice += level * np.sin(2.0 * np.pi * note * partial * time)
        left = 0.35 + 0.3 * (number % 2)
        span = slice(start, start + time.size)
        sound[0, span] += left * voice * np.exp(-3.0 * time) * 0.3
        sound[1, span] += (1.0 - left) * voice * np.exp(-3.0 * time) * 0.3
        sound[:, span] += np.sin(np.pi * note / 2 * time) * np.exp(-1.5 * time) * 0.25
        kick = 45.0 * time + 2.0 * (1.0 - np.exp(-30.0 * time))
        sound[:, span] += np.sin(2.0 * np.pi * kick) * np.exp(-7.0 * time) * 0.5
        hat = noise.normal(0.0, 0.12 * (1.0 + brightness), (2, time.size))
        sound[:, span] += hat * np.exp(-30.0 * time)
    loudness = np.interp(
        np.arange(frames) / frames, [0.0, 0.35, 0.4, 0.95, 1.0], [0.3, 0.4, 1, 1, 0]
    )
    shaped = np.tanh(sound * loudness * drive)
    return Audio((0.6 * shaped / np.abs(shaped).max()).astype(np.float32), RATE_HZ)


def measured(
    user: User, made: Made, kind: AudioFile.Kind, filename: str, *, content: str = ""
) -> AudioFile:
    """Return an upload that was measured; with a content of its own it is like no other."""
    told, folder = _of_kind(made, kind)
    digest = hashlib.sha256(content.encode()).hexdigest() if content else ""
    audio = AudioFile(
        user=user,
        kind=kind,
        status=AudioFile.Status.READY,
        filename=filename,
        format="wav",
        size_bytes=told["facts"]["size_bytes"],
        sha256=digest or told["facts"]["sha256"],
        attempts=1,
        step="done",
        progress=1.0,
        finished=timezone.now(),
        **told | ({"pcm_sha256": digest} if digest else {}),
    )
    audio.outputs = _store(folder, audio.key(""))
    audio.save()
    if kind == AudioFile.Kind.REFERENCE:
        Reference.objects.create(user=user, audio=audio, title=audio.title)
    return audio


def shelved(user: User, made: Made, title: str, **columns: Any) -> Reference:
    """Return an entry of the library, its numbers read; columns are set over them."""
    audio = measured(user, made, AudioFile.Kind.REFERENCE, f"{title}.wav", content=title)
    enter_measured(audio_id=audio.pk)
    Reference.objects.filter(audio=audio).update(**{"same_as": None, "likeness": None} | columns)
    entry = Reference.objects.get(audio=audio)
    entry.save()
    return entry


def measure(audio: AudioFile, made: Made) -> None:
    """Let the worker that began to measure an upload come to its end."""
    told, folder = _of_kind(made, AudioFile.Kind(audio.kind))
    assert AudioFile.objects.succeed(audio, outputs=_store(folder, audio.key("")), **told)


def unmeasured(user: User, kind: AudioFile.Kind, filename: str, **columns: Any) -> AudioFile:
    """Return an upload that waits, or was rejected."""
    return AudioFile.objects.create(
        user=user, kind=kind, filename=filename, format="wav", size_bytes=41_200_345, **columns
    )


def master(user: User, made: Made, *, mix: str, reference: str) -> Master:
    """Return a master without versions."""
    return Master.objects.create(
        user=user,
        title=Path(mix).stem,
        mix=measured(user, made, AudioFile.Kind.MIX, mix),
        reference=measured(user, made, AudioFile.Kind.REFERENCE, reference),
    )


def rendered(of: Master, made: Made, *, number: int = 1) -> Version:
    """Return a version that was made, with its files in storage."""
    version = Version(
        user=of.user,
        master=of,
        number=number,
        settings=MasterSettings().as_dict(),
        engine_version=ENGINE_VERSION,
        status=Version.Status.SUCCEEDED,
        attempts=1,
        step="done",
        progress=1.0,
        finished=timezone.now(),
        **_outcome(made),
    )
    version.outputs = _store(made.master, version.key(""))
    version.save()
    return version


def unrendered(of: Master, *, number: int = 1, **columns: Any) -> Version:
    """Return a version that waits, runs, failed or was cancelled."""
    return Version.objects.create(
        user=of.user, master=of, number=number, settings=MasterSettings().as_dict(), **columns
    )


def run(version: Version, *, step: str = "checking") -> Version:
    """Let a worker begin a version, and come so far."""
    claimed = Version.objects.claim_next(worker="a worker")
    assert claimed is not None
    assert claimed.pk == version.pk
    Version.objects.advance(claimed, step=step, progress=0.5)
    return claimed


def try_part(made: Made) -> Preview:
    """Let a worker render the part that waits, with the engine."""
    preview = Preview.objects.claim_next(worker="a worker")
    assert preview is not None
    with TemporaryDirectory() as folder:
        told = jobs.preview(
            str(made.mix / "source.wav"),
            str(made.mix / PROFILE_NAME),
            str(made.reference / PROFILE_NAME),
            folder,
            preview.settings,
            (preview.start_seconds, preview.end_seconds),
            {},
        )
        outputs = _store(Path(folder), preview.key(""))
    assert Preview.objects.succeed(preview, outputs=outputs, **told)
    return preview


def be_audible(version: Version, made: Made) -> None:
    """Let the worker that runs a version hand out the sound, before it is measured and encoded."""
    place = Path(default_storage.path(version.key(AUDIBLE_NAME)))
    place.parent.mkdir(parents=True)
    shutil.copy(made.master / AUDIBLE_NAME, place)
    Version.objects.advance(version, step=AUDIBLE_FROM, progress=0.8)


def finish(version: Version, made: Made) -> None:
    """Let the worker that runs a version come to its end."""
    outputs = _store(made.master, version.key(""))
    assert Version.objects.succeed(version, outputs=outputs, **_outcome(made))


def released(version: Version, made: Made) -> None:
    """Let the check before a release, a ZIP and a file be made of a version, and one fail."""
    services.save_tags(
        master=version.master,
        texts={"title": "Night drive", "artist": "Ada", "album": "", "isrc": "DEA122600001"},
        cover=clean_cover(png(640, 640)),
    )
    services.request_check(version=version)
    check = ReleaseCheck.objects.claim_next(worker="a worker")
    assert check is not None
    check_release(check, made, ceiling_dbtp=-1.0)
    exports = [
        services.request_export(version=version, formats=["flac24"]),
        services.request_export(version=version, formats=["wav16"], rate_hz=48_000),
        services.request_export(version=version, formats=["wav24", "mp3-320"], is_archive=True),
    ]
    export_next(made)
    slow = Export.objects.claim_next(worker="a worker")
    assert slow is not None
    Export.objects.fail(slow, code="too_slow")
    assert exports[-1].is_waiting


def export_next(made: Made) -> None:
    """Let a worker make the files whose turn it is, outside the box."""
    export = Export.objects.claim_next(worker="a worker")
    assert export is not None
    with tempfile.TemporaryDirectory() as folder:
        archive, cover = None, None
        place = Path(folder)
        if export.is_archive:
            archive = _archive(place, export)
        if export.tags and export.tags.cover_sha256:
            cover = default_storage.path(export.tags.cover_key)
        (place / "out").mkdir()
        jobs.export(
            str(made.master / export.version.canonical_name),
            str(place / "out"),
            export.formats,
            export.rate_hz,
            export.tags.texts if export.tags else {},
            cover,
            {},
            archive,
        )
        assert Export.objects.succeed(export, outputs=_store(place / "out", export.key("")))


def check_release(check: ReleaseCheck, made: Made, *, ceiling_dbtp: float) -> None:
    """Let a worker check a version before its release, outside the box."""
    with tempfile.TemporaryDirectory() as folder:
        source = str(made.master / check.version.canonical_name)
        found = jobs.check_release(source, folder, ceiling_dbtp, {})
        outputs = _store(Path(folder), check.key(""))
    assert ReleaseCheck.objects.succeed(check, found=found, outputs=outputs)


def _archive(place: Path, export: Export) -> dict[str, Any]:
    names = ("report.json", "report.pdf", "provenance.json")
    for name in names:
        (place / name).write_text(f"{name} of {export.version_id}")
    return {
        "name": "package.zip",
        "entries": entry_names(export),
        "files": {name: str(place / name) for name in names},
    }


def shared(version: Version, **options: Any) -> Share:
    """Return a link to a version, of which two people said something."""
    share = services.create_share(version=version, days=30, label="For the band", **options)
    kinds = ShareNote.Kind
    said = "The snare could come up a little in the second chorus; otherwise I would sign this."
    services.add_note(
        share=share, kind=kinds.COMMENT, author="Bea", client="1", text=said, at_seconds=14.2
    )
    services.add_note(share=share, kind=kinds.APPROVAL, author="Cy", client="2")
    return share


def _of_kind(made: Made, kind: AudioFile.Kind) -> tuple[dict[str, Any], Path]:
    if kind == AudioFile.Kind.MIX:
        return made.mix_told, made.mix
    return made.reference_told, made.reference


def _outcome(made: Made) -> dict[str, Any]:
    report = made.master_told["report"]
    after = {row["key"]: row["after"] for row in report["numbers"]}
    return {
        "report": report,
        "provenance": made.master_told["provenance"],
        "loudness_lufs": after["integrated_lufs"],
        "true_peak_dbtp": after["true_peak_dbtp"],
    }


def _store(folder: Path, key: str) -> dict[str, dict[str, Any]]:
    """Copy what the engine wrote to where the row will look for it."""
    place = Path(default_storage.path(key))
    shutil.copytree(folder, place, dirs_exist_ok=True)
    return {
        path.name: {
            "size_bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in folder.iterdir()
    }
