"""Every rule of the house bites: a copy of the tree gets one wrong line, and a tool refuses it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pytest_socket import SocketBlockedError

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NEW = ("mastering/utils.py", "dsp/helpers.py")  # rooms that the house does not have
PACKAGES = ("config", "accounts", "billing", "references", "mastering", "dsp")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the tree, without its tests."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    for name in ("pyproject.toml", "manage.py"):
        shutil.copy(ROOT / name, folder)
    (folder / "templates").mkdir()
    (folder / "config" / "static").mkdir()
    return folder


@pytest.fixture
def tree(copy):
    """Return the copy, and put right afterwards what the test planted."""
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    yield copy
    for path in copy.rglob("*.py"):
        if path not in before:
            path.unlink()
    for path, content in before.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


def plant(tree: Path, file: str, line: str) -> None:
    path = tree / file
    assert path.exists() or file in NEW, "a rule is tried where code is"
    with path.open("a") as text:
        text.write(f"\n{line}\n")


def refusal(tree: Path, *command: str, **environment: str) -> str:
    """Run a tool in the tree and return what it complains of; nothing where it is content."""
    run = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=tree,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr if run.returncode else ""


def broken(tree: Path) -> list[str]:
    """Return the names of the contracts that the tree breaks."""
    told = refusal(tree, "lint-imports", "--no-logo").splitlines()
    return [line for line in told if "BROKEN" in line]


@pytest.fixture(scope="module")
def broken_before(copy):
    return broken(copy)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "file", "line"),
    [
        ("Packages depend downwards only", "billing/services/books.py", "import mastering.models"),
        (
            "Packages depend downwards only",
            "mastering/services/masters.py",
            "import config.settings",
        ),
        ("dsp knows nothing of the web", "dsp/units.py", "import django"),
        ("Only tasks and commands use dsp", "mastering/views/exports.py", "import dsp.loudness"),
        ("The web process never loads numpy", "mastering/services/masters.py", "import numpy"),
        ("The web process never loads numpy", "dsp/settings.py", "import numpy"),
        ("Inside an app", "accounts/models/user.py", "import accounts.forms"),
        ("Inside an app", "mastering/views/exports.py", "import mastering.tasks"),
        (
            "Inside an app",
            "mastering/services/masters.py",
            "def ring():\n    import mastering.tasks",
        ),
        ("Inside an app", "mastering/utils.py", "VALUE = 1"),
        ("dsp reads top-down", "dsp/loudness.py", "import dsp.measure"),
        ("dsp reads top-down", "dsp/helpers.py", "VALUE = 1"),
        ("No cycles", "config/cache.py", "import config.urls\nimport config.development"),
    ],
)
def test_the_import_contracts_refuse(tree, broken_before, contract, file, line):
    plant(tree, file, line)
    if contract == "No cycles":
        plant(tree, "config/development.py", "import config.cache")
    assert any(told.startswith(contract) for told in broken(tree))
    assert not any(told.startswith(contract) for told in broken_before)


@pytest.mark.parametrize(
    ("rule", "file", "line"),
    [
        ("TID251", "billing/services/books.py", "import stripe"),
        ("TID251", "mastering/tasks.py", "import boto3"),
        ("TID251", "references/tasks/attempts.py", "import soundfile"),
        ("TID251", "mastering/views/exports.py", "import subprocess"),
        ("TID251", "accounts/tasks.py", "import httpcore"),
        ("TID251", "accounts/gateway/addresses.py", "import urllib.request"),
        ("TID251", "references/services/uploads.py", "import requests"),
        ("TID252", "accounts/views/keys.py", "from . import models"),
        ("PLC0415", "accounts/views/keys.py", "def late():\n    import accounts.models"),
        (
            "BLE001",
            "accounts/views/keys.py",
            "try:\n    print()\nexcept Exception:\n    VALUE = None",
        ),
        ("DTZ005", "accounts/views/keys.py", "import datetime\nNOW = datetime.datetime.now()"),
        (
            "DTZ001",
            "accounts/views/keys.py",
            "import datetime\nTHEN = datetime.datetime(2026, 1, 1)",
        ),
        ("NPY002", "dsp/units.py", "import numpy as np\nNOISE = np.random.rand(3)"),
        (
            "G004",
            "accounts/views/keys.py",
            "import logging\nlogging.getLogger().info(f'{redirect}')",
        ),
        ("D103", "dsp/units.py", "def undocumented() -> None:\n    pass"),
        ("T201", "accounts/views/keys.py", "print('hello')"),
        ("ERA001", "accounts/views/keys.py", "# x = redirect(1)"),
        ("FIX002", "accounts/views/keys.py", "# TODO: later"),
        ("S301", "accounts/views/keys.py", "import pickle\npickle.loads(b'')"),
        (
            "DJ001",
            "accounts/models/user.py",
            "class A(models.Model):\n    a = models.TextField(null=True)",
        ),
        ("FBT003", "accounts/views/keys.py", "redirect(True)"),
    ],
)
def test_the_linter_refuses(tree, rule, file, line):
    plant(tree, file, line)
    assert f" {rule} " in refusal(
        tree, "ruff", "check", "--output-format=concise", "--no-cache", file
    )


def test_the_formatter_refuses_another_layout(tree):
    plant(tree, "accounts/views/keys.py", "VALUE = {'a':1}")
    assert "accounts/views/keys.py" in refusal(tree, "ruff", "format", "--check", "--no-cache", ".")


@pytest.mark.slow
def test_the_type_checker_refuses_a_wrong_and_an_untyped_line(tree):
    plant(tree, "dsp/units.py", "WRONG: int = 'a'\n\n\ndef untyped(value):\n    return value")
    complaint = refusal(
        tree, "mypy", "--follow-imports=silent", "dsp/units.py", PYTHONPATH=str(ROOT)
    )
    assert "[assignment]" in complaint
    assert "[no-untyped-def]" in complaint


@pytest.mark.slow
def test_a_changed_model_without_its_migration_is_refused(tree):
    plant(tree, "accounts/models/user.py", "class Forgotten(models.Model):\n    pass")
    complaint = refusal(tree, "python", "manage.py", "makemigrations", "--check", "--dry-run")
    assert "Create model Forgotten" in complaint


@pytest.mark.slow
def test_unsafe_settings_are_refused(tree):
    plant(tree, "config/settings.py", "SESSION_COOKIE_SECURE = False")
    command = ("manage.py", "check", "--deploy", "--fail-level=WARNING")
    site = {"SITE_URL": "https://lacquer.example"}
    assert "security.W012" in refusal(tree, "python", *command, **site)


def test_a_warning_is_an_error():
    with pytest.raises(UserWarning, match="old"):
        warnings.warn("old", stacklevel=1)


def test_no_test_reaches_the_network():
    with pytest.raises((SocketBlockedError, UserWarning), match="socket"):
        socket.create_connection(("192.0.2.1", 80))


def test_what_is_tested_is_what_is_run():
    runtime, development = (
        set(re.findall(r"^([\w.-]+==[^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert len(runtime) > 50
    assert runtime <= development, "both locks name the same versions"
