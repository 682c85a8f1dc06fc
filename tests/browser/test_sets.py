"""Blends, several references and albums in Chromium: by keyboard, by dragging, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.models import User
from mastering.models import Album, AlbumTrack
from references.models import Blend
from tests.browser import scene, sets
from tests.browser.conftest import Visit
from tests.studio import wav


def order_of(album: Album) -> list[str]:
    return list(AlbumTrack.objects.filter(album=album).values_list("title", flat=True))


def test_a_blend_is_made_by_keyboard_and_tells_its_shares(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit(sets.blend_form(alice, made), user=alice, width=390)
    page.get_by_label("Name").fill("Warm")
    page.get_by_role("slider", name="Tone, reference 1").focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    first = page.locator("[data-part=slot]").first
    expect(first.get_by_role("spinbutton", name="Tone")).to_have_value("75")
    expect(first.locator("[data-part=share]").first).to_have_text("60 %")
    page.get_by_text("More references").click()
    page.get_by_role("combobox", name="Reference 3").select_option(index=1)
    expect(first.locator("[data-part=share]").first).to_have_text("43 %")
    page.get_by_role("combobox", name="Reference 3").select_option("")
    page.get_by_role("button", name="Make this blend").press("Enter")
    expect(page.get_by_role("heading", name="Warm")).to_be_visible()
    assert [part.tone for part in Blend.objects.get().parts.all()] == [0.75, 0.5]


def test_the_price_of_several_references_is_told_as_they_are_ticked(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit(sets.new_several(alice, made), user=alice)
    price = page.locator(".submit-bar cost-line")
    expect(page.locator("#cost")).to_contain_text("1 credit")
    page.get_by_text("Several references").click()
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(price).to_have_text("3 credits together")
    expect(page.locator("#cost")).to_be_hidden()
    boxes.nth(0).uncheck()
    boxes.nth(1).uncheck()
    expect(page.locator("#cost")).to_be_visible()


def test_songs_are_ordered_by_keyboard_and_by_dragging(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit(sets.album(alice, made), user=alice)
    album = Album.objects.get(user=alice)
    one, two, three, four = order_of(album)
    page.get_by_role("button", name=f"{four}: earlier").focus()
    with page.expect_response("**/order/"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is number 3 now")).to_be_attached()
    assert order_of(album) == [one, two, four, three]
    assert page.evaluate("document.activeElement.value") == "up"  # to go on by keyboard

    grips = page.locator("[data-part=grip]")
    begin, end = grips.nth(3).bounding_box(), grips.nth(0).bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + 10, begin["y"] + 10)
    page.mouse.down()
    page.mouse.move(end["x"] + 10, end["y"] + 30, steps=6)
    page.mouse.move(end["x"] + 10, end["y"] - 5, steps=3)
    with page.expect_response("**/order/"):
        page.mouse.up()
    assert order_of(album) == [three, one, two, four]
    expect(grips.nth(0)).to_have_text("1")


@pytest.mark.parametrize("width", [320, 1440])
def test_a_long_name_of_an_album_stands_beside_its_number(
    visit: Visit, alice: User, made: scene.Made, width: int
) -> None:
    page = visit(sets.album(alice, made), user=alice, width=width)
    for row in page.locator(".album-results tbody tr").all():
        place = row.locator(".place").bounding_box()
        name = row.locator(".wrap").bounding_box()
        assert place is not None
        assert name is not None
        assert abs(name["y"] - place["y"]) < 4.0
        assert name["x"] >= place["x"] + place["width"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripted", "plain"])
def test_several_mixes_are_chosen_at_once(
    visit: Visit, alice: User, made: scene.Made, tmp_path: Path, scripts: bool
) -> None:
    paths = []
    for number in range(3):
        path = tmp_path / f"song {number}.wav"
        path.write_bytes(wav(0.01 + 0.001 * number))
        paths.append(path)
    page = visit(sets.album_begun(alice, made), user=alice, width=390, scripts=scripts)
    page.locator("input[name=files]").set_input_files(paths)
    if not scripts:
        page.get_by_role("button", name="Add these").click()
    expect(page.locator("[data-song]")).to_have_count(3)
    assert order_of(Album.objects.get(user=alice)) == ["song 0", "song 1", "song 2"]
