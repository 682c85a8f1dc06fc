import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.models import User
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.states import STATES, State


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_page_is_accessible_fits_a_narrow_window_and_keeps_the_content_policy(
    state: State, visit: Visit, alice: User, made: scene.Made, complaints: list[str]
) -> None:
    path = state.arrange(alice, made)
    page = visit(path, user=alice if state.signed_in else None)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.querySelectorAll('details').forEach((fold) => fold.open = true)")
    for theme in ("dark", "light"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert _barriers(page) == [], theme
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    if state.complains:
        complaints[:] = [one for one in complaints if "(Gone)" not in one]


def test_barriers_are_found_where_there_are_some(visit: Visit) -> None:
    page = visit("/account/login/")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert [rule for rule, _ in _barriers(page)] == ["image-alt"]


def test_an_inline_style_is_complained_of(visit: Visit, complaints: list[str]) -> None:
    page = visit("/account/login/")
    page.evaluate("document.querySelector('h1').setAttribute('style', 'color: red')")
    assert len(complaints) == 1
    assert "Content Security Policy" in complaints.pop()


@pytest.mark.parametrize("path", ["/nowhere/", "/masters/mst_nobody/"])
def test_what_does_not_exist_is_said_in_the_house_style(
    path: str, visit: Visit, alice: User, complaints: list[str]
) -> None:
    page = visit(path, user=alice)
    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing here"
    complaints[:] = [one for one in complaints if "404 (Not Found)" not in one]


def test_the_theme_chosen_by_hand_is_kept_on_the_next_page(visit: Visit) -> None:
    page = visit("/", theme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 17, 15)"
    page.get_by_role("button", name="Switch between dark and light").click()
    assert page.evaluate(ground) == "rgb(250, 247, 242)"
    page.goto("/account/login/")
    assert page.evaluate(ground) == "rgb(250, 247, 242)"


def _barriers(page: Page) -> list[tuple[str, list[str]]]:
    """Return what keeps people out: rules that are broken seriously, and where."""
    return [
        (violation["id"], [node["html"] for node in violation["nodes"]][:3])
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
