"""Copy what one person has, row by row and file by file, until the site holds so many rows.

Run in the environment of a site with one person and finished work: python -m bench.grown ROWS. It
prints how many rows there are then. Files of the copies hold a few bytes each: what is counted is
rows and files, not how long a disk takes for songs.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

import django

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402

from accounts.models import Event, Mail, User  # noqa: E402
from billing.models import Account, Entry  # noqa: E402
from mastering.models import Fingerprint, Master, Version  # noqa: E402
from references.models import AudioFile, PublicIdField, Reference, Run  # noqa: E402

# What a person leaves behind, and whose it is; each kind after those that it points to.
KINDS: Final[dict[type[models.Model], str]] = {
    User: "pk",
    EmailAddress: "user",
    Account: "user",
    AudioFile: "user",
    Reference: "user",
    Master: "user",
    Version: "user",
    Fingerprint: "version__user",
    Run: "user",
    Entry: "account__user",
    Event: "user",
    Mail: "user",
}
CONTENT: Final = b"a few bytes"
STORED: Final = {"size_bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
AT_ONCE: Final = 200  # people


class Copies:
    """The rows of one person, and how often they are to be made anew."""

    def __init__(self) -> None:
        someone = User.objects.earliest("pk")
        self.email = someone.email
        self.rows = {
            kind: list(kind._default_manager.filter(**{whose: someone.pk}).order_by("pk"))
            for kind, whose in KINDS.items()
        }
        self.next = {kind: (kind._default_manager.count() or 0) + 1_000 for kind in KINDS}
        root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
        owners = {row.pk for kind in (AudioFile, Master, Version) for row in self.rows[kind]}
        self.files = [
            path for path in root.rglob("*") if path.is_file() and owners & set(path.parts)
        ]

    def __len__(self) -> int:
        return sum(map(len, self.rows.values()))

    def make(self, numbers: range) -> None:
        made: dict[type[models.Model], list[models.Model]] = {kind: [] for kind in KINDS}
        for number in numbers:
            words, keys = self._named(number)
            for kind in KINDS:
                made[kind] += [self._copy(row, words, keys, number) for row in self.rows[kind]]
            for path in self.files:
                copy = Path(_put(str(path), words))
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(CONTENT)
        with transaction.atomic():
            for kind in KINDS:
                pointing = [name for name in ("current",) if hasattr(kind, name)]
                held = [[getattr(row, f"{name}_id") for row in made[kind]] for name in pointing]
                for name in pointing:  # to what comes later
                    for row in made[kind]:
                        setattr(row, f"{name}_id", None)
                kind._default_manager.bulk_create(made[kind], batch_size=500)
                for name, values in zip(pointing, held, strict=True):
                    for row, value in zip(made[kind], values, strict=True):
                        setattr(row, f"{name}_id", value)
            Master.objects.bulk_update(made[Master], ["current"], batch_size=500)

    def _named(self, number: int) -> tuple[dict[str, str], dict[Any, Any]]:
        """Return what each word becomes, and each key by its kind."""
        words, keys = {self.email: f"grown-{number}@example.com", "load:0": f"grown:{number}"}, {}
        for kind in KINDS:
            for row in self.rows[kind]:
                key = row._meta.pk
                if isinstance(key, PublicIdField):
                    keys[kind, row.pk] = words[row.pk] = key.get_default()
                elif isinstance(key, models.UUIDField):
                    keys[kind, row.pk] = key.get_default()
                    words[str(row.pk)] = str(keys[kind, row.pk])
                else:
                    self.next[kind] += 1
                    keys[kind, row.pk] = self.next[kind]
        return words, keys

    def _copy(
        self, row: models.Model, words: dict[str, str], keys: dict[Any, Any], number: int
    ) -> models.Model:
        values = {}
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if field.primary_key:
                value = keys[type(row), value]
            elif field.is_relation:
                value = keys.get((field.related_model, value), value)
            elif isinstance(value, str):
                put = _put(value, words)
                # Reasons of the ledger may name other entries, by number.
                value = f"{put}:{number}" if field.unique and put == value else put
            elif isinstance(field, models.JSONField):
                value = json.loads(_put(json.dumps(value), words))
            values[field.attname] = value
        outputs = values.get("outputs", {})
        if isinstance(row, AudioFile):
            values |= STORED
        if outputs:
            values["outputs"] = {name: told | STORED for name, told in outputs.items()}
            files = len(outputs) + isinstance(row, AudioFile)  # which has its source beside them
            values["stored_bytes"] = files * len(CONTENT)
        return type(row)(**values)


def _put(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def all_rows() -> int:
    return sum(
        model._base_manager.count()
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
    )


def main(rows: int) -> None:
    copies, before = Copies(), all_rows()
    people = -(-(rows - before) // len(copies))
    for begin in range(0, people, AT_ONCE):
        copies.make(range(begin, min(begin + AT_ONCE, people)))
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(KINDS)):
            cursor.execute(statement)
    print(all_rows())


if __name__ == "__main__":
    main(int(sys.argv[1]))
