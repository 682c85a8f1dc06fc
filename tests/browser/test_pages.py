import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import User
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.states import STATES, State

each_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)


@each_state
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_is_accessible_and_breaks_no_rule_of_the_content_policy(
    state: State, theme: str, visit: Visit, alice: User, made: scene.Made
) -> None:
    path = state.arrange(alice, made)
    page = visit(path, user=alice if state.signed_in else None, theme=theme)
    page.wait_for_load_state("networkidle")
    found = Axe().run(page).response["violations"]
    assert [
        (violation["id"], [node["html"] for node in violation["nodes"]][:3])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ] == []


@each_state
def test_every_page_fits_a_window_of_320_pixels(
    state: State, visit: Visit, alice: User, made: scene.Made
) -> None:
    path = state.arrange(alice, made)
    page = visit(path, user=alice if state.signed_in else None, width=320)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


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
