"""The package stands alone: the public API, httpx, and nothing of the site."""

import ast
import sys
import tomllib
from pathlib import Path

import lacquer
from lacquer.exits import EXIT_CODES
from lacquer.transport import USER_AGENT

ROOT = Path(lacquer.__file__).parent
EXTRA = {"mcp", "mcp_types", "pydantic"}  # of lacquer[mcp]


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names)


def test_it_needs_httpx_and_the_server_for_assistants_its_extra():
    for path in ROOT.glob("*.py"):
        allowed = {"lacquer", "httpx"} | (EXTRA if path.name == "mcp_server.py" else set())
        assert imported(path) <= allowed, path.name


def test_its_version_is_told_the_same_everywhere():
    told = tomllib.loads((ROOT.parent.parent / "pyproject.toml").read_text())["project"]
    assert told["version"] == lacquer.__version__
    assert USER_AGENT == f"lacquer-python/{lacquer.__version__}"
    assert {each.partition(">")[0] for each in told["dependencies"]} == {"httpx"}


def test_everything_public_is_there():
    assert all(hasattr(lacquer, name) for name in lacquer.__all__)


def test_the_readme_and_the_help_tell_the_same_exit_codes():
    readme = (ROOT.parent.parent / "README.md").read_text()
    rows = [line.split("|") for line in readme.splitlines() if line.startswith("| ")]
    told = {row[1].strip(): row[2].strip() for row in rows if row[1].strip().isdecimal()}
    helped = {
        line.split()[0]: " ".join(line.split()[1:]) for line in EXIT_CODES.splitlines()[1:] if line
    }
    assert told == helped
