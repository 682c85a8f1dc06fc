"""Tell what is wrong with the rows and files of a site; nothing should ever be."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mastering.management.invariants import PAUSE_SECONDS, broken_invariants


class Command(BaseCommand):
    help = "Check what must always hold; print a line for each break, and exit with 1."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--deep", action="store_true", help="hash every stored file as well")
        parser.add_argument(
            "--pause-seconds",
            type=float,
            default=PAUSE_SECONDS,
            help="between the two looks that must both see a break",
        )

    def handle(self, *_: Any, deep: bool, pause_seconds: float, **__: Any) -> None:
        broken = broken_invariants(deep=deep, pause_seconds=max(pause_seconds, 0.0))
        for line in broken:
            self.stdout.write(line)
        if broken:
            sys.exit(1)
        self.stdout.write("Everything holds.")
