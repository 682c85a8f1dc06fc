"""An account to look around in: references, mixes and finished masters of songs played for it."""

import secrets
import tempfile
import time
from typing import Any, Final

from allauth.account.models import EmailAddress
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import autodiscover_modules

from accounts.models import User
from dsp import files
from dsp.settings import MasterSettings
from mastering.management.band import play
from mastering.management.songs import GLASS, HARBOUR, NIGHT, PAPER, Track
from mastering.management.supervisor import TICK_SECONDS, Supervisor
from mastering.models import Version
from mastering.services import render_version, submit_master
from references.models import AudioFile, Reference
from references.services import receive_upload

EMAIL: Final = "demo@lacquer.example"
PATIENCE_SECONDS = 900.0


class Command(BaseCommand):
    help = "Make the demo account with references and masters, or give it a new password."

    def handle(self, *_: Any, **__: Any) -> None:
        password = secrets.token_urlsafe(12)
        user = _account(password)
        if not Version.objects.of(user).exists():
            self._fill(user)
        self.stdout.write(f"Log in as {EMAIL} with the password {password}")

    def _fill(self, user: User) -> None:
        self.stdout.write("Playing four songs")
        harbour, paper = (_upload(user, AudioFile.Kind.MIX, track) for track in (HARBOUR, PAPER))
        night, glass = (_upload(user, AudioFile.Kind.REFERENCE, track) for track in (NIGHT, GLASS))
        Reference.objects.of(user).update(artist="The house band", genre="Made for this demo")
        self.stdout.write("Mastering")
        gentle = MasterSettings()
        first = submit_master(user=user, mix=harbour, reference=night, settings=gentle)
        render_version(master=first, settings=MasterSettings(amount=1.0, loudness=-14.0))
        submit_master(user=user, mix=paper, reference=glass, settings=gentle)
        submit_master(user=user, mix=paper, reference=night, settings=gentle)
        self._work_until_done(user)

    def _work_until_done(self, user: User) -> None:
        """Run a worker group of our own, beside those that may be running already."""
        autodiscover_modules("tasks")
        workers = Supervisor(groups=1, grace_seconds=0.0)
        deadline = time.monotonic() + PATIENCE_SECONDS
        versions = Version.objects.of(user)
        finished: set[str] = set()
        try:
            while versions.open().exists():
                if time.monotonic() > deadline:
                    raise CommandError("The masters took too long; see what the workers say.")
                workers.tend(now=time.monotonic())
                time.sleep(TICK_SECONDS)
                for version in versions.exclude(pk__in=finished):
                    if not version.is_open:
                        finished.add(version.pk)
                        self.stdout.write(f"  {version.master.title}: {version.status.lower()}")
        finally:
            workers.finish()
        if failed := [version.error_code for version in versions if not version.has_succeeded]:
            raise CommandError(f"Some masters failed: {', '.join(failed)}")


def _account(password: str) -> User:
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL)
    user.name = "Demo"
    user.set_password(password)
    user.save()
    EmailAddress.objects.get_or_create(
        user=user, email=EMAIL, defaults={"verified": True, "primary": True}
    )
    return user


def _upload(user: User, kind: AudioFile.Kind, track: Track) -> AudioFile:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        files.write(file.name, play(track.song, track.mix), format="wav24")
        file.seek(0)
        return receive_upload(user=user, kind=kind, file=File(file, name=f"{track.title}.wav"))
