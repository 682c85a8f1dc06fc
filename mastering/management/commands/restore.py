"""Bring a backup back into an empty database and an empty storage."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mastering.management.restore import restore


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty place, check all of it, and exit with 1 if it is not whole."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="of one backup: …/backups/2026-11-27T030000.…Z"
        )
        parser.add_argument("--deep", action="store_true", help="hash every file as well")
        parser.add_argument(
            "--any-key",
            action="store_true",
            help="also under another SECRET_KEY: second factors and secrets of webhooks are lost",
        )

    def handle(self, *_: Any, folder: Path, deep: bool, any_key: bool, **__: Any) -> None:
        try:
            broken = restore(folder.resolve(), tell=self.stdout.write, deep=deep, any_key=any_key)
        except OSError as error:
            raise CommandError(
                f"It broke off: {error}. Empty this place before it is tried again."
            ) from None
        for line in broken:
            self.stdout.write(line)
        if broken:
            sys.exit(1)
        self.stdout.write("Everything holds.")
