"""The real settings, read from a test environment."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="lacquer-tests-")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = os.environ["DATA_DIR"] + "/metrics"
os.environ["ENV_FILE"] = os.devnull
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parent.parent / "var" / "kernels"))
os.environ["SECRET_KEY"] = "tests-only-" + "x" * 50
os.environ["EMAIL_URL"] = "memorymail://"

from config.settings import *  # noqa: F403
from config.settings import CACHES as _CACHES
from config.settings import DATA_DIR as _DATA_DIR
from config.settings import DATABASES as _DATABASES
from config.settings import Q_CLUSTER as _Q_CLUSTER
from config.settings import STATIC_ROOT as _STATIC_ROOT
from config.settings import STORAGES as _STORAGES

atexit.register(shutil.rmtree, _DATA_DIR, ignore_errors=True)

STORAGES = _STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
Path(_STATIC_ROOT).mkdir(parents=True, exist_ok=True)
if _DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: one in memory is one connection, which a served page would share with its test.
    _OPTIONS = _DATABASES["default"]["OPTIONS"]
    _FAST = _OPTIONS["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    DATABASES = {
        "default": _DATABASES["default"]
        | {
            "OPTIONS": _OPTIONS | {"init_command": _FAST},
            "TEST": {"NAME": str(Path(_DATA_DIR) / "tests.sqlite3")},
        }
    }
CACHES = _CACHES | {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Tests that run side by side must not ring for each other.
Q_CLUSTER = _Q_CLUSTER | {"name": f"tests-{os.getpid()}"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EVEN_PACE_SECONDS = 0.0
PLAN_LIMITS = False  # most tests are about anything but the smallest plan
