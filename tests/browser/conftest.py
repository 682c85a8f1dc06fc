"""A real Chromium, and pages that fail the test when anything in them complains."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mastering.models import Version
from tests.browser import scene
from tests.browser.player import PLAYER
from tests.conftest import browser_of

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]

# Playwright's loop runs in this thread, while Django is used from it without one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            item.add_marker("enable_socket")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"No Chromium at {CHROMIUM}: pages were not looked at."
        if os.environ.get("LACQUER_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> scene.Made:
    return scene.make(tmp_path_factory.mktemp("made"))


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Visit]:
    """Open a path, as a member or as a stranger; what the page complains of fails the test."""
    contexts: list[BrowserContext] = []

    def open_path(
        path: str,
        *,
        user: User | None = None,
        width: int = 1440,
        theme: str = "dark",
        scripts: bool = True,
    ) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",  # colours are themselves at once
        )
        contexts.append(context)
        if user is not None:
            session = browser_of(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.goto(path)
        return page

    yield open_path
    for context in contexts:
        context.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Collect errors and warnings of pages, refusals by the content policy among them."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture
def version(alice: User, made: scene.Made) -> Version:
    """Return a version that can be listened to."""
    master = scene.master(alice, made, mix="Night drive.wav", reference="Slow Tide.wav")
    return scene.rendered(master, made)


@pytest.fixture
def page(visit: Visit, alice: User, version: Version) -> Iterator[Page]:
    """Open its page, and let no sound go on after the test."""
    page = visit(reverse("mastering:detail", args=[version.master_id]), user=alice)
    page.wait_for_load_state("networkidle")
    yield page
    page.evaluate(f"{PLAYER}.desk?.transport.stop()")


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):
        complaints.append(f"{message.location.get('url', '')}: {message.text}")
