"""Fill an empty site: people who are logged in, finished masters, and work that waits.

Run in the site's environment: python -m bench.load.seed PEOPLE FINISHED QUEUED SONG_SECONDS. What
the load needs to know of it is printed as JSON.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import django

django.setup()

import numpy as np  # noqa: E402
from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.core.files import File  # noqa: E402

from accounts.models import User  # noqa: E402
from billing.services import grant_credits  # noqa: E402
from dsp import files  # noqa: E402
from dsp.audio import Audio  # noqa: E402
from dsp.settings import MasterSettings  # noqa: E402
from mastering.management.band import play  # noqa: E402
from mastering.management.songs import HARBOUR, NIGHT  # noqa: E402
from mastering.models import Version  # noqa: E402
from mastering.services import render_version, submit_master  # noqa: E402
from mastering.tasks import work  # noqa: E402
from references.models import AudioFile  # noqa: E402
from references.services import receive_upload  # noqa: E402

PASSWORD = "a passphrase of the load"  # noqa: S105 (of a site that lives for minutes)
CSRF = "c" * 32
LONG_PEOPLE, SHORT_SECONDS = 3, 10.0  # others have short songs: their pages look the same
UPLOAD_SECONDS = {"wall": 227.0, "upload": 150.0}  # 60 and 40 MB in 24 bits


def song(audio: Audio, seconds: float, folder: Path, name: str) -> Path:
    frames = round(seconds * audio.rate_hz)
    times = -(-frames // audio.frames)
    samples = np.ascontiguousarray(np.tile(audio.samples, times)[:, :frames])
    path = folder / f"{name}.wav"
    files.write(path, Audio(samples, audio.rate_hz), format="wav24")
    return path


def upload(user: User, kind: str, path: Path) -> AudioFile:
    with path.open("rb") as content:
        return receive_upload(user=user, kind=kind, file=File(content, path.name))


def person(number: int) -> tuple[User, str]:
    """Return someone with credits to spend, and the key of a session of theirs."""
    user = User.objects.create_user(f"load-{number}@example.com", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    grant_credits(user=user, credits=10_000, reason=f"load:{number}")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return user, session.session_key


def main(people: int, finished: int, queued: int, song_seconds: float) -> None:
    folder = Path(settings.DATA_DIR) / "songs"
    folder.mkdir(parents=True, exist_ok=True)
    played = {
        kind: play(track.song, track.mix)
        for kind, track in (("MIX", HARBOUR), ("REFERENCE", NIGHT))
    }
    long, short = (
        {
            kind: song(audio, seconds, folder, f"{kind.lower()}-{seconds:.0f}")
            for kind, audio in played.items()
        }
        for seconds in (song_seconds, min(song_seconds, SHORT_SECONDS))
    )
    is_proof = song_seconds < SHORT_SECONDS
    sent = {
        name: str(song(played["REFERENCE"], song_seconds if is_proof else seconds, folder, name))
        for name, seconds in UPLOAD_SECONDS.items()
    }
    told = []
    for number in range(people):
        user, session = person(number)
        songs = long if number < LONG_PEOPLE else short
        tracks = {kind: upload(user, kind, path) for kind, path in songs.items()}
        master = submit_master(
            user=user,
            mix=tracks["MIX"],
            reference=tracks["REFERENCE"],
            settings=MasterSettings(),
        )
        # Those beyond are found waiting: what is looked at is the page, not the sound.
        told.append(
            {
                "email": user.email,
                "session": session,
                "mix": tracks["MIX"].pk,
                "reference": tracks["REFERENCE"].pk,
                "master": master.pk,
            }
        )
    while Version.objects.filter(status="SUCCEEDED").count() < finished:
        work()
    masters = [Version.objects.filter(master=each["master"]).get() for each in told]
    for each, version in zip(told, masters, strict=True):
        each["is_done"] = version.has_succeeded
    for number in range(queued):
        settings_ = MasterSettings(amount=0.2 + 0.6 * number / max(queued, 1))
        render_version(
            master=masters[number % min(LONG_PEOPLE, len(masters))].master, settings=settings_
        )
    json.dump(
        {
            "password": PASSWORD,
            "csrf": CSRF,
            "people": told,
            "long_people": min(LONG_PEOPLE, people),
            "files": sent,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), float(sys.argv[4]))
