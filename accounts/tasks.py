"""The courier: calls the webhooks that are due, many at a time, each by itself.

One process does the calls, with rows in one thread and the network in many: a hand waits for one
endpoint only, the next call of that endpoint waits in its row, and most hands are kept for those
that took their last call quickly. So nobody's slow server is felt by anyone else.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final

from django.db import close_old_connections
from django.utils import timezone

from accounts.gateway import calls
from accounts.gateway.calls import Answer
from accounts.models import Webhook, WebhookDelivery
from accounts.services import body_of, note_answer, signed_headers

HANDS: Final = 32
HANDS_FOR_SLOW: Final = 12
IDLE_SECONDS: Final = 0.5

logger = logging.getLogger(__name__)


class Courier:
    def __init__(self, hands: int = HANDS, hands_for_slow: int = HANDS_FOR_SLOW) -> None:
        self.hands, self.hands_for_slow = hands, hands_for_slow
        self.pool = ThreadPoolExecutor(hands, thread_name_prefix="webhook")
        self.out: dict[Future[Answer], WebhookDelivery] = {}

    def run(self) -> None:
        """Do this for ever; what fails of ours, as a database that is away, holds up nothing."""
        while True:
            try:
                close_old_connections()
                self.turn(IDLE_SECONDS)
            except Exception:
                logger.exception("The courier stumbled.")
                time.sleep(IDLE_SECONDS)

    def turn(self, patience_seconds: float) -> bool:
        """Send out what is due, note what came back; tell whether there was anything to do."""
        self.send_out()
        if not self.out:
            time.sleep(patience_seconds)
            return False
        done, _ = wait(self.out, patience_seconds, FIRST_COMPLETED)
        for call in done:
            self.note(call, self.out.pop(call))
        return True

    def send_out(self) -> None:
        while len(self.out) < self.hands:
            slow = sum(not call.webhook.is_quick for call in self.out.values())
            delivery = Webhook.objects.claim_next(quick_only=slow >= self.hands_for_slow)
            if delivery is None:
                return
            self.out[self.pool.submit(_call, delivery)] = delivery

    def note(self, call: Future[Answer], delivery: WebhookDelivery) -> None:
        try:
            answer = call.result()
        except Exception:  # a mistake of ours: told as one, and tried again like any other
            logger.exception("The call %s broke off.", delivery.pk)
            answer = Answer(duration_ms=0, error_code="internal")
        note_answer(
            delivery,
            is_taken=answer.is_taken,
            is_gone=answer.is_gone,
            retry_after_seconds=answer.retry_after_seconds,
            duration_ms=answer.duration_ms,
            status_code=answer.status_code,
            error_code=answer.error_code,
            answer=answer.body,
        )


def deliver_due() -> None:
    """Make the calls that are due and wait until each has come back."""
    courier = Courier()
    with courier.pool:
        while courier.turn(0.01):
            pass


def _call(delivery: WebhookDelivery) -> Answer:
    webhook, event = delivery.webhook, delivery.event
    headers = signed_headers(webhook, event, at=timezone.now())
    return calls.post(webhook.url, headers=headers, body=body_of(event))
