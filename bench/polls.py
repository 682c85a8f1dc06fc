"""How often a program may ask how far a master is: requests a second, and how long one takes.

python -m bench.polls [--seconds 10] [--connections 20]

The site runs as ``./run`` starts it (gunicorn, SQLite, files), on a database of its own; the same
status is read over and over with a key, at first whole and then with the ETag that answers 304.
The limit of requests a minute is lifted. Who asks runs on the same machine, and takes its share.
"""

from __future__ import annotations

import argparse
import json
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from bench.load.site import Site

BAR: Final = {"requests_per_second": 250.0, "p99_ms": 200.0}

PREPARE: Final = """
import json
import django
django.setup()
from django.core.files.base import ContentFile
from accounts.models import SCOPES, User
from accounts.services import create_key
from dsp.settings import MasterSettings
from mastering.services import submit_master
from references.fixtures import short_song
from references.models import AudioFile
from references.services import receive_upload
user = User.objects.create_user("poll@example.com", "nobody logs in here")
mix, reference = (
    receive_upload(user=user, kind=kind, file=ContentFile(short_song(is_reference=louder), "a.wav"))
    for kind, louder in ((AudioFile.Kind.MIX, False), (AudioFile.Kind.REFERENCE, True))
)
master = submit_master(user=user, mix=mix, reference=reference, settings=MasterSettings())
print(json.dumps([master.pk, create_key(user=user, name="polls", scopes=SCOPES).secret]))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), groups=0, scaled={"API_READS_PER_MINUTE": "1000000000"})
        site.command("manage.py", "migrate", "--verbosity=0")
        master, key = json.loads(site.command("-W", "ignore", "-c", PREPARE))
        site.start(workers=False)
        try:
            head = f"GET /api/v1/masters/{master} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            head += f"Authorization: Bearer {key}\r\n"
            etag = _ask(site.port, head)[1]
            told = {
                "whole": _hammer(site.port, head, asked),
                "unchanged": _hammer(site.port, f"{head}If-None-Match: {etag}\r\n", asked),
            }
        finally:
            site.stop()
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    told["site_cpu_seconds"] = round(cpu.ru_utime + cpu.ru_stime, 1)
    told["bar"] = BAR
    print(json.dumps(told, indent=2))
    return 0


def _hammer(port: int, head: str, asked: argparse.Namespace) -> dict[str, Any]:
    times: list[float] = []
    statuses: set[int] = set()
    end = time.monotonic() + asked.seconds

    def ask() -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            while time.monotonic() < end:
                begun = time.monotonic()
                statuses.add(_ask(port, head, line)[0])
                times.append(time.monotonic() - begun)

    begun = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(asked.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    in_order = statistics.quantiles(times, n=100)
    return {
        "requests": len(times),
        "requests_per_second": round(len(times) / took, 1),
        "p50_ms": round(1000 * in_order[49], 1),
        "p99_ms": round(1000 * in_order[98], 1),
        "statuses": sorted(statuses),
    }


def _ask(port: int, head: str, line: socket.socket | None = None) -> tuple[int, str]:
    """Send one request, by a line of its own or one that stays open; return status and ETag."""
    if line is None:
        with socket.create_connection(("127.0.0.1", port)) as opened:
            return _ask(port, head, opened)
    line.sendall(f"{head}\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65_536)
    top, _, body = answer.partition(b"\r\n\r\n")
    lines = dict(each.split(": ", 1) for each in top.decode().split("\r\n")[1:])
    left = int(lines.get("Content-Length", "0")) - len(body)
    while left > 0:
        left -= len(line.recv(left))
    return int(top.split()[1]), lines.get("ETag", "")


if __name__ == "__main__":
    sys.exit(main())
