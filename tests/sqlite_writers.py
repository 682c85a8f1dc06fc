"""Eight processes that read and then write one SQLite file, as busy sites do.

`python -m tests.sqlite_writers MODE` prints how many of their transactions found it locked.
"""

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

WRITERS, EACH = 8, 50


def main(mode: str) -> None:
    with tempfile.TemporaryDirectory(prefix="lacquer-writers-") as folder:
        os.environ |= {"DATA_DIR": folder, "ENV_FILE": os.devnull, "SECRET_KEY": "k" * 60}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        _begin(mode)
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0, skip_checks=True)
        _count()
        fresh = multiprocessing.get_context("spawn")
        with fresh.Pool(WRITERS, _begin, (mode,)) as writers:
            refused = sum(writers.map(write, range(WRITERS), chunksize=1))
        sys.stdout.write(f"{refused} of {WRITERS * EACH} refused, {_count()} counted\n")
        assert Path(folder).is_dir()


def _begin(mode: str) -> None:
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] = mode
    django.setup()


def write(_number: int) -> int:
    """Count up one row so many times; return how often the database refused."""
    from django.db import OperationalError, transaction  # noqa: PLC0415

    from references.models import Machine  # noqa: PLC0415

    refused = 0
    for _ in range(EACH):
        try:
            with transaction.atomic():
                machine = Machine.objects.get(pk="counter")
                machine.boxes = str(int(machine.boxes) + 1)
                machine.save()
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            refused += 1
    return refused


def _count() -> str:
    from references.models import Machine  # noqa: PLC0415

    counter, _ = Machine.objects.get_or_create(
        name="counter", defaults={"is_confining": True, "boxes": "0"}
    )
    return counter.boxes


if __name__ == "__main__":
    main(sys.argv[1])
