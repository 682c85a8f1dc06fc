"""A Lacquer site, and what there is on it."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from lacquer.albums import Albums
from lacquer.config import checked_url, configured_url, load_config
from lacquer.hooks import Events, Webhooks
from lacquer.made import Exports, Presets, Shares
from lacquer.mastering import Masters, Versions
from lacquer.models import Credits, Me
from lacquer.tracks import AudioFiles, References
from lacquer.transport import RETRIES, Transport


class Lacquer:
    """A site, opened by a key.

    Parameters
    ----------
    api_key, url
        Without them, LACQUER_API_KEY and LACQUER_URL, or the config file, tell.
    retries
        How often a request is sent again where the network or the site fails for a moment.
    transport
        Another way to send requests, as tests want it.

    Raises
    ------
    ConfigError
    """

    def __init__(
        self,
        api_key: str | None = None,
        url: str | None = None,
        *,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if api_key is None:
            config = load_config()
            api_key, url = config.api_key, url or config.url
        url = url or configured_url()
        self._transport = Transport(
            checked_url(url), api_key, retries=retries, transport=transport, sleep=sleep
        )
        self.audio = AudioFiles(self._transport)
        self.references = References(self._transport)
        self.masters = Masters(self._transport)
        self.versions = Versions(self._transport)
        self.albums = Albums(self._transport)
        self.exports = Exports(self._transport)
        self.presets = Presets(self._transport)
        self.shares = Shares(self._transport)
        self.events = Events(self._transport)
        self.webhooks = Webhooks(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def me(self) -> Me:
        """Tell whose key this is, and what it opens."""
        return Me.of(self._transport.get("me"))

    def credits(self) -> Credits:
        """Tell what there is to spend."""
        return Credits.of(self._transport.get("credits"))

    def usage(self) -> dict[str, Any]:
        """Tell what was used this month."""
        used: dict[str, Any] = self._transport.get("usage")
        return used

    def capabilities(self) -> dict[str, Any]:
        """Tell what the site can do: ranges, defaults, limits, formats, platforms."""
        can: dict[str, Any] = self._transport.get("capabilities")
        return can
