"""The audit of what is locked, with a tool that answers as it should."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
HOLED = {
    "name": "pillow",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}],
}
UNKNOWN = {"name": "soxr", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture
def audit(tmp_path):
    """Return what runs the audit while the tool tells so of each lock file."""

    def run(**told: list[dict[str, object]] | None) -> subprocess.CompletedProcess[str]:
        tool = tmp_path / "audit" / "bin" / "pip-audit"
        tool.parent.mkdir(parents=True)
        lines = ["#!/bin/sh", 'for last; do :; done; case "$last" in']
        for name, dependencies in told.items():
            answer = json.dumps({"dependencies": dependencies, "fixes": []})
            said = "echo no route >&2; exit 1" if dependencies is None else f"echo '{answer}'"
            lines.append(f"requirements{name.removeprefix('site')}.lock) {said};;")
        tool.write_text("\n".join([*lines, "esac", ""]).replace("requirements_", "requirements-"))
        tool.chmod(0o755)
        return subprocess.run(
            [ROOT / "deploy" / "audit"],
            env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_nothing_known_is_well(audit):
    ran = audit(site=[SOUND], _dev=[SOUND])
    assert ran.returncode == 0
    assert ran.stdout.count("1 packages asked about") == 2
    assert ran.stderr == ""


def test_both_locks_are_asked_about_and_what_is_found_in_either_counts(audit):
    ran = audit(site=[HOLED, SOUND], _dev=[SOUND])
    assert ran.returncode == 1
    assert "pillow 1.0 PYSEC-1 (fixed in 1.1)" in ran.stdout
    assert "requirements-dev.lock: 1 packages asked about." in ran.stdout


def test_what_is_found_of_the_tools_counts_too(audit):
    assert audit(site=[SOUND], _dev=[HOLED]).returncode == 1


def test_what_nobody_could_tell_of_is_named(audit):
    ran = audit(site=[SOUND, UNKNOWN], _dev=[SOUND])
    assert ran.returncode == 0
    assert "requirements.lock: nobody told of soxr" in ran.stderr


@pytest.mark.parametrize("told", [None, [UNKNOWN]])
def test_where_nobody_could_be_asked_it_says_so(audit, told):
    ran = audit(site=told, _dev=told)
    assert ran.returncode == 0
    assert ran.stderr.count("SKIPPED: nobody told of requirements") == 2
