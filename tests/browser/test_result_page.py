"""The result page as a whole: by keyboard alone, without scripts, how much it weighs."""

import gzip
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, Response, expect

from accounts.models import User
from mastering.models import Remark, Version
from tests.browser.conftest import Visit

MOST_SCRIPT_BYTES = 250_000
PASSWORD = "a long enough password"


@pytest.fixture
def address(version: Version) -> str:
    return reverse("mastering:detail", args=[version.master_id])


def test_from_sign_in_to_download_by_keyboard_alone(
    visit: Visit, alice: User, version: Version, tmp_path: Path
) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    page = visit("/account/login/")
    _type(page, page.get_by_label("Email"), alice.email)
    _type(page, page.get_by_label("Password", exact=True), PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/new/**")

    _press(page, page.get_by_role("link", name="Masters"))
    _press(page, page.get_by_role("link", name="Night drive"))
    player = page.locator("ab-player")
    _press(page, page.get_by_role("button", name="Play", exact=True), "Space")
    expect(player).to_have_attribute("data-playing", "")
    for key, name in (("1", "Original"), ("3", "Reference"), ("2", "Master")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name)).to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    _press(page, page.get_by_role("button", name="Pause"), "Space")
    expect(player).not_to_have_attribute("data-playing", "")

    amount = page.get_by_role("slider", name="Overall amount")
    _reach(page, amount)
    page.keyboard.press("ArrowLeft")
    expect(amount).to_have_value("69")

    menu = page.locator("summary", has_text="Download")
    _reach(page, menu, backwards=True)
    page.keyboard.press("Enter")
    wav = page.locator(".menu-body").get_by_role("link", name=re.compile("WAV, 24 bit")).first
    _reach(page, wav)
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    waiting.value.save_as(tmp_path / "master.wav")
    recorded = version.outputs["wav24.wav"]["size_bytes"]
    assert (tmp_path / "master.wav").stat().st_size == recorded


def test_without_scripts_a_version_is_named_rendered_anew_and_downloaded(
    visit: Visit, alice: User, version: Version, address: str
) -> None:
    page = visit(address, user=alice, scripts=False)
    page.locator("summary", has_text="Download").click()
    link = page.locator(".menu-body").get_by_role("link", name=re.compile("WAV, 24 bit")).first
    with page.expect_download() as waiting:
        link.click()
    assert waiting.value.suggested_filename == "Night drive (Lacquer master v1).wav"
    page.get_by_text("Name and note").click()
    page.get_by_role("textbox", name="Name").fill("The gentle one")
    page.get_by_role("button", name="Keep").click()
    assert Remark.objects.get(version=version).name == "The gentle one"
    page.get_by_role("spinbutton", name="Overall amount").fill("30")
    page.get_by_role("button", name="Render this version").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your master is being made")
    assert version.master.versions.get(number=2).settings["amount"] == 0.3


def test_all_scripts_together_are_small(visit: Visit, alice: User, address: str) -> None:
    page = visit(reverse("mastering:list"), user=alice)
    scripts: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if "javascript" in response.headers.get("content-type", ""):
            scripts[response.url] = len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert len(scripts) > 5
    assert sum(scripts.values()) < MOST_SCRIPT_BYTES


def test_what_several_parts_of_the_page_draw_is_asked_for_once(
    visit: Visit, alice: User, address: str
) -> None:
    page = visit(reverse("mastering:list"), user=alice)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.locator("gain-line").count() == 1
    assert page.locator("level-plot").count() > 1
    drawn = [url.rsplit("/", 1)[-1] for url in asked if url.endswith(".json")]
    assert drawn.count("plots.json") == 1
    assert len(drawn) == len({url for url in asked if url.endswith(".json")})


def test_no_script_holds_up_the_first_paint(visit: Visit, alice: User, address: str) -> None:
    page = visit(address, user=alice)
    blocking = page.evaluate(
        "[...document.querySelectorAll('script[src]:not([defer], [type=module])')]"
        ".map(({src}) => new URL(src).pathname)"
    )
    assert blocking == ["/static/js/theme.js"]  # before the paint, so that no page flashes


@pytest.mark.parametrize("width", [320, 390, 720])  # 720: a window of 1440 px at 200 %
def test_on_a_narrow_window_the_three_tracks_stay_in_reach(
    visit: Visit, alice: User, address: str, width: int
) -> None:
    page = visit(address, user=alice, width=width)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for radio in page.locator(".source:visible").all():
        box = radio.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    for toggle in page.locator(".toggle:visible").all():
        told = toggle.evaluate("one => [one.scrollWidth, one.clientWidth, one.textContent]")
        assert told[0] <= told[1], told  # no word runs into its neighbour
    sheet = page.locator(".sheet")
    expect(sheet).not_to_have_attribute("open", "")
    page.locator(".sheet-handle").click()
    expect(page.get_by_role("slider", name="Overall amount")).to_be_in_viewport()
    page.locator(".sheet-handle").click()
    if width < 672:
        page.evaluate("scrollTo(0, 1200)")
        expect(page.get_by_role("radio", name="Master")).to_be_in_viewport()


def _reach(page: Page, target: Locator, *, backwards: bool = False) -> None:
    """Press the tabulator until something has the focus."""
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    pytest.fail(f"{target} is out of the keyboard's reach")


def _press(page: Page, target: Locator, key: str = "Enter") -> None:
    expect(target.first).to_be_attached()
    _reach(page, target.first)
    page.keyboard.press(key)


def _type(page: Page, target: Locator, text: str) -> None:
    _reach(page, target)
    page.keyboard.type(text)
