"""A player in the browser, as tests drive it and hear it."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

PLAYER = "document.querySelector('ab-player')"


def play(page: Page) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("ab-player")).to_have_attribute("data-playing", "")
    until(lambda: position(page) > 0.1)


def position(page: Page) -> float:
    seconds: float = page.evaluate(f"{PLAYER}.position")
    return seconds


def gains(page: Page) -> dict[str, float]:
    """Return the gain of each track at this moment; of none before there is sound."""
    found: dict[str, float] = page.evaluate(
        f"Object.fromEntries([...({PLAYER}.desk?.transport.tracks ?? [])]"
        ".map(([key, {gain}]) => [key, gain.gain.value]))"
    )
    return found


def audible(page: Page) -> list[str]:
    return [key for key, gain in gains(page).items() if abs(gain) > 1e-4]


def until(condition: Callable[[], bool]) -> None:
    """Wait by asking again; the page's policy forbids Playwright's own way."""
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
