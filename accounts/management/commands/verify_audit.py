"""Tell whether the log of what staff did is whole."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import audit


class Command(BaseCommand):
    help = (
        "Recompute every seal of the audit log. Keep the head that is printed elsewhere and give "
        "it the next time: then entries cut off at the end are noticed too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="The head as it was printed before.")

    def handle(self, *_args: Any, **options: Any) -> None:
        verdict = audit.verify(known_head=options["head"])
        for line in verdict.breaks:
            self.stderr.write(line)
        if verdict.breaks:
            raise CommandError(f"The audit log is broken; places: {len(verdict.breaks)}.")
        self.stdout.write(f"{verdict.entries} entries, whole.\nhead {verdict.head}")
