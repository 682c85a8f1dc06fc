"""Run the site and its workers until a signal comes or one of them ends, then end both."""

import contextlib
import signal
import subprocess
import sys
import time
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
END_SECONDS = 8.0


class Stop(Exception):
    """Someone wants an end."""


def main(address: str) -> int:
    gunicorn = ["gunicorn", "-c", "deploy/gunicorn_conf.py", f"--bind={address}", "config.wsgi"]
    at_once = ["--graceful-timeout=5"]  # someone waits at the keyboard
    commands = {"site": ["-m", *gunicorn, *at_once], "workers": ["manage.py", "run_workers"]}
    parts: dict[str, subprocess.Popen[bytes]] = {}
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        for name, command in commands.items():
            parts[name] = subprocess.Popen([sys.executable, *command])
        while all(part.poll() is None for part in parts.values()):
            time.sleep(0.2)
        print("The site or its workers ended; the reason stands above.", file=sys.stderr)
        return 1
    except Stop:
        return 0
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _end(parts)


def _stop(*_: object) -> NoReturn:
    raise Stop


def _end(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    last_signal = {"site": signal.SIGTERM, "workers": signal.SIGINT}  # workers hand back at once
    for name, part in parts.items():
        part.send_signal(last_signal[name])
    deadline = time.monotonic() + END_SECONDS
    for part in parts.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            part.wait(max(deadline - time.monotonic(), 0.1))
        part.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
