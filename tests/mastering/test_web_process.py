"""What answers pages stays small: it never loads the engine's libraries."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("numpy", "scipy", "numba", "librosa", "soundfile", "soxr", "av")

ANSWER_REQUESTS = f"""
import json, sys
from config.wsgi import application

def get(path):
    seen = []
    environ = {{
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.input": sys.stdin.buffer,
        "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }}
    answer = application(environ, lambda status, headers, *_: seen.append(status))
    b"".join(answer)
    answer.close()
    return seen[0]

told = {{path: get(path) for path in ("/", "/new/", "/masters/", "/references/", "/guides/")}}
loaded = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps([told, loaded]))
"""


def test_the_web_process_never_loads_the_engine(tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ANSWER_REQUESTS],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told, loaded = json.loads(ran.stdout)
    assert told["/"] == told["/guides/"] == "200 OK"
    assert {told[path] for path in ("/new/", "/masters/", "/references/")} == {"302 Found"}
    assert loaded == []
