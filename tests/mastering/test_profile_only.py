"""The real engine makes the same master of a profile, whether its sound is there or not."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from dsp import files
from dsp.settings import MasterSettings
from mastering import tasks
from mastering.models import Version
from mastering.services import render_version, submit_master
from references.models import AudioFile, Reference
from references.services import clear_sounds, drop_sound, export_profile, receive_upload
from tests.music import song
from tests.studio import MIX, REFERENCE


def _sound(folder: Path, *, seed: int, peak: float) -> bytes:
    path = folder / f"{seed}.wav"
    files.write(path, song(seed=seed, seconds=6.0, peak=peak), format="wav24")
    return path.read_bytes()


def _bytes_of(version: Version) -> bytes:
    version.refresh_from_db()
    assert version.has_succeeded, (version.error_code, version.error_detail)
    with default_storage.open(version.key(version.canonical_name)) as stored:
        return bytes(stored.read())


@pytest.mark.django_db(transaction=True)  # the heart of an attempt beats beside it
@pytest.mark.slow
def test_a_master_from_the_profile_alone_has_the_same_bytes(alice: User, tmp_path: Path):
    mix, reference = (
        receive_upload(user=alice, kind=kind, file=ContentFile(content, f"{kind}.wav"))
        for kind, content in (
            (MIX, _sound(tmp_path, seed=1, peak=0.3)),
            (REFERENCE, _sound(tmp_path, seed=2, peak=0.95)),
        )
    )
    chosen = MasterSettings(max_limiting_db=3.0)
    master = submit_master(user=alice, mix=mix, reference=reference, settings=chosen)
    for _ in range(3):
        tasks.work()
    with_sound = _bytes_of(master.latest)

    entry = Reference.objects.get(audio=reference)
    drop_sound(reference=entry)
    clear_sounds()
    folder = Path(default_storage.path(reference.folder))
    left = [path.name for path in folder.rglob("*") if path.is_file()]
    assert left == ["profile.json.gz"]
    again = render_version(master=master, settings=chosen)
    tasks.work()
    assert _bytes_of(again) == with_sound

    entry.refresh_from_db()
    carried = ContentFile(export_profile(reference=entry), "profile.json")
    imported = receive_upload(user=alice, kind=AudioFile.Kind.REFERENCE, file=carried)
    toward = submit_master(user=alice, mix=mix, reference=imported, settings=chosen)
    for _ in range(2):
        tasks.work()
    assert _bytes_of(toward.latest) == with_sound
