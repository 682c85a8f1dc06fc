"""Run the workers of this machine, in the foreground."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mastering.management.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run worker groups until SIGTERM (finishes what runs) or SIGINT (hands it back)."
    requires_system_checks = ()  # checked before release; a restart should be quick

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--groups", type=int, default=settings.WORKER_GROUPS, help="one job each at a time"
        )
        parser.add_argument(
            "--grace-seconds",
            type=float,
            default=90.0,
            help="how long a running job may go on after SIGTERM",
        )

    def handle(self, *_: Any, groups: int, grace_seconds: float, **__: Any) -> None:
        if groups < 1:
            raise CommandError("--groups, or WORKER_GROUPS, must be 1 or more.")
        if not grace_seconds >= 0:  # nor NaN
            raise CommandError("--grace-seconds must be 0 or more.")
        Supervisor(groups=groups, grace_seconds=grace_seconds).run()
