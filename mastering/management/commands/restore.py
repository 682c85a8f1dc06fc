"""Bring a backup back into an empty database and an empty storage."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

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

    def handle(self, *_: Any, folder: Path, deep: bool, **__: Any) -> None:
        broken = restore(folder.resolve(), tell=self.stdout.write, deep=deep)
        for line in broken:
            self.stdout.write(line)
        if broken:
            sys.exit(1)
        self.stdout.write("Everything holds.")
