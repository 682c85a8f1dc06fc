import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import User
from mastering.models import Version
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.player import PLAYER, audible, gains, play, position, until

# Renders a switch from one track to another, and back, without a sound card.
OFFLINE = """async ({from, to, moments, seconds}) => {
  const {Decoded, Desk} = await import("/static/js/listening-desk.js");
  const rate = 44100;
  const context = new OfflineAudioContext(2, rate * seconds, rate);
  const noise = Float32Array.from({length: rate * seconds}, (_, i) => Math.sin(i * i * 1e-4));
  const buffer = (gain) => {
    const made = new AudioBuffer({length: noise.length, numberOfChannels: 2, sampleRate: rate});
    for (const side of [0, 1]) made.copyToChannel(noise.map((value) => value * gain), side);
    return made;
  };
  const desk = new Desk(context, new Decoded(context, seconds));
  desk.volume.gain.value = 1;
  desk.add(from, {buffer: buffer(1)}, 1);
  desk.add(to, {buffer: buffer(0.5)}, 0);
  desk.transport.start(0, null);
  moments.forEach((moment, index) => context.suspend(moment).then(() => {
    desk.mix(index % 2 ? {[from]: 1} : {[to]: 1});
    context.resume();
  }));
  const sound = (await context.startRendering()).getChannelData(0);
  const delay = Math.ceil(0.005 * rate - 1e-6);
  const edges = [0, ...moments, seconds - 0.01].map((moment) => Math.round(moment * rate));
  // Between the fades: the largest difference from the one track that should be heard.
  const errors = edges.slice(0, -1).map((edge, index) => {
    const gain = index % 2 ? 0.5 : 1;
    let worst = 0;
    for (let i = edge + 0.02 * rate + delay; i < edges[index + 1]; i++) {
      worst = Math.max(worst, Math.abs(sound[Math.floor(i)] - gain * noise[Math.floor(i) - delay]));
    }
    return worst;
  });
  const steepest = (wave) => {
    let steep = 0;
    for (let i = 1; i < wave.length; i++) steep = Math.max(steep, Math.abs(wave[i] - wave[i - 1]));
    return steep;
  };
  return {errors, step: steepest(sound), natural: steepest(noise)};
}"""


def test_switching_neither_restarts_nor_drifts_and_is_exact_between_the_fades(page: Page) -> None:
    result = page.evaluate(
        OFFLINE, {"from": "original", "to": "master", "moments": [0.5, 1.0, 1.5], "seconds": 2}
    )
    assert len(result["errors"]) == 4
    assert max(result["errors"]) < 1e-6


def test_a_switch_makes_no_click(page: Page) -> None:
    result = page.evaluate(
        OFFLINE, {"from": "original", "to": "master", "moments": [0.3, 0.6], "seconds": 1}
    )
    assert result["step"] <= 1.5 * result["natural"]


def test_playing_goes_on_while_tracks_are_switched_by_button_and_by_key(page: Page) -> None:
    play(page)
    before = position(page)
    page.get_by_role("radio", name="Original").check(force=True)
    page.keyboard.press("3")
    page.keyboard.press("2")
    _settle(page)
    page.wait_for_timeout(500)
    assert before + 0.4 < position(page) < before + 8.0
    expect(page.get_by_role("radio", name="Master")).to_be_checked()
    assert audible(page) == ["master"]


def test_level_match_lowers_the_louder_by_the_difference_in_lufs(
    page: Page, version: Version
) -> None:
    loudness = version.loudness_lufs
    mix_loudness = version.master.mix.loudness_lufs
    assert loudness is not None
    assert mix_loudness is not None
    assert loudness > mix_loudness
    play(page)
    _settle(page)
    matched = gains(page)["master"]  # what the codec of the preview takes is matched too
    assert matched == pytest.approx(10.0 ** ((mix_loudness - loudness) / 20.0), rel=0.03)
    page.keyboard.press("m")
    _settle(page)
    assert gains(page)["master"] == pytest.approx(1.0)
    expect(page.get_by_role("switch", name="Level match")).to_have_attribute(
        "aria-checked", "false"
    )


def test_only_what_changed_is_the_matched_master_less_the_original(page: Page) -> None:
    play(page)
    page.keyboard.press("d")
    _settle(page)
    heard = gains(page)
    weights = page.evaluate(f"{PLAYER}.weights")
    assert heard["original"] == pytest.approx(weights["original"], rel=1e-3)
    assert heard["original"] < 0.0 < heard["master"]
    assert heard["reference"] == 0.0


def test_mono_and_side_are_the_half_sum_and_half_difference(page: Page) -> None:
    play(page)
    matrix = f"{PLAYER}.desk.matrix.map((node) => node.gain.value)"
    for key, expected in (
        ("o", [0.5, 0.5, 0.5, 0.5]),
        ("s", [0.5, -0.5, 0.5, -0.5]),
        ("s", [1.0, 0.0, 0.0, 1.0]),
    ):
        page.keyboard.press(key)
        _until_near(page, matrix, expected)


def test_arrows_seek_and_a_click_on_the_wave_does_too(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    assert position(page) == pytest.approx(5.0)
    page.keyboard.press("Shift+ArrowLeft")
    assert position(page) == pytest.approx(4.0)
    lanes = page.get_by_role("slider", name="Position")
    box = lanes.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert position(page) == pytest.approx(scene.SONG_SECONDS / 2, abs=0.1)
    expect(lanes).to_have_attribute("aria-valuetext", re.compile("^0:13, "))


def test_the_position_is_moved_by_the_keys_of_a_slider(page: Page) -> None:
    page.get_by_role("slider", name="Position").focus()
    for key, place in (
        ("End", scene.SONG_SECONDS),
        ("Home", 0.0),
        ("ArrowUp", 5.0),
        ("ArrowDown", 0.0),
        ("PageUp", scene.SONG_SECONDS),
        ("PageDown", 0.0),
    ):
        page.keyboard.press(key)
        assert position(page) == pytest.approx(place), key


def test_the_volume_is_turned_by_keys_and_remembered(page: Page) -> None:
    volume = page.get_by_role("slider", name="Volume")
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("+")
    expect(volume).to_have_value("75")
    page.reload()
    expect(volume).to_have_value("75")


def test_a_dragged_region_loops(page: Page) -> None:
    box = page.get_by_role("slider", name="Position").bounding_box()
    assert box is not None
    second = box["width"] / scene.SONG_SECONDS
    page.mouse.move(box["x"] + 10 * second, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 10.5 * second, box["y"] + 20, steps=3)
    page.mouse.up()
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    page.wait_for_function(f"{PLAYER}.desk")
    page.evaluate(f"{PLAYER}.seek(10.1)")
    page.wait_for_timeout(1500)
    assert 9.9 <= position(page) <= 10.6


def test_keys_are_left_to_the_page_while_typing_and_where_they_are_switched_off(
    page: Page,
) -> None:
    amount = page.get_by_role("spinbutton", name="Overall amount")
    amount.focus()
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="Master")).to_be_checked()
    amount.blur()
    page.keyboard.press("?")
    page.get_by_label("Keys work anywhere on the page").uncheck()
    page.get_by_role("button", name="Close").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="Master")).to_be_checked()


def test_keys_work_while_a_slider_is_held_and_its_arrows_stay_its_own(page: Page) -> None:
    slider = page.get_by_role("slider", name="Overall amount")
    slider.focus()
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="Original")).to_be_checked()
    before, value = position(page), int(slider.input_value())
    page.keyboard.press("ArrowLeft")
    assert int(slider.input_value()) == value - 1
    assert position(page) == before


def test_a_track_that_cannot_be_loaded_is_named_and_the_others_play(
    visit: Visit, alice: User, version: Version, complaints: list[str]
) -> None:
    page = visit(reverse("mastering:list"), user=alice)
    page.route("**/audio/*/listen/", lambda route: route.fulfill(status=500))
    page.goto(reverse("mastering:detail", args=[version.master_id]))
    expect(page.get_by_text("Original, Reference could not be loaded.")).to_be_attached(
        timeout=20_000
    )
    play(page)
    assert audible(page) == ["master"]
    complaints[:] = [one for one in complaints if "500" not in one]


def test_without_scripts_each_track_has_a_player_of_its_own(
    visit: Visit, alice: User, version: Version
) -> None:
    page = visit(reverse("mastering:detail", args=[version.master_id]), user=alice, scripts=False)
    assert page.locator("audio:visible").count() == 3
    assert page.get_by_role("heading", name="Gain by frequency").is_visible()


def test_every_plot_is_drawn_and_read_by_keys(page: Page) -> None:
    for tab in page.get_by_role("tab").all():
        tab.click()
        plot = page.locator("level-plot:visible")
        expect(plot.locator("canvas")).to_be_attached()
        plot.focus()
        read_out = page.locator(".plot-legend:visible")
        read = []
        for key in ("Home", "End"):
            page.keyboard.press(key)
            read.append(read_out.inner_text())
        assert read[0] != read[1]


def _settle(page: Page) -> None:
    """Wait until the fades have ended."""
    weights = f"{PLAYER}.weights"  # they change as tracks are measured
    until(lambda: gains(page) == pytest.approx(page.evaluate(weights), abs=1e-6))


def _until_near(page: Page, expression: str, expected: list[float]) -> None:
    until(lambda: page.evaluate(expression) == pytest.approx(expected, abs=1e-3))
