"""What a worker does when the doorbell rings: the most urgent piece of waiting work."""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection
from django.dispatch import receiver
from django_q.signals import post_spawn

from dsp.errors import ProfileUnsupported
from dsp.formats import PROFILE_NAME, WRITABLE, Limits
from mastering import services
from mastering.deliverables import (
    ARCHIVE_NAME,
    PROVENANCE_ENTRY,
    REPORT_ENTRY,
    REPORT_PDF_ENTRY,
    entry_names,
)
from mastering.documents import record_document, report_document, report_pdf
from mastering.documents.albums import ALBUM_ARCHIVE_NAME, Packed, album_entries
from mastering.models import (
    AUDIBLE_FROM,
    AUDIBLE_NAME,
    AlbumArchive,
    Export,
    Fingerprint,
    Master,
    Preview,
    ReleaseCheck,
    ReleaseTags,
    Version,
)
from references.models import AudioFile, Work
from references.services import ring
from references.tasks import (
    Attempt,
    can_work,
    carry_out,
    decoding_limits,
    measure_next,
    tell_of_machine,
    worker_name,
)

# Masters of ours may have more bytes than an upload, and were decoded within limits before.
OUR_OWN: Final = asdict(Limits(max_bytes=4_000_000_000, min_seconds=0.0, max_seconds=36_000.0))

logger = logging.getLogger(__name__)


@receiver(post_spawn)
def prepare(**_: Any) -> None:
    """Find out whether this machine can work, and warm the engine, before anything is asked."""
    can_work()
    try:
        tell_of_machine()
    except DatabaseError as error:  # it is told again by the next group
        logger.warning("Could not tell of this machine: %s", error)
        connection.close()


def work() -> None:
    """Do one piece of work, of the kind that waits most urgently; with nothing due, do nothing.

    Previews and uploads come first: they are short, and someone sits before the page. Masters
    come before what is made of finished ones. The bell names no row, so it may ring twice, late
    or never: the rows and the sweep say what is to be done.
    """
    if not can_work():
        return
    preview = preview_next()
    audio = None if preview else measure_next()
    if audio is not None:
        services.audio_settled(audio=audio)
    done: Work | None = preview or audio or render_next() or export_next() or check_next()
    done = done or pack_next()
    if done is not None:
        services.bring_in_kept_back(user=done.user)


def preview_next() -> Preview | None:
    """Render the part whose turn it is; None where none is due."""
    preview = Preview.objects.claim_next(worker=worker_name())
    if preview is not None:
        carry_out(preview, lambda attempt: _preview(attempt, preview))
        ring()  # for the whole, which has waited for it
    return preview


def render_next() -> Version | None:
    """Render the version whose turn it is, and return it; None where none is due."""
    version = Version.objects.claim_next(worker=worker_name())
    if version is not None:
        carry_out(version, lambda attempt: _render(attempt, version))
    return version


def export_next() -> Export | None:
    """Make the files whose turn it is; None where none is due."""
    export = Export.objects.claim_next(worker=worker_name())
    if export is not None:
        carry_out(export, lambda attempt: _export(attempt, export))
    return export


def check_next() -> ReleaseCheck | None:
    """Check the version whose turn it is before a release; None where none is due."""
    check = ReleaseCheck.objects.claim_next(worker=worker_name())
    if check is not None:
        carry_out(check, lambda attempt: _check(attempt, check))
    return check


def pack_next() -> AlbumArchive | None:
    """Pack the album whose turn it is; None where none is due."""
    archive = AlbumArchive.objects.claim_next(worker=worker_name())
    if archive is not None:
        carry_out(archive, lambda attempt: _pack(attempt, archive))
    return archive


def _preview(attempt: Attempt, preview: Preview) -> dict[str, Any]:
    made = attempt.run(
        "preview",
        *_tracks(attempt, preview.master),
        str(attempt.out),
        preview.settings,
        (preview.start_seconds, preview.end_seconds),
        decoding_limits(),
        urgent=True,
    )
    return {"gain_db": made["gain_db"], "outputs": attempt.store()}


def _render(attempt: Attempt, version: Version) -> dict[str, Any]:
    mix, reference = version.master.mix, version.master.reference
    made = attempt.run(
        "render",
        *_tracks(attempt, version.master),
        str(attempt.out),
        version.settings,
        decoding_limits(),
        version.master.recipe or None,
        handing_out={AUDIBLE_FROM: AUDIBLE_NAME},
    )
    after = {number["key"]: number["after"] for number in made["report"]["numbers"]}
    return {
        "report": made["report"],
        "provenance": made["provenance"]
        | {
            "mix_sha256": mix.sha256,
            "mix_pcm_sha256": mix.pcm_sha256,
            "reference_sha256": reference.sha256,
            "reference_pcm_sha256": reference.pcm_sha256,
        },
        "loudness_lufs": after["integrated_lufs"],
        "true_peak_dbtp": after["true_peak_dbtp"],
        "outputs": attempt.store(),
    }


def _export(attempt: Attempt, export: Export) -> dict[str, Any]:
    version, tags = export.version, export.tags
    cover = None
    if tags and tags.cover_sha256:
        cover = attempt.fetch(tags.cover_key, "cover", sha256=tags.cover_sha256)
    made = attempt.run(
        "export",
        _master(attempt, version),
        str(attempt.out),
        export.formats,
        export.rate_hz,
        tags.texts if tags else {},
        cover,
        OUR_OWN,
        _archive(attempt, export) if export.is_archive else None,
    )
    outputs = attempt.store()
    Fingerprint.objects.enter(version, made)
    return {"outputs": outputs}


def _archive(attempt: Attempt, export: Export) -> dict[str, Any]:
    version = export.version
    documents = {
        REPORT_ENTRY: _json(report_document(version)),
        REPORT_PDF_ENTRY: report_pdf(version),
        PROVENANCE_ENTRY: _json(record_document(version)),
    }
    return {
        "name": ARCHIVE_NAME,
        "entries": entry_names(export),
        "files": {name: _written(attempt.scratch / name, each) for name, each in documents.items()},
    }


def _pack(attempt: Attempt, archive: AlbumArchive) -> dict[str, Any]:
    """Make the files of an album one after the other, so that no disk holds all twice."""
    folder = attempt.scratch / "songs"
    folder.mkdir()
    packed: list[Packed] = []
    missing: list[str] = list(archive.content["missing"])
    for track in archive.content["tracks"]:
        version = Version.objects.filter(pk=track["version"]).first()
        if version is None:  # deleted meanwhile
            missing.append(track["title"])
            continue
        source = _master(attempt, version)
        made = attempt.run(
            "export",
            source,
            str(folder),
            [archive.format],
            None,
            track["texts"],
            _cover(attempt, track["tags"]),
            OUR_OWN,
            None,
        )
        Path(source).unlink()
        Fingerprint.objects.enter(version, made)
        written = folder / f"{archive.format}.{WRITABLE[archive.format].extension}"
        song = written.rename(folder / f"{len(packed)}{written.suffix}")
        packed.append(Packed(track, song, made.get("outputs_sha256", {}).get(archive.format)))
    entries = album_entries(archive, packed, missing)
    paths = {
        name: str(each) if isinstance(each, Path) else _written(folder / f"text-{number}", each)
        for number, (name, each) in enumerate(entries.items())
    }
    attempt.run("pack", paths, str(attempt.out), ALBUM_ARCHIVE_NAME)
    return {"outputs": attempt.store()}


def _cover(attempt: Attempt, tags_id: str | None) -> str | None:
    """Fetch a cover, as long as its tags are there."""
    tags = ReleaseTags.objects.filter(pk=tags_id).first() if tags_id else None
    if tags is None or not tags.cover_sha256:
        return None
    return attempt.fetch(tags.cover_key, "cover", sha256=tags.cover_sha256)


def _check(attempt: Attempt, check: ReleaseCheck) -> dict[str, Any]:
    version = check.version
    found = attempt.run(
        "check_release",
        _master(attempt, version),
        str(attempt.out),
        version.chosen.ceiling_dbtp,
        OUR_OWN,
    )
    return {"found": found, "outputs": attempt.store()}


def _master(attempt: Attempt, version: Version) -> str:
    name = version.canonical_name
    return attempt.fetch(version.key(name), name, sha256=version.outputs[name]["sha256"])


def _json(document: Any) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder).encode()


def _written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def _tracks(attempt: Attempt, master: Master) -> tuple[str, str, str]:
    """Fetch a mix, and what was measured of it and of its reference."""
    mix = master.mix
    return (
        attempt.fetch(mix.source_key, "mix", sha256=mix.sha256),
        _profile(attempt, mix, "mix.json.gz"),
        _profile(attempt, master.reference, "reference.json.gz"),
    )


def _profile(attempt: Attempt, audio: AudioFile, name: str) -> str:
    """Fetch what was measured of a track; measured by an older engine, it is measured again."""
    if not audio.is_outdated:
        recorded = audio.outputs[PROFILE_NAME]
        return attempt.fetch(audio.key(PROFILE_NAME), name, sha256=recorded["sha256"])
    if not audio.has_sound:
        raise ProfileUnsupported("The profile is of another version, and its sound is not here.")
    source = attempt.fetch(audio.source_key, f"{name}.source", sha256=audio.sha256)
    folder = attempt.scratch / f"{name}.renewed"
    folder.mkdir()
    attempt.run("renew_profile", source, str(folder), decoding_limits())
    return str(folder / PROFILE_NAME)
