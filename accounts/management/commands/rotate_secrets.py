"""Encrypt what lies in the database with the newest SECRET_KEY, so that older ones may go."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.adapters import MFAAdapter
from accounts.services import reseal_webhooks

ENCRYPTED = ("secret", "seed")  # of a TOTP device, and of recovery codes
ENCRYPTED_LISTS = ("migrated_codes",)


class Command(BaseCommand):
    help = "Encrypt the secrets of authenticators and webhooks anew, after SECRET_KEY was replaced."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        adapter, count = MFAAdapter(), 0

        def anew(text: str) -> str:
            renewed: str = adapter.encrypt(adapter.decrypt(text))
            return renewed

        for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().filter(pk=pk).first()
                if row is None:
                    continue
                renewed: dict[str, Any] = {
                    name: anew(row.data[name]) for name in ENCRYPTED if name in row.data
                }
                renewed |= {
                    name: [anew(one) for one in row.data[name]]
                    for name in ENCRYPTED_LISTS
                    if name in row.data
                }
                if renewed:
                    row.data |= renewed
                    row.save(update_fields=["data"])
                    count += 1
        webhooks = reseal_webhooks()
        self.stdout.write(
            f"{count} authenticators and {webhooks} webhooks are encrypted with the newest key."
        )
