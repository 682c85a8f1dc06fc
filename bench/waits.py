"""How long a person waits on the site, in a real Chromium with real music: ``bench/WAITS.md``.

python -m bench.waits --cache DIR [--music DIR] [--minutes 4] [--changes 7] [--output FILE]

The site is served as ``./run`` serves it, from an empty folder of data. Somebody signs up, sends
two tracks, has a master made, opens its page and changes settings while it plays.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.speed.__main__ import pair, write_tiled

ROOT: Final = Path(__file__).parent.parent
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS: Final = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
RATE_HZ: Final = 44_100
PAINTS: Final = 5
LONG_MS: Final = 120_000
BARS_SECONDS: Final = {  # of a song of four minutes
    "the page of a result is painted, nothing cached": 1.0,
    "a change is heard in the part that plays": 2.0,
    "the whole song follows": 5.0,
}
PLAYER: Final = "document.querySelector('ab-player')"
PAINTED: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# Note when the line beside the settings says a word for the first time since the change.
WATCH: Final = """() => {
  const panel = document.querySelector("live-settings");
  window.told = {};
  new MutationObserver(() => (window.told[panel.dataset.state] ??= performance.now()))
    .observe(panel, { attributes: true, attributeFilter: ["data-state"] });
}"""
CHANGE: Final = """value => {
  const field = document.querySelector("#id_amount");
  window.told = {};
  window.changed = performance.now();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}"""

Waits = dict[str, list[float]]


def main() -> None:
    """Measure every wait, write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for fetched music")
    parser.add_argument("--music", type=Path, help="folder of finished tracks, named by id")
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--changes", type=int, default=7)
    parser.add_argument("--output", type=Path, default=Path("bench/WAITS.md"))
    options = parser.parse_args()
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as folder:
        tracks = [Path(folder) / name for name in ("mix.wav", "reference.wav")]
        for path, track in zip(tracks, pair(options), strict=True):
            write_tiled(track, path, round(options.minutes * 60), RATE_HZ)
        with served(Path(folder) / "data") as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            waits = life(browser, address, tracks, options.changes)
            browser.close()
    options.output.write_text(page(waits, options.minutes))
    print(options.output.read_text())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the site from an empty folder; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DATA_DIR": str(folder), "PORT": str(port), "ENV_FILE": os.devnull}
    environment["NUMBA_CACHE_DIR"] = str(ROOT / "var" / "kernels")
    site = subprocess.Popen([ROOT / "run"], env=environment, stdout=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(address, timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.5)
        yield address
    finally:
        site.send_signal(signal.SIGINT)
        site.wait(30)


def life(browser: Browser, address: str, tracks: list[Path], changes: int) -> Waits:
    """Return all waits of one person's first evening, in seconds."""
    waits: Waits = {}
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_up(page)
    page.goto("/new/")
    began = time.monotonic()
    for kind, track in zip(("mix", "reference"), tracks, strict=True):
        page.locator(f"#card-{kind} input[type=file]").set_input_files(track)
    for kind in ("mix", "reference"):
        card = page.locator(f"#card-{kind}")
        expect(card).to_have_attribute("data-state", "ready", timeout=LONG_MS)
    waits["both tracks are sent and measured"] = [time.monotonic() - began]
    page.get_by_role("button", name="Master", exact=True).click()
    began = time.monotonic()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=LONG_MS)
    waits["from Master to a result that plays"] = [time.monotonic() - began]
    address = page.url
    cookies = context.cookies()
    for cached in (False, True):
        name = f"the page of a result is painted, {'cached' if cached else 'nothing cached'}"
        waits[name] = [paint(browser, address, cookies, twice=cached) for _ in range(PAINTS)]
    waits |= changed(page, changes)
    context.close()
    return waits


def sign_up(page: Page) -> None:
    """Make an account and confirm its address by the mail that was sent."""
    page.goto("/account/signup/")
    page.get_by_label("Email").fill("ears@example.com")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Create account").click()
    for _ in range(60):
        page.goto("/development/mail/")
        links = re.findall(r"/account/confirm-email/[^\s\"<]+", page.content())
        if links:
            break
        time.sleep(0.5)
    page.goto(links[0])
    page.get_by_role("button", name="Yes, confirm").click()


def paint(browser: Browser, address: str, cookies: object, *, twice: bool) -> float:
    """Return the seconds to the first paint of something, of a first or a second visit."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    for _ in range(1 + twice):
        page.goto(address)
        until(page, f"{PAINTED} !== undefined")
    seconds = float(page.evaluate(PAINTED)) / 1000
    context.close()
    return seconds


def changed(page: Page, changes: int) -> Waits:
    """Change the overall amount again and again while the song plays."""
    began = time.monotonic()
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"{PLAYER}.position > 0.02")
    heard = time.monotonic() - began
    page.evaluate(WATCH)
    part: list[float] = []
    whole: list[float] = []
    made: list[float] = []
    for turn in range(changes):
        page.evaluate(CHANGE, str(40 + 7 * turn))
        until(page, "window.told.whole || window.told.failed")
        told = page.evaluate("({ ...window.told, changed: window.changed })")
        made.append((told["whole"] - told["changed"]) / 1000)
        whole.append((told.get("early", told["whole"]) - told["changed"]) / 1000)
        if "part" in told:
            part.append((told["part"] - told["changed"]) / 1000)
    return {
        "from Play to the first sound": [heard],
        "a change is heard in the part that plays": part,
        "the whole song follows": whole,
        "and its figures": made,
    }


def until(page: Page, expression: str) -> None:
    """Wait for an expression to hold; the page's own policy forbids that it waits by itself."""
    for _ in range(LONG_MS // 50):
        if page.evaluate(f"Boolean({expression})"):
            return
        time.sleep(0.05)
    raise TimeoutError(expression)


def page(waits: Waits, minutes: float) -> str:
    """Return the page: how it was measured, each wait with its bar."""
    lines = []
    for name, seconds in waits.items():
        bar = BARS_SECONDS.get(name)
        middle = statistics.median(seconds) if seconds else float("nan")
        met = "" if bar is None else f"{bar:g} s, {'met' if middle <= bar else 'not met'}"
        lines.append(
            f"| {name} | {middle:.2f} s | {max(seconds, default=float('nan')):.2f} s"
            f" | {len(seconds)} | {met} |"
        )
    return f"""# Waits

`make bench-waits` serves the site as `./run` does and is its only visitor, in a real Chromium on
the same machine, with a mix and a reference of {minutes:g} minutes each, 16-bit WAV.

{platform.machine()}, {os.cpu_count()} cores; load when it ended {os.getloadavg()[0]:.1f}.

| wait | median | worst | times | bar |
|---|---|---|---|---|
{chr(10).join(lines)}

A change counts from the moment the field changes, the pause included in which a further change
is waited for. The part is what plays; the whole song is what replaces it, decoded in the page:
on a line that is fast enough the file without loss, while the song is still measured and encoded.
"""


if __name__ == "__main__":
    main()
