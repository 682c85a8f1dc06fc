"""The drill: a site is backed up while it works, and comes back whole in an empty place."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.services import empty_folders, erase
from mastering.management import backup, dumps
from mastering.management.backup import back_up, backups_in, listed_in
from mastering.management.restore import restore
from mastering.models import Version
from mastering.tasks import render_next
from tests.conftest import PASSWORD, member
from tests.studio import measured, submitted

ROOT = Path(__file__).parent.parent.parent

# Tests' settings give every process an empty folder, and on SQLite an empty database.
DRILL = """
import json, sys
import django; django.setup()
from django.core.management import call_command
from django.test import Client
folder, version_id, email, password = sys.argv[1:]
try:
    call_command("restore", folder, deep=True)
except SystemExit as end:
    print("NOT WHOLE", end.code); raise
from accounts.models import User
from mastering.models import Version
version = Version.objects.get(pk=version_id)
client = Client(SERVER_NAME="localhost")
client.post("/account/login/", {"login": email, "password": password})
answer = client.get(f"/masters/{version.master_id}/1/download/wav24/")
print(json.dumps({
    "people": sorted(User.objects.values_list("email", flat=True)),
    "status": answer.status_code,
    "bytes": b"".join(answer.streaming_content).decode() if answer.streaming else "",
}))
"""


@pytest.fixture
def empty_place() -> Iterator[dict[str, str]]:
    """Return the environment of a site that has nothing yet, on a database like this one."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    if connection.vendor == "sqlite":
        yield environment
        return
    at = connection.settings_dict
    who = f"{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}"
    name = f"lacquer_drill_{os.getpid()}"
    with psycopg.connect(f"postgres://{who}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield environment | {"DATABASE_URL": f"postgres://{who}/{name}"}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def come_back(folder: Path, version: Version, environment: dict[str, str]) -> dict[str, object]:
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            DRILL,
            folder,
            version.pk,
            version.user.email,
            PASSWORD,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Everything holds." in ran.stdout
    answer: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def finished_of(user: User) -> Version:
    version = measured(submitted(user))
    render_next()
    version.refresh_from_db()
    assert version.has_succeeded
    return version


@pytest.fixture
def people(transactional_db, engine) -> tuple[Version, Version]:
    return finished_of(member("alice@example.com")), finished_of(member("bob@example.com"))


def test_a_site_comes_back_whole_without_those_who_left_since(people, tmp_path, empty_place):
    alices, bobs = people
    call_command("backup", to=tmp_path, verbosity=0)
    (first,) = backups_in(tmp_path)
    erase(user=bobs.user)
    empty_folders()
    submitted(alices.user)  # after it, so not in it
    back_up(tmp_path, keep=2)

    told = come_back(first, alices, empty_place)
    assert told["people"] == ["alice@example.com"]
    assert told["status"] == 200
    with default_storage.open(alices.key("wav24.wav")) as stored:
        assert told["bytes"] == stored.read().decode()


def test_a_file_is_copied_once_for_all_backups(people, tmp_path):
    first = back_up(tmp_path, keep=5)
    assert first.copied == first.files > 8
    assert back_up(tmp_path, keep=5).copied == 0


def test_what_was_erased_leaves_with_the_last_backup_that_knew_it(people, tmp_path):
    alices, bobs = people
    key = bobs.key("wav24.wav")
    back_up(tmp_path, keep=2)
    erase(user=bobs.user)
    empty_folders()
    back_up(tmp_path, keep=2)
    assert (tmp_path / "files" / key).exists()
    assert len(back_up(tmp_path, keep=2).forgotten) == 1
    assert not (tmp_path / "files" / key).exists()
    assert (tmp_path / "files" / alices.key("wav24.wav")).exists()
    assert not (tmp_path / "files" / key).parent.exists()


def test_what_nothing_needs_yet_is_left_out(transactional_db, tmp_path):
    default_storage.save("quarantine/upl_1", ContentFile(b"on its way"))
    made = back_up(tmp_path, keep=1)
    assert "quarantine/upl_1" not in listed_in(made.folder)
    default_storage.delete("quarantine/upl_1")


def test_a_backup_that_broke_off_is_none_and_is_cleared_away(people, tmp_path, monkeypatch):
    def full(_target):
        raise OSError("No space left on device")

    monkeypatch.setattr(backup, "dump_database", full)
    with pytest.raises(OSError, match="No space"):
        back_up(tmp_path, keep=1)
    assert backups_in(tmp_path) == []
    monkeypatch.undo()
    back_up(tmp_path, keep=1)
    assert not list(tmp_path.glob("*.partial"))


def test_nothing_is_ever_restored_over_something(people, tmp_path):
    made = back_up(tmp_path, keep=1)
    with pytest.raises(CommandError, match="not empty"):
        restore(made.folder, tell=print)
    assert User.objects.count() == 2


@pytest.mark.parametrize("part", ["database", "files.tsv"])
def test_a_backup_that_was_damaged_is_refused_before_anything_is_done(people, tmp_path, part):
    made = back_up(tmp_path, keep=1)
    (path,) = made.folder.glob(f"{part}*")
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    with pytest.raises(CommandError, match="is not what was written then"):
        restore(made.folder, tell=print)


def test_what_is_no_backup_is_refused(transactional_db, tmp_path):
    for told in (None, "[]", "{", "{}", '{"format": 1}'):
        if told is not None:
            (tmp_path / "backup.json").write_text(told)
        with pytest.raises(CommandError, match="no whole backup"):
            restore(tmp_path, tell=print)


def test_a_part_that_is_missing_is_told(people, tmp_path):
    made = back_up(tmp_path, keep=1)
    (made.folder / "files.tsv").unlink()
    with pytest.raises(CommandError, match=r"files\.tsv is not what was written then"):
        restore(made.folder, tell=print)


def test_under_another_secret_key_it_is_refused_before_anything_is_done(people, tmp_path, settings):
    made = back_up(tmp_path, keep=1)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" + "z" * 50
    with pytest.raises(CommandError, match="another SECRET_KEY"):
        restore(made.folder, tell=print)
    with pytest.raises(CommandError, match="not empty"):  # the next thing that is looked at
        restore(made.folder, tell=print, any_key=True)
    settings.SECRET_KEY_FALLBACKS = [old]
    with pytest.raises(CommandError, match="not empty"):
        restore(made.folder, tell=print)
    assert old not in (made.folder / "backup.json").read_text()


def test_two_backups_at_a_time_do_not_clear_each_other_away(people, tmp_path, monkeypatch):
    def meanwhile(target: Path) -> None:
        with pytest.raises(CommandError, match="Another backup is being made"):
            back_up(tmp_path, keep=1)
        dumps.dump_database(target)

    monkeypatch.setattr(backup, "dump_database", meanwhile)
    made = back_up(tmp_path, keep=1)
    assert backups_in(tmp_path) == [made.folder]


def test_a_place_that_will_not_do_is_told_in_a_sentence(transactional_db, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"No backup was made: .*file"):
        call_command("backup", to=tmp_path / "file")
    with pytest.raises(CommandError, match="is where the stored files are"):
        call_command("backup", to=Path(default_storage.path("backups")))


def test_a_file_that_the_store_lost_is_told(people, tmp_path, empty_place):
    alices, _ = people
    made = back_up(tmp_path, keep=1)
    (tmp_path / "files" / alices.key("wav24.wav")).unlink()
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "restore", made.folder],
        cwd=ROOT,
        env=empty_place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert f"{alices.key('wav24.wav')}: listed by the backup, and not in it" in ran.stdout
    assert f"{alices.key('wav24.wav')}: recorded, but not stored" in ran.stdout


def test_a_missing_tool_is_named(transactional_db, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(CommandError, match="apt install postgresql-client"):
        dumps._run("pg_dump")
