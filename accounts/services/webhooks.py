"""Webhooks by the Standard Webhooks specification: making, signing, calling again, giving up."""

import base64
import hashlib
import hmac
import json
import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.dispatch import receiver
from django.utils import timezone

from accounts.errors import TooManyCalls, TooManyWebhooks, TypesUnknown, WebhookDisabled
from accounts.gateway.addresses import checked_url
from accounts.models import (
    ANSWER_CHARACTERS,
    MAX_ATTEMPTS,
    WAITS,
    Event,
    EventType,
    Notice,
    User,
    Webhook,
    WebhookDelivery,
)
from accounts.services.leaving import Chapter, collecting
from accounts.services.mail import notify
from accounts.services.rates import Rate, may_try
from accounts.services.sealing import Unreadable, seal, unseal

MOST_WEBHOOKS = 10
BOTH_SECRETS = timedelta(hours=24)  # how long an old secret signs beside the new one
GIVEN_UP_AFTER = timedelta(days=5)  # of nothing but failures
LONGEST_WAIT = timedelta(hours=24)
QUICK_MS = 3_000  # who takes a call in this time is never left for later
SPREAD = 0.2  # of each wait, so that what failed together does not return together
BY_HAND = Rate(tries=60, seconds=3600)

_PURPOSE: Final = "webhooks"


def add_webhook(
    *,
    user: User,
    url: str,
    types: Sequence[str] = (),
    description: str = "",
    is_test: bool = False,
) -> Webhook:
    """Call an address when something happens; with no types named, whatever it is.

    Raises
    ------
    WebhookRefused
    """
    url, types = checked_url(url), _known(types)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
        if Webhook.objects.of(user).count() >= MOST_WEBHOOKS:
            raise TooManyWebhooks
        return Webhook.objects.create(
            user=user,
            url=url,
            types=types,
            description=description,
            is_test=is_test,
            secret=_new_secret(),
        )


def change_webhook(
    *,
    webhook: Webhook,
    url: str | None = None,
    types: Sequence[str] | None = None,
    description: str | None = None,
) -> None:
    """Change what is given, and nothing else; what still waits goes to the new address.

    Raises
    ------
    WebhookRefused
    """
    changes: dict[str, Any] = {}
    if url is not None and url != webhook.url:
        changes |= {"url": checked_url(url), "failing_since": None}
    if types is not None:
        changes["types"] = _known(types)
    if description is not None:
        changes["description"] = description
    if changes:
        Webhook.objects.filter(pk=webhook.pk).update(**changes)
        webhook.refresh_from_db()


def rotate_secret(*, webhook: Webhook) -> str:
    """Make a new secret and return it; for a day the one before it signs as well."""
    with transaction.atomic():
        held = Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
        held.previous_secret, held.previous_until = held.secret, timezone.now() + BOTH_SECRETS
        held.secret = _new_secret()
        held.save(update_fields=["secret", "previous_secret", "previous_until"])
    webhook.refresh_from_db()
    return secret_of(webhook)


def disable_webhook(*, webhook: Webhook) -> None:
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk).disable(Webhook.Disabled.BY_PERSON)
    webhook.refresh_from_db()


def enable_webhook(*, webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).enable()
    webhook.refresh_from_db()


def remove_webhook(*, webhook: Webhook) -> None:
    webhook.delete()


def send_test(*, webhook: Webhook) -> WebhookDelivery:
    """Send an event that tells of nothing to one webhook, whatever else it hears of.

    Raises
    ------
    WebhookDisabled, TooManyCalls
    """
    _refuse_by_hand(webhook)
    with transaction.atomic():
        event = Event.objects.create(
            user_id=webhook.user_id,
            type=EventType.WEBHOOK_TEST,
            subject=webhook.pk,
            is_test=webhook.is_test,
        )
        return WebhookDelivery.objects.create(webhook=webhook, event=event)


def replay(*, delivery: WebhookDelivery) -> WebhookDelivery:
    """Send an event once more to where it was sent; what waits already is sent now.

    Raises
    ------
    WebhookDisabled, TooManyCalls
    """
    webhook = delivery.webhook
    _refuse_by_hand(webhook)
    with transaction.atomic():
        Webhook.objects.select_for_update(no_key=True).get(pk=webhook.pk)
        same = WebhookDelivery.objects.filter(webhook=webhook, event=delivery.event_id)
        if same.waiting().update(run_at=Now()):
            return same.waiting().get()
        return WebhookDelivery.objects.create(webhook=webhook, event=delivery.event)


def told(event: Event) -> dict[str, Any]:
    """Return an event as the world sees it: thin, so that who wants more asks the API."""
    data: dict[str, Any] = {"id": event.subject} if event.subject else {}
    return {
        "id": event.pk,
        "type": event.type,
        "timestamp": event.created.isoformat().replace("+00:00", "Z"),
        "data": data | event.content,
    }


def body_of(event: Event) -> bytes:
    """Return the very bytes that are sent and signed, the same at each attempt."""
    return json.dumps(told(event), separators=(",", ":")).encode()


def signed_headers(webhook: Webhook, event: Event, *, at: datetime) -> dict[str, str]:
    """Return the headers by which a receiver tells that it is ours, and what it saw before."""
    body, stamp = body_of(event), str(int(at.timestamp()))
    secrets_in_force = [webhook.secret]
    if webhook.previous_until is not None and webhook.previous_until > at:
        secrets_in_force.append(webhook.previous_secret)
    signed = f"{event.pk}.{stamp}.".encode() + body
    return {
        "content-type": "application/json",
        "user-agent": "Lacquer-Webhooks/1",
        "webhook-id": event.pk,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(
            signature(unseal(sealed, purpose=_PURPOSE), signed) for sealed in secrets_in_force
        ),
    }


def signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def secret_of(webhook: Webhook) -> str:
    return unseal(webhook.secret, purpose=_PURPOSE)


def reseal_webhooks(*, forget: bool = False) -> tuple[int, int]:
    """Seal webhooks' secrets with the newest key; return how many, and how many no key opens.

    With ``forget`` those get a new secret: a receiver refuses it, and its owner is told in time.
    """
    count = unreadable = 0
    for pk in Webhook.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            webhook = Webhook.objects.select_for_update().filter(pk=pk).first()
            if webhook is None:
                continue
            try:
                webhook.secret = _resealed(webhook.secret)
                former = webhook.previous_secret
                webhook.previous_secret = former and _resealed(former)
            except Unreadable:
                unreadable += 1
                if not forget:
                    continue
                webhook.secret, webhook.previous_secret = _new_secret(), ""
            else:
                count += 1
            webhook.save(update_fields=["secret", "previous_secret"])
    return count, unreadable


def note_answer(
    delivery: WebhookDelivery,
    *,
    is_taken: bool,
    duration_ms: int,
    is_gone: bool = False,
    retry_after_seconds: float = 0.0,
    **answer: Any,
) -> None:
    """Note how a call went: done, again later, or never again."""
    webhook = delivery.webhook
    answer["answer"] = answer.get("answer", "")[:ANSWER_CHARACTERS]
    answer["duration_ms"] = duration_ms
    with transaction.atomic():
        is_quick = is_taken and duration_ms <= QUICK_MS
        if not Webhook.objects.release(webhook, succeeded=is_taken, is_quick=is_quick):
            return  # deleted, or taken over by another after a very long time
        if not WebhookDelivery.objects.settle(delivery, succeeded=is_taken, **answer) or is_taken:
            return
        webhook.refresh_from_db()
        if webhook.disabled is not None:
            return
        if reason := _reason_to_give_up(webhook, is_gone=is_gone):
            _give_up(webhook, reason)
        elif delivery.attempt < MAX_ATTEMPTS:
            wait = max(_wait_after(delivery.attempt), timedelta(seconds=retry_after_seconds))
            WebhookDelivery.objects.create(
                webhook=webhook,
                event=delivery.event,
                attempt=delivery.attempt + 1,
                run_at=timezone.now() + min(wait, LONGEST_WAIT * (1 + SPREAD)),
            )


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's webhooks, without their secrets, and events."""
    columns = ("id", "url", "description", "types", "created", "disabled", "disabled_reason")
    rows = {
        "webhooks": list(Webhook.objects.of(user).values(*columns)),
        "events": [told(event) for event in Event.objects.of(user).kept()],
    }
    return Chapter("events", rows)


def _wait_after(attempt: int) -> timedelta:
    return WAITS[attempt - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311


def _reason_to_give_up(webhook: Webhook, *, is_gone: bool) -> Webhook.Disabled | None:
    if is_gone:
        return Webhook.Disabled.GONE
    since = webhook.failing_since
    if since is not None and timezone.now() - since > GIVEN_UP_AFTER:
        return Webhook.Disabled.FAILING
    return None


def _give_up(webhook: Webhook, reason: Webhook.Disabled) -> None:
    Webhook.objects.filter(pk=webhook.pk).disable(reason)
    webhook.refresh_from_db()
    notify(
        webhook.user,
        kind=Notice.WEBHOOK_OFF,
        template="emails/webhook_off",
        reason=f"webhook_off:{webhook.pk}:{webhook.disabled}",
        webhook=webhook,
    )


def _refuse_by_hand(webhook: Webhook) -> None:
    """Refuse a call by hand to what is switched off, or one of too many."""
    if webhook.disabled is not None:
        raise WebhookDisabled
    if not may_try("webhook-by-hand", str(webhook.user_id), BY_HAND):
        raise TooManyCalls


def _known(types: Sequence[str]) -> list[str]:
    if not set(types) <= set(EventType.values):
        raise TypesUnknown
    return [known for known in EventType.values if known in types]


def _new_secret() -> str:
    """Return a sealed secret of 32 random bytes, as the specification writes them."""
    random_bytes = base64.b64encode(secrets.token_bytes(32)).decode()
    return seal(f"whsec_{random_bytes}", purpose=_PURPOSE)


def _resealed(sealed: str) -> str:
    return seal(unseal(sealed, purpose=_PURPOSE), purpose=_PURPOSE)
