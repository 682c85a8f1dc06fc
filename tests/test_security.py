"""What the security standard asks of the whole site, where no part's own tests tell it."""

import ast
import csv
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.config.test_settings import KEY, read_settings
from tests.conftest import PASSWORD, browser_of

ROOT = Path(__file__).parent.parent
PACKAGES = ("config", "accounts", "billing", "references", "mastering", "dsp")
PAGES = ("/new/", "/masters/", "/references/", "/account/", "/account/sessions/", "/billing/")


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    ]


def scripts() -> list[Path]:
    return list((ROOT / "config" / "static" / "js").glob("*.js"))


def found(pattern: str, paths: list[Path]) -> list[str]:
    return sorted(
        str(path.relative_to(ROOT)) for path in paths if re.search(pattern, path.read_text())
    )


def test_no_query_is_put_together_from_text():
    raw = r"\.raw\(|\.extra\(|RawSQL\(|cursor\.execute\(\s*f|execute\([^)]*%\s"
    assert found(raw, sources()) == []


def test_no_program_is_run_by_a_shell():
    assert found(r"shell=True|os\.system\(|os\.popen\(", sources()) == []


def test_nothing_is_run_that_was_text():
    assert found(r"(?<![\w.])(eval|exec)\(", sources()) == []
    assert found(r"(?<![\w.])eval\(|new Function\(|setTimeout\(\s*[\"']", scripts()) == []


def test_scripts_put_no_markup_together():
    assert found(r"\.outerHTML\s*=|document\.write\(|insertAdjacentHTML\(", scripts()) == []


def test_nothing_reads_xml_from_outside():
    reads = r"xml\.(etree|dom|parsers|sax(?!\.saxutils))|lxml|defusedxml"
    assert found(reads, sources()) == []


def test_nothing_is_unpickled_but_what_this_site_signed_or_sent():
    assert found(r"pickle\.loads?\(|marshal\.loads?\(|yaml\.load\(", sources()) == [
        "dsp/box/server.py"  # from the process that started it, over its own socket
    ]


def test_pages_bring_nothing_from_other_hosts():
    templates = list((ROOT / "templates").rglob("*.html"))
    pages = [path for path in templates if "emails" not in path.parts and "email" not in path.parts]
    assert found(r"<(script|link|img|audio|iframe)[^>]+(src|href)=\"https?://", pages) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_passwords_are_masked_may_be_pasted_and_remembered(name):
    page = Client().get(reverse(name)).content.decode()
    fields = re.findall(r"<input[^>]*name=\"password1?\"[^>]*>", page)
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field
        assert "maxlength" not in field


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password", ["  spaces count at both ends  ", "Zürich–東京–Ćwikła 19 kilometres", "long " * 25]
)
def test_a_password_is_taken_exactly_as_it_was_typed(password):
    user = User.objects.create_user("exact@example.com", password)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)

    def logs_in(typed: str) -> bool:
        form = {"login": user.email, "password": typed}
        return Client().post(reverse("account_login"), form).status_code == 302

    assert logs_in(password)
    assert not logs_in(password.strip() + "x")
    assert not logs_in(password.swapcase())
    assert not logs_in(password[:20])


@pytest.mark.django_db
def test_an_account_that_is_closed_has_no_sessions_any_more(alice):
    browser = browser_of(alice)
    assert browser.get("/account/").status_code == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert browser.get("/account/").status_code == 302


def test_no_account_is_there_from_the_start(db):
    assert not User.objects.exists()


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_someone_are_kept_by_no_browser_and_no_proxy(as_alice, path):
    assert as_alice.get(path).headers["Cache-Control"] == "private, no-store"


def test_a_strangers_page_may_be_kept(client, db):
    assert "no-store" not in client.get("/guides/").headers.get("Cache-Control", "")


def test_logging_out_clears_what_the_browser_kept(as_alice):
    answer = as_alice.post("/account/logout/")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in as_alice.get("/guides/").headers


def test_every_cookie_is_bound_to_this_host_on_https(tmp_path):
    names = (
        "SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, "
        "settings.DEVICE_COOKIE_NAME"
    )
    site = {"SECRET_KEY": KEY, "SITE_URL": "https://lacquer.example"}
    told = read_settings(names, tmp_path, **site).split()
    assert len(told) == 4
    assert all(name.startswith("__Host-") for name in told)
    secure = "SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.LANGUAGE_COOKIE_SECURE"
    assert read_settings(secure, tmp_path, **site) == "True True True"


@pytest.mark.django_db
def test_cookies_are_for_this_site_and_not_for_scripts(alice):
    client = Client()
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert {"sessionid", "csrftoken", "known_device"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key
        assert len(cookie.OutputString()) < 4096


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
def test_methods_that_echo_are_not_answered(method):
    assert Client().generic(method, "/account/login/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/static/", "/static/js/", "/media/", "/static/../.env"]
)
def test_neither_folders_nor_hidden_files_are_shown(path):
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
def test_an_error_of_ours_tells_nothing_of_the_inside(monkeypatch):
    def breaks(*_, **__):
        raise RuntimeError("SELECT secret FROM inside")

    monkeypatch.setattr("mastering.views.render", breaks)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    for word in ("SELECT", "Traceback", "RuntimeError", str(ROOT)):
        assert word not in answer.content.decode()


@pytest.mark.django_db
def test_a_field_given_twice_or_in_the_address_is_no_other_field(as_alice, alice):
    as_alice.post("/account/?name=Mallory", {"name": ["first", "second"]})
    alice.refresh_from_db()
    assert alice.name == "second"


def test_the_words_of_this_site_are_in_no_password(db):
    page = Client().post(
        reverse("account_signup"), {"email": "new@example.com", "password1": "lacquermastering"}
    )
    assert page.status_code == 200
    assert not User.objects.exists()


# The claim, row by row.

CLAIM = ROOT / "docs" / "asvs.csv"
LEVEL_1, LEVEL_2 = 70, 183
STATES = {"met", "exception", "not applicable"}


def claimed() -> list[dict[str, str]]:
    with CLAIM.open(newline="") as rows:
        return list(csv.DictReader(rows))


def test_the_claim_has_every_requirement_of_both_levels_once():
    rows = claimed()
    assert len({row["id"] for row in rows}) == len(rows)
    assert [sum(row["level"] == level for row in rows) for level in "12"] == [LEVEL_1, LEVEL_2]
    for row in rows:
        assert re.fullmatch(r"\d+\.\d+\.\d+", row["id"])
        assert row["status"] in STATES
        assert row["subject"]
        assert row["how"], row["id"]


def test_level_1_is_met_whole():
    assert [
        row["id"] for row in claimed() if row["level"] == "1" and row["status"] == "exception"
    ] == []


@pytest.mark.parametrize("row", claimed(), ids=lambda row: row["id"])
def test_what_is_met_names_a_test_that_exists(row):
    if row["status"] == "met":
        assert row["test"], "a claim without a test"
    for each in filter(None, row["test"].split()):
        path, _, name = each.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in defined
        assert name.startswith("test_")


def test_exceptions_are_told_where_people_read_them():
    told = (ROOT / "docs" / "threats.md").read_text()
    missing = [
        row["id"] for row in claimed() if row["status"] == "exception" and row["id"] not in told
    ]
    assert missing == []


@pytest.mark.parametrize("words", ["security@", "7 days", "30 days", "private"])
def test_the_policy_says_where_to_report_and_how_soon_what_is_mended(words):
    assert words in (ROOT / "SECURITY.md").read_text()


@pytest.mark.parametrize(
    "heading",
    ["Who may do what", "What is checked of input", "Limits", "Guessing passwords", "Sessions",
     "What is kept, and how it is guarded", "Keys", "What is logged", "Who is spoken to"],
)  # fmt: skip
def test_what_the_standard_wants_written_is_written(heading):
    assert f"## {heading}\n" in (ROOT / "docs" / "threats.md").read_text()


def test_debugging_is_off():
    assert settings.DEBUG is False
