"""Masters and their versions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lacquer.errors import LacquerError
from lacquer.models import (
    Audio,
    Compared,
    Estimate,
    Master,
    Preset,
    Quote,
    Reference,
    ReleaseCheck,
    Version,
    id_of,
    said,
)
from lacquer.transport import Progress, Transport
from lacquer.waiting import wait_for

Settings = Mapping[str, Any]


class Masters:
    """Mixes brought toward references."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        mix: str | Audio,
        reference: str | Audio | Reference,
        settings: Settings | None = None,
        preset: str | Preset | None = None,
        title: str | None = None,
        genre: str | None = None,
        release: str | None = None,
        previous: str | Master | None = None,
        key: str = "",
    ) -> Master:
        """Have a master made; it costs one credit once it is delivered.

        Parameters
        ----------
        settings
            What is not said stays at its default; see `Lacquer.capabilities`.
        key
            An Idempotency-Key of your own, to ask again after a crash without paying twice.

        Raises
        ------
        PaymentRequired, ApiError
        """
        wish = _wish(mix, reference, settings, preset)
        wish |= said(title=title, genre=genre, release=release)
        if previous is not None:
            wish["previous"] = id_of(previous)
        return Master.of(self._transport.post("masters", wish, key=key))

    def create_several(
        self,
        *,
        mix: str | Audio,
        references: Sequence[str | Audio | Reference],
        settings: Settings | None = None,
        preset: str | Preset | None = None,
        key: str = "",
    ) -> tuple[Master, ...]:
        """Have one mix mastered toward several references, all of them or none.

        Raises
        ------
        PaymentRequired, ApiError
        """
        wish = _wish(mix, references[0], settings, preset) if references else {}
        wish.pop("reference", None)
        wish["references"] = [id_of(each) for each in references]
        told = self._transport.post("masters", wish, key=key)
        return tuple(Master.of(each) for each in told["data"])

    def compare(self, master: str | Master) -> tuple[Compared, ...]:
        """Return all masters of a mix side by side, the oldest first."""
        told = self._transport.get(f"masters/{id_of(master)}/comparison")
        return tuple(Compared.of(each) for each in told["data"])

    def estimate(
        self,
        *,
        mix: str | Audio,
        reference: str | Audio | Reference,
        settings: Settings | None = None,
        preset: str | Preset | None = None,
    ) -> Estimate:
        """Tell what a master would cost and what there is to know before; make nothing."""
        wish = _wish(mix, reference, settings, preset) | {"dry_run": True}
        return Estimate.of(self._transport.post("masters", wish))

    def get(self, master: str | Master) -> Master:
        """Read a master."""
        return Master.of(self._transport.get(f"masters/{id_of(master)}"))

    def list(
        self, *, status: str | None = None, mix: str | Audio | None = None
    ) -> Iterator[Master]:
        """Go through your masters, the newest first."""
        query = {"status": status, "mix": mix and id_of(mix), "limit": 100}
        return map(Master.of, self._transport.pages("masters", query))

    def wait(
        self,
        master: str | Master,
        *,
        timeout: float | None = 3600.0,
        progress: Callable[[Master], None] | None = None,
    ) -> Master:
        """Wait until the newest version of a master is made.

        Raises
        ------
        WorkFailed, TimedOut
        """
        path = f"masters/{id_of(master)}"
        return wait_for(self._transport, path, Master, timeout=timeout, progress=progress)

    def cancel(self, master: str | Master) -> Master:
        """Stop what is under way; that costs nothing."""
        return Master.of(self._transport.post(f"masters/{id_of(master)}/cancel"))

    def delete(self, master: str | Master) -> None:
        """Delete a master with its versions."""
        self._transport.delete(f"masters/{id_of(master)}")

    def versions(self, master: str | Master) -> Iterator[Version]:
        """Go through the versions of a master, the newest first."""
        return map(Version.of, self._transport.pages(f"masters/{id_of(master)}/versions", {}))

    def render(
        self, master: str | Master, *, settings: Settings | None = None, key: str = ""
    ) -> Version:
        """Render a master again with other settings, which costs nothing more."""
        wish = {"settings": dict(settings)} if settings else {}
        path = f"masters/{id_of(master)}/versions"
        return Version.of(self._transport.post(path, wish, key=key))


class Versions:
    """Renders of masters."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, version: str | Version) -> Version:
        """Read a version."""
        return Version.of(self._transport.get(f"versions/{id_of(version)}"))

    def wait(
        self,
        version: str | Version,
        *,
        timeout: float | None = 3600.0,
        progress: Callable[[Version], None] | None = None,
    ) -> Version:
        """Wait until a version is made.

        Raises
        ------
        WorkFailed, TimedOut
        """
        path = f"versions/{id_of(version)}"
        return wait_for(self._transport, path, Version, timeout=timeout, progress=progress)

    def report(self, version: str | Version) -> dict[str, Any]:
        """Read what was measured and changed, in numbers and words."""
        told: dict[str, Any] = self._transport.get(f"versions/{id_of(version)}/report")
        return told

    def provenance(self, version: str | Version) -> dict[str, Any]:
        """Read what went in, what was done and what came out, by hashes."""
        told: dict[str, Any] = self._transport.get(f"versions/{id_of(version)}/provenance")
        return told

    def check_release(
        self, version: str | Version, *, timeout: float | None = 600.0
    ) -> ReleaseCheck:
        """Have a version checked before its release, and wait for what is found."""
        path = f"versions/{id_of(version)}/release-check"
        self._transport.post(path)
        return wait_for(self._transport, path, ReleaseCheck, timeout=timeout, progress=None)

    def apply(
        self,
        version: str | Version,
        mix: str | Audio,
        *,
        title: str | None = None,
        key: str = "",
    ) -> Master:
        """Do exactly what was done to a version to another file of the song."""
        wish = {"mix": id_of(mix), **said(title=title)}
        return Master.of(self._transport.post(f"versions/{id_of(version)}/apply", wish, key=key))

    def estimate_apply(self, version: str | Version, mix: str | Audio) -> Quote:
        """Tell what that would cost, and how many files more are included; make nothing."""
        wish = {"mix": id_of(mix), "dry_run": True}
        return Quote.of(self._transport.post(f"versions/{id_of(version)}/apply", wish))

    def download(
        self,
        version: str | Version,
        target: str | Path,
        *,
        format: str = "wav24",
        progress: Progress | None = None,
    ) -> Path:
        """Fetch a file that lies ready of a version; see `Exports.make` for the others.

        Raises
        ------
        ApiError, ConnectionFailed
        """
        known = version if isinstance(version, Version) else self.get(version)
        file = next((file for file in known.files if file.format == format), None)
        if file is None:
            ready = ", ".join(file.format for file in known.files) or "nothing"
            raise LacquerError(f"Of {known.id} lies ready: {ready}. Make an export for {format}.")
        return self._transport.fetch(file.url, Path(target), sha256=file.sha256, progress=progress)


def _wish(
    mix: str | Audio,
    reference: str | Audio | Reference,
    settings: Settings | None,
    preset: str | Preset | None,
) -> dict[str, Any]:
    wish: dict[str, Any] = {"mix": id_of(mix), "reference": id_of(reference)}
    if settings:
        wish["settings"] = dict(settings)
    if preset is not None:
        wish["preset"] = id_of(preset)
    return wish
