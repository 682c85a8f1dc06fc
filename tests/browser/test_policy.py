"""The browser's rules: on every answer there is, and broken by no page.

Pages in all their states are looked at in test_pages, where a refusal by the policy fails too.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from accounts.models import User
from tests.browser.conftest import Visit
from tests.conftest import browser_of

# What a page is told to note of each refusal, before any of its own scripts run.
LISTEN = """
window.refused = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
MADE_UP = {
    "int": "7",
    "slug": "nothing",
    "str": "nothing",
    "uuid": "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
    "path": "nothing",
}


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, bool]]:
    """Yield each address there is, with something made up where it takes one; and if it does."""
    patterns: list[Any] = (resolver or get_resolver()).url_patterns
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern) and not any(sign in route for sign in "^$\\"):
            parts = route.split("<")
            filled = parts[0]
            for part in parts[1:]:
                argument, _, rest = part.partition(">")
                kind = argument.partition(":")[0] if ":" in argument else "str"
                filled += MADE_UP.get(kind, "nothing") + rest
            yield filled, len(parts) > 1


ROUTES = sorted(set(routes()))
PLAIN = [path for path, is_filled in ROUTES if not is_filled]


def test_every_answer_has_its_headers(as_alice: Client) -> None:
    for path, client in itertools.product([path for path, _ in ROUTES], (as_alice, Client())):
        answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code < 500, path
        policy = answer.headers["Content-Security-Policy"]
        for rule in (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ):
            assert rule in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert len(answer.headers["X-Request-ID"]) == 32
        may_be_read = path == "/developers/openapi.json"  # by pages elsewhere that show it
        assert ("Access-Control-Allow-Origin" in answer.headers) == may_be_read
        assert "Server" not in answer.headers
        if answer.headers.get("Content-Type", "").startswith("text/"):
            assert "charset=utf-8" in answer.headers["Content-Type"].lower()


def test_there_are_routes_to_look_at() -> None:
    assert len(ROUTES) > 60
    assert {"/new/", "/masters/", "/account/", "/pricing/", "/account/login/"} <= set(PLAIN)


def _refused(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    refused: list[str] = page.evaluate("window.refused")
    return refused


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "stranger"])
def test_every_page_keeps_the_content_policy(
    visit: Visit, alice: User, complaints: list[str], signed_in: bool
) -> None:
    client = browser_of(alice) if signed_in else Client()
    pages = [path for path in PLAIN if _is_page(client, path)]
    assert len(pages) > (20 if signed_in else 8)
    page = visit("/guides/", user=alice if signed_in else None)
    page.add_init_script(LISTEN)
    found = {}
    for path in pages:
        page.goto(path)
        found[path] = _refused(page)
    assert {path: refused for path, refused in found.items() if refused} == {}
    complaints[:] = [one for one in complaints if "Content Security Policy" in one]


def _is_page(client: Client, path: str) -> bool:
    answer = client.get(path)
    kind = answer.headers.get("Content-Type", "")
    return answer.status_code == 200 and kind.startswith("text/html")


def test_a_refusal_would_be_noted(visit: Visit, complaints: list[str]) -> None:
    page = visit("/guides/")
    page.add_init_script(LISTEN)
    page.goto("/account/login/")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_function("window.refused.length > 0")
    assert _refused(page)[0].startswith("style-src")
    complaints.clear()


def test_every_page_of_someone_leads_to_log_out(as_alice: Client) -> None:
    for path in ("/new/", "/masters/", "/references/", "/account/", "/billing/"):
        assert 'href="/account/"' in as_alice.get(path).content.decode()
    assert 'action="/account/logout/"' in as_alice.get("/account/").content.decode()
