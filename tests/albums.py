"""Albums of a mix each in the tests' order: begun, directed, rendered."""

from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.models import User
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.models import Album, AlbumTrack, Version
from references.models import AudioFile
from references.services import receive_upload
from references.tasks import measure_next
from tests.studio import MIX, REFERENCE, PlayedEngine, wav

LEVELS = {"opener": -18.0, "ballad": -24.0, "closer": -20.5}


@pytest.fixture(autouse=True)
def room(settings: Any) -> None:
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 50
    settings.MAX_RUNNING_PER_PERSON = 50


def upload(user: User, engine: PlayedEngine, name: str, lufs: float, kind: Any = MIX) -> AudioFile:
    engine.summary = {"integrated_lufs": lufs}
    seconds = 0.01 + 0.001 * AudioFile.objects.count()
    audio = receive_upload(user=user, kind=kind, file=ContentFile(wav(seconds), f"{name}.wav"))
    while measure_next():
        pass
    audio.refresh_from_db()
    return audio


def begun(user: User, engine: PlayedEngine, **levels: float) -> Album:
    engine.reached_lufs = 0.0  # every goal
    album = services.create_album(user=user, title="Nine Rooms", artist="Lore")
    for name, lufs in (levels or LEVELS).items():
        services.add_track(album=album, mix=upload(user, engine, name, lufs))
    return directed(album, upload(user, engine, "direction", -9.0, REFERENCE))


def directed(album: Album, reference: AudioFile, mode: str = "keep", **chosen: Any) -> Album:
    return services.direct_album(
        album=album,
        reference=reference,
        mode=mode,
        settings=MasterSettings(**chosen),
        title=album.title,
        artist=album.artist,
    )


def render_all(album: Album, run: Any) -> None:
    """Render until nothing is left, as workers would with what each end rings for."""
    for _ in range(5):
        with run(execute=True):
            while tasks.render_next():
                pass
        if not Version.objects.open().exists():
            break
    album.refresh_from_db()


def tracks_of(album: Album) -> list[AlbumTrack]:
    return list(AlbumTrack.objects.filter(album=album).select_related("master", "mix"))


def goals(album: Album) -> list[float]:
    return list(services.goals_of(album, tracks_of(album)).values())


@pytest.fixture
def album(alice: User, engine: PlayedEngine) -> Album:
    return begun(alice, engine)
