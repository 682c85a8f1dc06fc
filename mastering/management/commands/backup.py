"""Back up the database and the stored files; the site goes on meanwhile."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mastering.management.backup import back_up, default_root


class Command(BaseCommand):
    help = "Make a backup beside earlier ones; files that those have are not copied again."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, default=default_root(), help="folder of backups")
        parser.add_argument(
            "--keep", type=int, default=30, help="how many backups stay; older ones are deleted"
        )

    def handle(self, *_: Any, to: Path, keep: int, **__: Any) -> None:
        try:
            made = back_up(to.resolve(), keep=max(keep, 1))
        except OSError as error:
            raise CommandError(f"No backup was made: {error}") from None
        self.stdout.write(
            f"{made.folder}: {made.files} files, {made.bytes:,} bytes; {made.copied} copied anew."
        )
        for name in made.forgotten:
            self.stdout.write(f"{name} was deleted.")
