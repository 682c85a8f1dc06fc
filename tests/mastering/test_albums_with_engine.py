"""Albums with the real engine: relations of loudness as measured on the masters."""

from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from dsp import files, jobs
from dsp.audio import Audio
from dsp.measure import measure
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.models import Album, AlbumTrack
from references.models import AudioFile
from references.services import receive_upload
from references.tasks import measure_next
from tests.dsp.music import changed, song
from tests.studio import MIX, REFERENCE, put_in_the_box

# The heart of an attempt beats beside it.
pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 4.0
GAINS = {"opener": 0.8, "ballad": 0.25, "closer": 0.5}


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the engine itself, without the box around it."""

    def run(function: str, *args: Any, progress: Any = None, **_: Any) -> Any:
        return getattr(jobs, function.removeprefix("dsp.jobs:"))(*args, progress=progress)

    put_in_the_box(run, monkeypatch)


def upload(user: User, folder: Any, name: str, audio: Audio, kind: Any = MIX) -> AudioFile:
    path = folder / f"{name}.wav"
    files.write(path, audio, format="wav24")
    made = receive_upload(user=user, kind=kind, file=ContentFile(path.read_bytes(), path.name))
    measure_next()
    made.refresh_from_db()
    return made


def album_of(user: User, folder: Any, *, mode: str, **chosen: Any) -> Album:
    album = services.create_album(user=user, title="Nine Rooms")
    for seed, (name, gain) in enumerate(GAINS.items(), start=1):
        mix = upload(user, folder, name, changed(song(SECONDS, seed=seed), gain=gain))
        services.add_track(album=album, mix=mix)
    loud = changed(song(SECONDS, seed=9), gain=5.0)
    loud = Audio(np.tanh(loud.samples), loud.rate_hz)
    return services.direct_album(
        album=album,
        reference=upload(user, folder, "direction", loud, REFERENCE),
        mode=mode,
        settings=MasterSettings(**chosen),
        title=album.title,
    )


def finish(album: Album) -> tuple[list[float], list[float]]:
    """Master an album; return how loud its mixes and, as measured, its masters are."""
    services.submit_album(album=album)
    while tasks.render_next():
        pass
    before, after = [], []
    for track in AlbumTrack.objects.filter(album=album).select_related("mix", "master"):
        assert track.master is not None
        version = track.master.latest
        assert version.has_succeeded, (version.error_code, version.error_detail)
        path = default_storage.path(version.key("master.wav"))
        before.append(track.mix.loudness_lufs or 0.0)
        after.append(measure(files.read(path)).integrated_lufs)
    return before, after


def test_kept_relations_hold_within_three_tenths_though_a_limit_holds_one_song_back(
    alice: User, tmp_path: Any
):
    album = album_of(alice, tmp_path, mode="keep", max_limiting_db=0.5, dynamics=0.0)
    before, after = finish(album)
    apart = np.subtract.outer(after, after) - np.subtract.outer(before, before)
    assert np.abs(apart).max() <= 0.3
    assert np.ptp(before) > 6.0
    album.refresh_from_db()
    assert album.lowered_lu > 0.5  # the limit did hold one back
    assert not album.is_settling


def test_even_songs_reach_one_loudness(alice: User, tmp_path: Any):
    album = album_of(alice, tmp_path, mode="even", loudness=-20.0)
    _, after = finish(album)
    assert after == pytest.approx([-20.0] * 3, abs=0.1)
