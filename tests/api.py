"""Props of the tests of the API: programs with keys, one of everything, the work done."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import SCOPES, ApiKey, User
from accounts.services import add_webhook, create_key, send_test
from config.api.examples import SHOWN
from dsp.settings import MasterSettings
from dsp.weights import Weights
from mastering import services
from mastering.models import AlbumTrack, Version
from mastering.tasks import check_next, export_next, pack_next, preview_next, render_next
from references.models import Reference
from references.services import begin_upload, create_blend, use_starter
from references.services.starters import FOLDER
from references.tasks import measure_next
from tests.studio import MIX, PlayedEngine, measured, submitted, wav

ROOT = "/api/v1/"


class Program(Client):
    """Asks as a program does: with a key, in JSON, by paths below /api/v1/."""

    def __init__(self, secret: str = "", **options: Any) -> None:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        super().__init__(headers=headers, enforce_csrf_checks=True, **options)

    def generic(self, method: str, path: str, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        return super().generic(
            method, path if path.startswith("/") else ROOT + path, *args, **options
        )

    def post(  # type: ignore[override]
        self, path: str, data: Any = None, *, form: bool = False, **options: Any
    ) -> Any:
        if not form:
            options.setdefault("content_type", "application/json")
        return super().post(path, {} if data is None else data, **options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Any:  # type: ignore[override]
        options.setdefault("content_type", "application/json")
        return super().patch(path, data, **options)


def program_of(
    user: User, *, scopes: Iterable[str] = SCOPES, mode: ApiKey.Mode = ApiKey.Mode.LIVE
) -> Program:
    return Program(create_key(user=user, name="tests", scopes=list(scopes), mode=mode).secret)


def code_of(response: Any) -> tuple[int, str]:
    """Return the status and the stable code of a refusal."""
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


# One that can be exported; what it tells is of other music than what is played.
PROFILE = json.dumps(json.loads((FOLDER / "jazz.json").read_text())["profile"]).encode()


class ReadableEngine(PlayedEngine):
    """Leaves JSON where the engine does, so that it can be read."""

    def run(self, function: str, *args: Any, **options: Any) -> dict[str, Any]:
        left = super().run(function, *args, **options)
        out = next(Path(each) for each in args if isinstance(each, str) and Path(each).is_dir())
        if (out / "waveform.json").exists():
            (out / "waveform.json").write_text("[]")
        if (out / "profile.json.gz").exists():
            (out / "profile.json.gz").write_bytes(gzip.compress(PROFILE, mtime=0))
        return left


WORK = (preview_next, measure_next, render_next, export_next, check_next, pack_next)


def work_all() -> None:
    """Do all the work that waits."""
    while any(begin() for begin in WORK):
        pass


def one_of_everything(user: User) -> dict[str, str]:
    """Return the ids of one of everything, by the names that paths have for them."""
    version = measured(submitted(user))
    render_next()
    version = Version.objects.get(pk=version.pk)
    mix, reference = version.master.mix, version.master.reference
    # Of their own, so that one example deletes nothing that another reads.
    upload, _ = begin_upload(user=user, kind=MIX, filename="song.wav", size_bytes=len(wav(0.02)))
    default_storage.save(upload.key, ContentFile(wav(0.02)))
    trial = services.try_settings(
        master=version.master,
        settings=MasterSettings(amount=0.2),
        start_seconds=1.0,
        end_seconds=3.0,
    )
    export = services.request_export(version=version, formats=["flac24"])
    services.request_check(version=version)
    share = services.create_share(version=version, days=7)
    work_all()
    entry = Reference.objects.get(audio=reference)
    starter = use_starter(user=user, code="pop")
    work_all()
    starter.refresh_from_db()
    parts = [(entry, Weights()), (starter, Weights(tone=0.5))]
    blend = create_blend(user=user, title="Warm", parts=parts)
    album = services.create_album(user=user, title="Nine Rooms")
    song = services.add_track(album=album, mix=mix)
    services.direct_album(
        album=album, reference=reference, mode="keep", settings=MasterSettings(), title=album.title
    )
    AlbumTrack.objects.filter(pk=song.pk).update(master=version.master)
    archive = services.request_archive(album=album)
    preset = services.save_preset(user=user, name="Soft", settings=MasterSettings(amount=0.3))
    webhook = add_webhook(user=user, url="https://example.com/hook")
    call = send_test(webhook=webhook)
    work_all()
    return {
        **SHOWN,
        "event_id": call.event_id,
        "webhook_id": webhook.pk,
        "delivery_id": call.pk,
        "audio_id": mix.pk,
        "upload_id": upload.pk,
        "reference_id": entry.pk,
        "starter_id": starter.pk,
        "blend_id": blend.pk,
        "album_id": album.pk,
        "song_id": song.pk,
        "archive_id": archive.pk,
        "master_id": version.master_id,
        "version_id": version.pk,
        "preview_id": trial.preview.pk if trial.preview else "",
        "export_id": export.pk,
        "share_id": share.pk,
        "preset_id": preset.pk,
    }


@pytest.fixture
def api(alice: User) -> Program:
    return program_of(alice)


@pytest.fixture
def bobs_api(bob: User) -> Program:
    return program_of(bob)


@pytest.fixture
def sandbox(alice: User) -> Program:
    return program_of(alice, mode=ApiKey.Mode.TEST)
