"""What is made of versions, and what is kept under a name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lacquer.errors import LacquerError
from lacquer.models import Export, Preset, Share, Version, id_of, said
from lacquer.transport import Progress, Transport
from lacquer.waiting import wait_for


class Exports:
    """Files of a version in other formats and rates, kept for some days."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        version: str | Version,
        formats: Sequence[str],
        *,
        rate_hz: int | None = None,
        archive: bool = False,
        key: str = "",
    ) -> Export:
        """Have files made; several come in one ZIP."""
        wish = {"formats": list(formats), "archive": archive, **said(rate_hz=rate_hz)}
        return Export.of(self._transport.post(f"versions/{id_of(version)}/exports", wish, key=key))

    def get(self, export: str | Export) -> Export:
        """Read an export."""
        return Export.of(self._transport.get(f"exports/{id_of(export)}"))

    def wait(
        self,
        export: str | Export,
        *,
        timeout: float | None = 600.0,
        progress: Callable[[Export], None] | None = None,
    ) -> Export:
        """Wait until an export is made.

        Raises
        ------
        WorkFailed, TimedOut
        """
        path = f"exports/{id_of(export)}"
        return wait_for(self._transport, path, Export, timeout=timeout, progress=progress)

    def download(
        self, export: Export, target: str | Path, *, progress: Progress | None = None
    ) -> Path:
        """Fetch an export that is made."""
        if export.url is None:
            raise LacquerError(f"{export.id} is not made yet.")
        return self._transport.fetch(export.url, Path(target), progress=progress)


class Presets:
    """Settings under a name."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[Preset]:
        """Go through your presets."""
        return map(Preset.of, self._transport.pages("presets", {"limit": 100}))

    def create(self, name: str, settings: Mapping[str, Any]) -> Preset:
        """Keep settings."""
        return Preset.of(self._transport.post("presets", {"name": name, "settings": settings}))

    def delete(self, preset: str | Preset) -> None:
        """Forget settings."""
        self._transport.delete(f"presets/{id_of(preset)}")


class Shares:
    """Links for listening, without an account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        version: str | Version,
        *,
        days: int = 30,
        label: str | None = None,
        password: str | None = None,
        allows_lossless: bool = False,
        includes_reference: bool = False,
    ) -> Share:
        """Open a link."""
        wish = {
            "version": id_of(version),
            "days": days,
            "allows_lossless": allows_lossless,
            "includes_reference": includes_reference,
            **said(label=label, password=password),
        }
        return Share.of(self._transport.post("shares", wish))

    def list(self, *, version: str | Version | None = None) -> Iterator[Share]:
        """Go through your links, the newest first."""
        query = {"version": version and id_of(version), "limit": 100}
        return map(Share.of, self._transport.pages("shares", query))

    def revoke(self, share: str | Share) -> Share:
        """Close a link."""
        return Share.of(self._transport.post(f"shares/{id_of(share)}/revoke"))
