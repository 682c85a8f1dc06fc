"""Events, and webhooks that are called with them."""

from collections.abc import Iterator, Sequence
from typing import Any

from lacquer.models import Delivery, Event, Webhook, id_of, said
from lacquer.transport import Transport


class Events:
    """What happened in the last 30 days."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, types: Sequence[str] = (), subject: str | None = None) -> Iterator[Event]:
        """Go through what happened, the newest first; of some types, or to one thing."""
        query = {"type": list(types) or None, "subject": subject, "limit": 100}
        return map(Event.of, self._transport.pages("events", query))

    def get(self, event: str | Event) -> Event:
        """Read an event."""
        return Event.of(self._transport.get(f"events/{id_of(event)}"))


class Webhooks:
    """Addresses that are called when something happens."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, url: str, *, types: Sequence[str] = (), description: str = "") -> Webhook:
        """Have an address called; its secret is told now and never again."""
        wish = {"url": url, "types": list(types), "description": description}
        return Webhook.of(self._transport.post("webhooks", wish))

    def list(self) -> Iterator[Webhook]:
        """Go through your webhooks."""
        return map(Webhook.of, self._transport.pages("webhooks", {"limit": 100}))

    def get(self, webhook: str | Webhook) -> Webhook:
        """Read a webhook."""
        return Webhook.of(self._transport.get(f"webhooks/{id_of(webhook)}"))

    def update(
        self,
        webhook: str | Webhook,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given, or switch it off and on."""
        changes: dict[str, Any] = said(
            url=url,
            types=None if types is None else list(types),
            description=description,
            enabled=enabled,
        )
        return Webhook.of(self._transport.patch(f"webhooks/{id_of(webhook)}", changes))

    def rotate(self, webhook: str | Webhook) -> Webhook:
        """Make a new secret; for 24 hours both sign."""
        return Webhook.of(self._transport.post(f"webhooks/{id_of(webhook)}/rotate"))

    def test(self, webhook: str | Webhook) -> Delivery:
        """Have a test sent."""
        return Delivery.of(self._transport.post(f"webhooks/{id_of(webhook)}/test"))

    def deliveries(self, webhook: str | Webhook) -> Iterator[Delivery]:
        """Go through the calls, the newest first."""
        path = f"webhooks/{id_of(webhook)}/deliveries"
        return map(Delivery.of, self._transport.pages(path, {"limit": 100}))

    def replay(self, webhook: str | Webhook, delivery: str | Delivery) -> Delivery:
        """Have an event sent once more."""
        path = f"webhooks/{id_of(webhook)}/deliveries/{id_of(delivery)}/replay"
        return Delivery.of(self._transport.post(path))

    def delete(self, webhook: str | Webhook) -> None:
        """Call an address no more."""
        self._transport.delete(f"webhooks/{id_of(webhook)}")
