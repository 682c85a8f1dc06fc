"""The real settings, read from a test environment."""

import os
import tempfile

os.environ["SECRET_KEY"] = "tests-only-" + "x" * 50
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="lacquer-tests-"))
os.environ["EMAIL_URL"] = "memorymail://"

from config.settings import *  # noqa: F403
from config.settings import STORAGES as _STORAGES

STORAGES = _STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
