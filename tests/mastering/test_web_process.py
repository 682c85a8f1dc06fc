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

def ask(path, **headers):
    seen = []
    environ = {{
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.input": sys.stdin.buffer,
        "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, **headers,
    }}
    answer = application(environ, lambda status, headers, *_: seen.append(status))
    b"".join(answer)
    answer.close()
    return seen[0]

from django.core.management import call_command
call_command("migrate", verbosity=0)
pages = ("/", "/new/", "/masters/", "/references/", "/guides/")
told = {{path: ask(path) for path in pages}}

from accounts.models import SCOPES, User
from accounts.services import create_key
key = create_key(user=User.objects.create_user("api@example.com"), name="api", scopes=SCOPES)
door = {{"HTTP_AUTHORIZATION": "Bearer " + key.secret}}
paths = (
    "capabilities", "me", "masters", "masters/mst_x", "versions/ver_x", "exports", "presets",
    "references", "references/starters", "references/rank", "blends/ref_x", "albums",
    "albums/alb_x", "audio", "events", "webhooks", "shares", "credits", "usage",
)
told |= {{path: ask("/api/v1/" + path, **door) for path in paths}}
told["/developers/openapi.json"] = ask("/developers/openapi.json")
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
    apis = {path: status for path, status in told.items() if not path.startswith("/")}
    assert {path for path, status in apis.items() if status == "404 Not Found"} == {
        path for path in apis if path.endswith("_x")
    }
    assert apis.pop("references/rank").startswith("422")  # of which mix, was not said
    assert {status for status in apis.values() if status[:3] != "404"} == {"200 OK"}
    assert told["/developers/openapi.json"] == "200 OK"
    assert loaded == []
