"""Matchering 2.0.6, the peer: in an environment of its own, since its licence is another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VERSION = "2.0.6"


def environment(folder: Path) -> Path | None:
    """Return the Python of an environment with Matchering, made in a folder if it is not there."""
    python = folder / "bin" / "python"
    if not _has_matchering(python):
        print(f"making an environment for Matchering {VERSION} in {folder}", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            subprocess.run(
                [python, "-m", "pip", "install", "-q", f"matchering=={VERSION}"], check=True
            )
        except subprocess.CalledProcessError as error:
            print(f"WITHOUT MATCHERING: {error}", file=sys.stderr)
            return None
    return python


def chosen(option: Path | None, cache: Path) -> Path | None:
    """Return the environment asked for, or the benchmark's own."""
    if option is None:
        return environment(cache / "matchering")
    if not _has_matchering(option):
        raise SystemExit(f"{option} has no Matchering {VERSION}")
    return option


def _has_matchering(python: Path) -> bool:
    if not python.exists():
        return False
    told = "import importlib.metadata as m; print(m.version('matchering'))"
    done = subprocess.run([python, "-c", told], capture_output=True, text=True, check=False)
    return done.stdout.strip() == VERSION
