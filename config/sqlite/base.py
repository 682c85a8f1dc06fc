"""SQLite for many writers: whoever waits to write looks again within milliseconds.

SQLite's own patience sleeps ever longer between two looks, up to a tenth of a second, while those
who come later find the lock free. Where twenty people send something within a second, some would
wait for seconds beside a database that is idle most of the time.
"""

import random
import sqlite3
import time
from typing import Final

from django.db import OperationalError
from django.db.backends.sqlite3 import base

LOOK_SECONDS: Final = (0.001, 0.004)


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        patience = float(self.settings_dict["OPTIONS"]["timeout"])
        end = time.monotonic() + patience
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while not self._began(is_last=time.monotonic() >= end):
                time.sleep(random.uniform(*LOOK_SECONDS))  # noqa: S311
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {1000 * patience:.0f}")

    def _began(self, *, is_last: bool) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except OperationalError as error:
            is_busy = getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if is_busy and not is_last:
                return False
            raise
        return True
