"""Pictures of every page in every state, to be looked at: ``make screenshots``."""

from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import User
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.states import STATES, State

FOLDER = Path(settings.BASE_DIR) / "var" / "screenshots"
WIDTHS = (390, 768, 1440)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_take(
    state: State, visit: Visit, alice: User, made: scene.Made, complaints: list[str]
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    page = visit(state.arrange(alice, made), user=alice if state.signed_in else None)
    page.wait_for_load_state("networkidle")
    for theme in ("dark", "light"):
        page.evaluate(
            "theme => { document.documentElement.dataset.theme = theme;"
            " document.dispatchEvent(new CustomEvent('themechange')); }",
            theme,
        )
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(150)  # the waves and plots are drawn anew
            path = FOLDER / f"{state.name}-{width}-{theme}.png"
            page.screenshot(path=path, full_page=True)
    complaints.clear()  # the tests of pages look after these
