"""Where the key and the site's address come from: the environment, then a file.

A key is never read from the command line, where other people on the machine could see it and
shells would keep it.
"""

import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lacquer.errors import LacquerError

DEFAULT_URL = "http://localhost:8000"  # as ./run serves it
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ConfigError(LacquerError):
    """There is no key, or the file with it cannot be read."""


@dataclass(frozen=True, slots=True)
class Config:
    """Which site, and the key that opens it."""

    url: str
    api_key: str = field(repr=False)
    warning: str = ""


def config_path() -> Path:
    """Return where the file is, or would be."""
    if named := os.environ.get("LACQUER_CONFIG"):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "lacquer" / "config.toml"


def load_config(path: Path | None = None) -> Config:
    """Return LACQUER_API_KEY and LACQUER_URL, or what a file says in their place.

    Raises
    ------
    ConfigError
    """
    path = path or config_path()
    said, warning = _read(path), ""
    key = os.environ.get("LACQUER_API_KEY", "").strip()
    if not key:
        key = said.get("api_key", "").strip()
        if key and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            warning = f"{path} holds a key and others may read it: chmod 600 {path}"
    if not key:
        raise ConfigError(f"No key: set LACQUER_API_KEY, or write one by `lacquer login` ({path}).")
    return Config(checked_url(configured_url(path)), key, warning)


def configured_url(path: Path | None = None) -> str:
    """Return LACQUER_URL, or the address in the file, or that of a site on this machine."""
    said = os.environ.get("LACQUER_URL", "").strip()
    return said or _read(path or config_path()).get("url", "") or DEFAULT_URL


def save_config(*, url: str, api_key: str, path: Path | None = None) -> Path:
    """Write the file so that nobody else may read it, and return where it is."""
    path = path or config_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = f'url = "{_quoted(checked_url(url))}"\napi_key = "{_quoted(api_key)}"\n'
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
    return path


def checked_url(url: str) -> str:
    """Return the address of a site, unless the key would travel to it in the open.

    Raises
    ------
    ConfigError
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"Not the address of a site: {url}")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(f"A key is sent by HTTPS only, and {url} is plain HTTP.")
    return url.rstrip("/")


def _read(path: Path) -> dict[str, str]:
    try:
        said = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return {name: value for name, value in said.items() if isinstance(value, str)}


def _quoted(text: str) -> str:
    if not text.isprintable() or '"' in text or "\\" in text:
        raise ConfigError("A key and an address hold no quotes or backslashes.")
    return text
