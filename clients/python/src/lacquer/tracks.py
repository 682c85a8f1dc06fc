"""Uploads and the reference library."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from lacquer.errors import ApiError, LacquerError
from lacquer.models import Audio, Blend, Checks, Ranked, Reference, Suitability, id_of, said
from lacquer.transport import Progress, Transport
from lacquer.waiting import wait_for

Kind = Literal["mix", "reference"]
SENDINGS = 3


class AudioFiles:
    """Your uploads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, file: str | Path, *, kind: Kind, progress: Progress | None = None) -> Audio:
        """Send a file straight to the storage, piece by piece; it is measured then.

        Raises
        ------
        ApiError, ConnectionFailed
        """
        path = Path(file)
        size = path.stat().st_size
        if not size:
            raise LacquerError(f"{path} is empty.")
        announced = {"kind": kind, "filename": path.name, "size_bytes": size}
        begun = self._transport.post("uploads", announced)
        send = begun["send"]
        for number in range(SENDINGS):
            # What went wrong on the way is told by what has arrived, when it is completed.
            with contextlib.suppress(ApiError):
                self._transport.put_file(
                    send["method"], send["url"], path, headers=send["headers"], progress=progress
                )
            try:
                return Audio.of(self._transport.post(f"uploads/{begun['id']}/complete"))
            except ApiError as refused:
                if refused.code != "upload_incomplete" or number == SENDINGS - 1:
                    raise
        raise AssertionError  # the last sending returns or raises

    def get(self, audio: str | Audio) -> Audio:
        """Read an upload."""
        return Audio.of(self._transport.get(f"audio/{id_of(audio)}"))

    def list(self, *, kind: Kind | None = None, status: str | None = None) -> Iterator[Audio]:
        """Go through your uploads, the newest first."""
        query = {"kind": kind, "status": status, "limit": 100}
        return map(Audio.of, self._transport.pages("audio", query))

    def wait(
        self,
        audio: str | Audio,
        *,
        timeout: float | None = 600.0,
        progress: Callable[[Audio], None] | None = None,
    ) -> Audio:
        """Wait until an upload is measured.

        Raises
        ------
        AudioRejected, TimedOut
        """
        path = f"audio/{id_of(audio)}"
        return wait_for(self._transport, path, Audio, timeout=timeout, progress=progress)

    def checks(self, audio: str | Audio) -> Checks:
        """Read what was found in an upload."""
        return Checks.of(self._transport.get(f"audio/{id_of(audio)}/checks"))

    def analysis(self, audio: str | Audio) -> dict[str, Any]:
        """Read what was measured of an upload."""
        told: dict[str, Any] = self._transport.get(f"audio/{id_of(audio)}/analysis")
        return told

    def delete(self, audio: str | Audio) -> None:
        """Delete an upload; refused (`NotNow`) as long as a master needs it."""
        self._transport.delete(f"audio/{id_of(audio)}")


class References:
    """Your reference library."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add(
        self,
        audio: str | Audio,
        *,
        title: str | None = None,
        artist: str | None = None,
        genre: str | None = None,
        notes: str | None = None,
        key: str = "",
    ) -> Reference:
        """Keep an upload in the library; what is there already is not added twice."""
        described = said(title=title, artist=artist, genre=genre, notes=notes)
        return Reference.of(
            self._transport.post("references", {"audio": id_of(audio), **described}, key=key)
        )

    def get(self, reference: str | Reference) -> Reference:
        """Read an entry."""
        return Reference.of(self._transport.get(f"references/{id_of(reference)}"))

    def list(
        self, *, genre: str | None = None, q: str | None = None, **filters: str | float
    ) -> Iterator[Reference]:
        """Go through the library, the newest first unless ``sort`` says otherwise.

        Parameters
        ----------
        filters
            As the API's reference names them, such as ``tag``, ``trust`` or ``loudness_lufs_min``.
        """
        query = {"genre": genre, "q": q, "limit": 100, **filters}
        return map(Reference.of, self._transport.pages("references", query))

    def update(self, reference: str | Reference, **changes: str | Sequence[str]) -> Reference:
        """Change what is said of an entry; ``tags`` are all of them."""
        return Reference.of(self._transport.patch(f"references/{id_of(reference)}", changes))

    def drop_sound(self, reference: str | Reference) -> Reference:
        """Delete the sound of an entry, and keep what was measured to master toward."""
        return Reference.of(self._transport.post(f"references/{id_of(reference)}/drop-sound"))

    def export_profile(self, reference: str | Reference) -> dict[str, Any]:
        """Return what was measured of an entry as a document that any library takes."""
        told: dict[str, Any] = self._transport.get(f"references/{id_of(reference)}/document")
        return told

    def import_profile(
        self, document: Mapping[str, Any] | str | Path, *, states_rights: bool | None = None
    ) -> Reference:
        """Add a profile document to the library, or the file that holds one.

        Parameters
        ----------
        states_rights
            True states that you may use what you bring as references; it is remembered.
        """
        if isinstance(document, str | Path):
            name, content = Path(document).name, Path(document).read_bytes()
        else:
            name, content = "profile.json", json.dumps(document).encode()
        fields = {} if states_rights is None else {"states_rights": str(states_rights).lower()}
        return Reference.of(self._transport.post_file("references", name, content, fields))

    def use_starter(self, code: str) -> Reference:
        """Put a profile of the site into the library; once it is there, return that one."""
        return Reference.of(self._transport.post(f"references/starters/{code}"))

    def blend(
        self,
        title: str,
        parts: Mapping[str, Mapping[str, float]],
        *,
        key: str = "",
    ) -> Blend:
        """Make a blend of two to five references.

        Parameters
        ----------
        parts
            Ids of references, each with its weights of tone, dynamics, width and loudness from 0
            to 1; what is left out is 1.
        """
        wish = [{"reference": named, **weights} for named, weights in parts.items()]
        return Blend.of(self._transport.post("blends", {"title": title, "parts": wish}, key=key))

    def delete(self, reference: str | Reference) -> None:
        """Take an entry out."""
        self._transport.delete(f"references/{id_of(reference)}")

    def rank(self, mix: str | Audio, *, limit: int = 20) -> tuple[Ranked, ...]:
        """Return the measured references that suit a mix, the best first."""
        told = self._transport.get("references/rank", {"mix": id_of(mix), "limit": limit})
        return tuple(Ranked.of(each) for each in told["data"])

    def suitability(self, reference: str | Reference, mix: str | Audio) -> Suitability:
        """Tell how well a reference suits a mix."""
        path = f"references/{id_of(reference)}/suitability"
        return Suitability.of(self._transport.get(path, {"mix": id_of(mix)}))
