"""Albums: mixes in an order, mastered toward one reference, fetched as one ZIP."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lacquer.errors import LacquerError, TimedOut
from lacquer.models import Album, Archive, Audio, Quote, Reference, id_of, said
from lacquer.transport import Progress, Transport
from lacquer.waiting import wait_for

POLL_SECONDS = 3.0


class Albums:
    """Your albums."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        title: str,
        *,
        mixes: Sequence[str | Audio] = (),
        reference: str | Audio | Reference | None = None,
        artist: str | None = None,
        loudness: str | None = None,
        settings: dict[str, Any] | None = None,
        key: str = "",
    ) -> Album:
        """Gather mixes in their order; nothing is mastered yet.

        Parameters
        ----------
        loudness
            ``keep`` leaves songs as much quieter as their mixes are, ``even`` makes all alike.
        """
        wish: dict[str, Any] = {"title": title, "mixes": [id_of(mix) for mix in mixes]}
        wish |= said(artist=artist, loudness=loudness, settings=settings)
        if reference is not None:
            wish["reference"] = id_of(reference)
        return Album.of(self._transport.post("albums", wish, key=key))

    def get(self, album: str | Album) -> Album:
        """Read an album with its songs."""
        return Album.of(self._transport.get(f"albums/{id_of(album)}"))

    def list(self) -> Iterator[Album]:
        """Go through your albums, the newest first; without their songs."""
        return map(Album.of, self._transport.pages("albums", {"limit": 100}))

    def update(self, album: str | Album, **changes: Any) -> Album:
        """Change where an album is to go, or the ``order`` of its songs."""
        return Album.of(self._transport.patch(f"albums/{id_of(album)}", changes))

    def estimate(self, album: str | Album) -> Quote:
        """Tell what mastering it would cost; make nothing."""
        path = f"albums/{id_of(album)}/submit"
        return Quote.of(self._transport.post(path, {"dry_run": True}))

    def submit(self, album: str | Album, *, key: str = "") -> Album:
        """Have everything mastered that is not as the album says; all of it or nothing.

        Raises
        ------
        PaymentRequired, ApiError
        """
        return Album.of(self._transport.post(f"albums/{id_of(album)}/submit", {}, key=key))

    def wait(
        self,
        album: str | Album,
        *,
        timeout: float | None = 7200.0,
        progress: Callable[[Album], None] | None = None,
    ) -> Album:
        """Wait until nothing of an album is under way; a song may have failed.

        Raises
        ------
        TimedOut
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            now = self.get(album)
            if progress is not None:
                progress(now)
            if not now.is_open:
                return now
            if end is not None and time.monotonic() >= end:
                raise TimedOut("Album", now.id)
            self._transport.sleep(POLL_SECONDS)

    def archive(
        self, album: str | Album, *, format: str = "wav24", timeout: float | None = 1800.0
    ) -> Archive:
        """Have what is finished packed, and wait for the ZIP.

        Raises
        ------
        WorkFailed, TimedOut
        """
        path = f"albums/{id_of(album)}/archives"
        begun = self._transport.post(path, {"format": format})
        where = f"{path}/{begun['id']}"
        return wait_for(self._transport, where, Archive, timeout=timeout, progress=None)

    def download(
        self, archive: Archive, target: str | Path, *, progress: Progress | None = None
    ) -> Path:
        """Fetch a ZIP that is made."""
        if archive.url is None:
            raise LacquerError(f"{archive.id} is not made yet.")
        return self._transport.fetch(archive.url, Path(target), progress=progress)

    def delete(self, album: str | Album) -> None:
        """Delete an album; its masters stay."""
        self._transport.delete(f"albums/{id_of(album)}")
