"""Settings: all named in the example, loud when wrong, safe when silent."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import servers

ROOT = Path(__file__).parent.parent.parent
KEY = "a" * 60


def read_settings(expression: str, tmp_path: Path, **environment: str) -> str:
    """Print an expression of the settings, read in a process with this environment alone."""
    run = subprocess.run(
        [sys.executable, "-c", f"from config import settings; print(settings.{expression})"],
        cwd=ROOT,
        env={"PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.strip() or run.stderr.strip().splitlines()[-1]


def names_read() -> set[str]:
    settings = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"(\w+)"', settings))


def names_shown() -> set[str]:
    return set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_example_names_every_setting():
    assert len(names_read()) > 10
    assert not names_read() - names_shown()


def test_the_example_names_nothing_else_but_what_run_reads():
    run = (ROOT / "run").read_text()
    assert [name for name in names_shown() - names_read() if f"{name}=" not in run] == []


def test_no_other_module_reads_the_environment():
    packages = ("config", "accounts", "billing", "references", "mastering")
    readers = [
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"os\.(environ(?!\.setdefault)|getenv)", path.read_text())
    ]
    assert readers in ([], ["config/wsgi.py"])


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_good_secret_key_nothing_starts(tmp_path, key):
    assert "SECRET_KEY" in read_settings("DEBUG", tmp_path, SECRET_KEY=key)


def test_a_command_without_one_says_a_sentence_and_no_more(tmp_path):
    run = subprocess.run(
        [sys.executable, "manage.py", "check_invariants"],
        cwd=ROOT,
        env={"PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == (
        f"Set SECRET_KEY to at least 50 random characters, or keep it in {tmp_path}/secret_key.\n"
    )


def test_the_secret_key_may_lie_beside_the_data(tmp_path):
    (tmp_path / "secret_key").write_text(KEY + "\n")
    assert read_settings("SECRET_KEY", tmp_path) == KEY


def test_data_is_known_by_its_real_name_however_it_was_named(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    named = {"SECRET_KEY": KEY, "DATA_DIR": str(tmp_path / "link" / "data")}
    assert read_settings("DATA_DIR", tmp_path, **named) == str(tmp_path / "real" / "data")
    relative = {"SECRET_KEY": KEY, "DATA_DIR": "var"}
    assert read_settings("DATA_DIR", tmp_path, **relative) == str(ROOT / "var")


def test_debug_and_the_mail_page_are_off_unless_asked_for(tmp_path):
    answer = read_settings("DEBUG, settings.DEVELOPMENT_MAIL", tmp_path, SECRET_KEY=KEY)
    assert answer == "False False"


def test_the_mail_page_is_refused_on_a_site_that_others_reach(tmp_path):
    site = {"SECRET_KEY": KEY, "SITE_URL": "https://lacquer.example"}
    answer = read_settings("DEVELOPMENT_MAIL", tmp_path, DEVELOPMENT_MAIL="true", **site)
    assert "DEVELOPMENT_MAIL is for a SITE_URL on localhost only" in answer


def test_https_brings_its_cookies_redirects_and_hsts(tmp_path):
    names = "SESSION_COOKIE_NAME, settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0"
    site = {"SECRET_KEY": KEY, "SITE_URL": "https://lacquer.example"}
    assert read_settings(names, tmp_path, **site) == "__Host-sessionid True True"


def test_a_redis_carries_the_queue_and_the_counts(tmp_path):
    names = (
        "Q_CLUSTER.get('orm'), settings.Q_CLUSTER['redis'], settings.CACHES['default']['LOCATION']"
    )
    answer = read_settings(names, tmp_path, SECRET_KEY=KEY, REDIS_URL="redis://host/0")
    assert answer == "None redis://host/0 redis://host/0"


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "env").write_text("LOG_LEVEL=ERROR\nMAX_AUDIO_SECONDS=7\n")
    names = "LOGGING['root']['level'], settings.MAX_AUDIO_SECONDS"
    file = {"SECRET_KEY": KEY, "ENV_FILE": str(tmp_path / "env")}
    assert read_settings(names, tmp_path, MAX_AUDIO_SECONDS="9", **file) == "ERROR 9"


BUCKET = {"S3_BUCKET": "songs", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret"}


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"S3_REGION": "eu-central-1"},
        {"S3_ADDRESSING_STYLE": "path"},
        {"S3_ENDPOINT_URL": "https://objects.example:9000"},
        {"S3_ENDPOINT_URL": "http://127.0.0.1:9000", "S3_ADDRESSING_STYLE": "path"},
    ],
)
def test_the_environment_alone_moves_files_to_s3_and_browsers_may_follow(tmp_path, service):
    program = (
        "import django; django.setup(); from django.conf import settings; "
        "from django.core.files.storage import default_storage; "
        "rules = settings.CONTENT_SECURITY_POLICY['DIRECTIVES']; "
        "print(default_storage.url('a/b'), *rules['media-src'], '|', *rules['connect-src'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            "PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path),
            "SECRET_KEY": KEY, "DJANGO_SETTINGS_MODULE": "config.settings", **BUCKET, **service,
        },
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    url, *told = run.stdout.split()
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    media, connect = " ".join(told).split("|")
    assert origin in media.split()
    assert origin in connect.split()
    assert "X-Amz-Expires=900" in url


def test_without_a_bucket_browsers_fetch_from_here_alone(tmp_path):
    told = read_settings("CONTENT_SECURITY_POLICY['DIRECTIVES']", tmp_path, SECRET_KEY=KEY)
    assert "http" not in told


POSTGRES = "postgres://lacquer:secret@database:5432/lacquer"


def test_a_line_to_postgresql_that_was_cut_is_given_up_at_both_ends(tmp_path):
    options = read_settings(
        "DATABASES['default']['OPTIONS']", tmp_path, SECRET_KEY=KEY, DATABASE_URL=POSTGRES
    )
    told = ast.literal_eval(options)
    assert told["keepalives_idle"] + told["keepalives_interval"] * told["keepalives_count"] <= 30
    assert told["tcp_user_timeout"] <= 30_000
    for name in ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout"):
        assert f"-c tcp_{name}=" in told["options"]


def test_what_the_address_of_the_database_says_of_a_connection_wins(tmp_path):
    address = f"{POSTGRES}?keepalives_idle=40&sslmode=require"
    options = read_settings(
        "DATABASES['default']['OPTIONS']", tmp_path, SECRET_KEY=KEY, DATABASE_URL=address
    )
    told = ast.literal_eval(options)
    assert (told["keepalives_idle"], told["sslmode"]) == (40, "require")


@pytest.mark.skipif(
    bool(servers.why_not(servers.DATABASE_URL, servers.REDIS_URL)),
    reason="PostgreSQL and Redis do not answer here",
)
def test_postgresql_heeds_it(tmp_path):
    asked = (
        "import django; django.setup(); from django.db import connection; "
        "cursor = connection.cursor(); cursor.execute('SHOW tcp_keepalives_idle'); "
        "print(*cursor.fetchone())"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asked],
        cwd=ROOT,
        env={
            "PATH": os.defpath, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path),
            "SECRET_KEY": KEY, "DATABASE_URL": servers.DATABASE_URL,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "10"


def test_the_site_keeps_its_connections_wherever_gunicorn_runs_it():
    """Each thread of its own: opening one takes longer than most requests."""
    before = os.environ.pop("DATABASE_KEEP_SECONDS", None)
    try:
        runpy.run_path(str(ROOT / "deploy" / "gunicorn_conf.py"))
        assert os.environ["DATABASE_KEEP_SECONDS"] == "60"
    finally:
        os.environ.pop("DATABASE_KEEP_SECONDS", None)
        if before is not None:
            os.environ["DATABASE_KEEP_SECONDS"] = before
