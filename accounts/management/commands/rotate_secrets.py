"""Encrypt what lies in the database with the newest SECRET_KEY, so that older ones may go."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.adapters import MFAAdapter
from accounts.errors import FactorUnreadable
from accounts.services import reseal_webhooks

ENCRYPTED = ("secret", "seed")  # of a TOTP device, and of recovery codes
ENCRYPTED_LISTS = ("migrated_codes",)


class Command(BaseCommand):
    help = "Encrypt the secrets of authenticators and webhooks anew, after SECRET_KEY was replaced."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--forget",
            action="store_true",
            help="What no key opens is lost: take such second factors away, so that people can "
            "log in and set new ones; give such webhooks new secrets.",
        )

    def handle(self, *_: Any, forget: bool, **__: Any) -> None:
        count = unreadable = 0
        for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().filter(pk=pk).first()
                if row is None:
                    continue
                try:
                    renewed = _renewed(row.data)
                except FactorUnreadable:
                    unreadable += 1
                    if forget:
                        row.delete()
                    continue
                if renewed:
                    row.data |= renewed
                    row.save(update_fields=["data"])
                    count += 1
        webhooks, unreadable_webhooks = reseal_webhooks(forget=forget)
        self.stdout.write(
            f"Encrypted with the newest key: authenticators {count}, webhooks {webhooks}."
        )
        lost = f"authenticators {unreadable}, webhooks {unreadable_webhooks}."
        if forget:
            self.stdout.write(f"Forgotten, for no key opens them: {lost}")
        elif unreadable or unreadable_webhooks:
            raise CommandError(
                f"Left as they are, for no key opens them: {lost} Put the key that encrypted them "
                "into SECRET_KEY_FALLBACKS, and ask again; or --forget them, if it is lost."
            )


def _renewed(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is encrypted of an authenticator, encrypted with the newest key."""
    adapter = MFAAdapter()

    def anew(text: str) -> str:
        renewed: str = adapter.encrypt(adapter.decrypt(text))
        return renewed

    renewed: dict[str, Any] = {name: anew(told[name]) for name in ENCRYPTED if name in told}
    return renewed | {
        name: [anew(one) for one in told[name]] for name in ENCRYPTED_LISTS if name in told
    }
