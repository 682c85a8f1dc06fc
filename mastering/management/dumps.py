"""A whole database into one file, and back: SQLite by itself, PostgreSQL by its own tools."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError
from django.db import connection

NAMES: Final = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


def dump_name() -> str:
    """Return the name of this site's kind of dump."""
    return NAMES[connection.vendor]


def dump_database(target: Path) -> None:
    """Write a copy of one moment; the site goes on meanwhile."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(target)) as copy:
            _raw().backup(copy)  # in one step, so that no writer makes it begin again
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, wherever it is taken
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={target}")


def load_database(source: Path) -> None:
    """Fill an empty database; a dump that is damaged leaves it empty.

    Raises
    ------
    CommandError
    """
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as copy:
            if (found := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise CommandError(f"{source.name} is damaged: {found}")
            connection.ensure_connection()
            copy.backup(_raw())
        connection.close()
    else:
        _run(
            "pg_restore",
            "--no-owner",
            "--no-acl",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={connection.settings_dict['NAME']}",
            str(source),
        )


def database_is_empty() -> bool:
    return not connection.introspection.table_names()


def _raw() -> Any:
    return connection.connection


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on this site's database, its password out of sight."""
    if shutil.which(program) is None:
        raise CommandError(f"{program} is missing. On Debian: apt install postgresql-client")
    settings = connection.settings_dict
    told = {
        "PGDATABASE": settings["NAME"],
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"]),
    }
    environment = {"PATH": os.defpath} | {name: value for name, value in told.items() if value}
    connection.close()
    ran = subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise CommandError(f"{program} failed: {ran.stderr.strip()[-2000:]}")
