"""Judging by ear on the result page: level match over a loop, blind comparison, trying settings."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from dsp import files
from dsp.audio import Audio
from dsp.formats import EXCERPT_NAME
from dsp.loudness import integrated_lufs, weighted_energies
from mastering.models import AUDIBLE_NAME, BlindTest, Preview, Version
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.player import PLAYER, audible, play, position, until

# Level match


@pytest.mark.parametrize(("start", "end"), [(1.0, 6.0), (12.3, 19.7), (0.0, 26.0)])
def test_over_a_loop_the_tracks_are_equally_loud_within_a_tenth_of_an_lu(
    page: Page, made: scene.Made, start: float, end: float
) -> None:
    play(page)
    until(lambda: _is_measured(page))
    page.evaluate(f"{PLAYER}.loopOver({start}, {end})")
    weights = {}
    for key in ("original", "master"):
        page.get_by_role("radio", name=key.capitalize()).check(force=True)
        weights[key] = page.evaluate(f"{PLAYER}.weights")[key]
    heard = {
        "original": _loudness(made.mix / "proxy.m4a", start, end, weights["original"]),
        "master": _loudness(made.master / "proxy.m4a", start, end, weights["master"]),
    }
    assert heard["original"] == pytest.approx(heard["master"], abs=0.1)
    assert max(weights.values()) == pytest.approx(1.0)  # the quieter one is left alone
    assert min(weights.values()) < 0.9


def test_the_page_measures_loudness_as_the_engine_does(page: Page, made: scene.Made) -> None:
    play(page)
    until(lambda: _is_measured(page))
    for start, end in ((5.0, 20.0), (12.3, 13.1), (0.0, 26.0)):
        heard = _heard(page, start, end)
        assert heard == pytest.approx(_loudness(made.master / "proxy.m4a", start, end), abs=0.1)


def test_what_the_browser_decodes_of_the_preview_is_aligned_to_the_sample(
    page: Page, made: scene.Made
) -> None:
    play(page)
    exact = files.read(made.master / "master.wav").samples[0, 441_000:451_000]
    decoded = page.evaluate(
        f"Array.from({PLAYER}.desk.transport.tracks.get('master').buffer.getChannelData(0)"
        ".subarray(440998, 451002))"
    )
    at = [float(np.dot(exact, decoded[lag : lag + exact.size])) for lag in range(5)]
    assert int(np.argmax(at)) == 2  # no earlier and no later


def test_only_what_changed_is_heard_without_what_the_codec_leaves_out(page: Page) -> None:
    expect(page.get_by_text("You hear a preview: AAC, 160 kbit/s")).to_be_visible()
    play(page)
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Lossless")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("You hear the lossless files")).to_be_visible()
    expect(page.locator("[data-part=status]")).to_have_text("", timeout=20_000)
    told = page.evaluate(
        f"""async () => {{
          const player = {PLAYER};
          const answer = await fetch(player.store.tracks.get("original").losslessUrl);
          const decoder = new OfflineAudioContext(2, 1, 44100);
          const decoded = await decoder.decodeAudioData(await answer.arrayBuffer());
          const exact = decoded.getChannelData(0);
          const heard = player.desk.transport.tracks.get("original").buffer.getChannelData(0);
          return heard.every((value, i) => value === exact[i]);
        }}"""
    )
    assert told is True


# Blind


def test_nothing_on_the_page_tells_which_is_which(page: Page) -> None:
    page.keyboard.press("b")
    expect(page.locator("ab-player")).to_have_attribute("data-blind", "")
    until(lambda: bool(audible(page)))
    seen: dict[str, set[str]] = {"x": set(), "y": set()}
    behind: dict[str, set[str]] = {"x": set(), "y": set()}
    for _ in range(24):
        for label in ("x", "y"):
            page.get_by_role("radio", name=label.upper()).check(force=True)
            seen[label].add(_face(page))
            behind[label] |= set(_wanted(page))
        page.get_by_role("button", name="I prefer X").click()
    assert behind == {"x": {"original", "master"}, "y": {"original", "master"}}
    assert {label: len(faces) for label, faces in seen.items()} == {"x": 1, "y": 1}
    expect(page.locator(".lane wave-form:visible")).to_have_count(0)
    expect(page.locator("gain-line:visible")).to_have_count(0)
    expect(page.get_by_role("radio", name="Master")).to_be_hidden()
    assert page.locator("[data-part=match-db]").inner_text() == ""


def test_both_are_equally_loud_even_where_level_match_was_off(page: Page) -> None:
    page.keyboard.press("m")
    page.keyboard.press("b")
    until(lambda: bool(audible(page)))
    gains: dict[str, float] = {}
    for key in ("1", "2"):
        page.keyboard.press(key)
        gains |= _wanted(page)
    assert gains["original"] == pytest.approx(1.0)
    assert gains["master"] < 0.9
    page.keyboard.press("m")
    expect(page.get_by_role("switch", name="Level match")).to_have_attribute("aria-checked", "true")


def test_what_was_preferred_is_counted_honestly_and_kept_with_the_version(
    page: Page, version: Version
) -> None:
    page.keyboard.press("b")
    until(lambda: bool(audible(page)))
    for trial in range(8):
        master_is = "X" if "master" in _wanted(page) else "Y"  # x is heard first
        other = {"X": "Y", "Y": "X"}[master_is]
        choice = other if trial == 3 else master_is
        page.get_by_role("button", name=f"I prefer {choice}").click()
    page.get_by_role("button", name="End and count").click()
    result = page.locator("[data-part=blind-result]")
    expect(result).to_contain_text("You preferred the master 7 of 8 times.")
    expect(result).to_contain_text("guessing comes out as uneven in 7.0 % of tests")
    kept = BlindTest.objects.get()
    assert (kept.version, kept.against, kept.chosen, kept.trials) == (version, None, 7, 8)
    expect(page.get_by_role("radio", name="Master")).to_be_visible()


def test_a_blind_comparison_without_a_choice_keeps_nothing(page: Page) -> None:
    page.keyboard.press("b")
    expect(page.locator("ab-player")).to_have_attribute("data-blind", "")
    page.keyboard.press("b")
    expect(page.locator("ab-player")).not_to_have_attribute("data-blind", "")
    assert not BlindTest.objects.exists()


# Two versions


def test_a_second_version_is_compared_in_the_same_clock(
    visit: Visit, alice: User, made: scene.Made, version: Version
) -> None:
    scene.rendered(version.master, made, number=2)
    page = visit(
        f"{reverse('mastering:detail', args=[version.master_id])}?version=2&with=1", user=alice
    )
    page.wait_for_load_state("networkidle")
    play(page)
    page.keyboard.press("4")
    expect(page.get_by_role("radio", name="Version 1")).to_be_checked()
    assert list(_wanted(page)) == ["other"]
    page.keyboard.press("x")
    assert list(_wanted(page)) == ["master"]
    page.evaluate(f"{PLAYER}.desk.transport.stop()")


# Trying settings


@pytest.mark.parametrize("line", ["fast", "slow"])
def test_a_change_is_heard_in_the_loop_and_then_in_the_whole_while_the_music_plays(
    page: Page, version: Version, made: scene.Made, line: str
) -> None:
    if line == "slow":  # too slow for files without loss
        page.evaluate(f"Object.defineProperty({PLAYER}.store, 'isLineFast', {{ value: false }})")
    play(page)
    page.evaluate(f"{PLAYER}.loopOver(10, 16)")
    until(lambda: _is_measured(page))
    elsewhere = _heard(page, 18.0, 24.0)
    # What is asked meanwhile is answered by this test: it shares its database with the site.
    held = {"preview": True, "whole": True}

    def answer(route: Route, kind: str) -> None:
        if held[kind]:
            route.fulfill(json={"state": "open"})
        else:
            route.continue_()

    page.route("**/previews/*/", lambda route: answer(route, "preview"))
    page.route("**/state.json", lambda route: answer(route, "whole"))
    before = _sample(page, 12.0), _sample(page, 20.0)
    page.get_by_role("spinbutton", name="Overall amount").fill("20")
    status = page.locator("[data-part=live-status]")
    expect(status).to_have_text("Rendering the part you hear …")
    until(lambda: Preview.objects.waiting().exists())
    preview = scene.try_part(made)
    assert (preview.start_seconds, preview.end_seconds) == (10.0, 16.0)
    assert preview.settings["amount"] == 0.2
    held["preview"] = False
    expect(status).to_contain_text("You hear the new settings in this part.")
    during = _sample(page, 12.0), _sample(page, 20.0)
    assert during[0] != before[0]
    assert during[1] == before[1]
    until(lambda: _is_measured(page))
    excerpt = Path(default_storage.path(preview.key(EXCERPT_NAME)))
    assert _heard(page, 10.0, 16.0) == pytest.approx(_loudness(excerpt, 0.0, 6.0), abs=0.05)
    assert _heard(page, 18.0, 24.0) == elsewhere
    played = position(page)

    whole = scene.run(version.master.versions.get(number=2))
    scene.be_audible(whole, made)
    held["whole"] = False
    if line == "fast":
        expect(status).to_contain_text("You hear the new settings in the whole song.")
        exact = pytest.approx(_loudness(made.master / AUDIBLE_NAME, 18.0, 24.0), abs=0.01)
        until(lambda: _heard(page, 18.0, 24.0) == exact)
    held["whole"] = True
    heard = _sample(page, 20.0)
    assert (heard != before[1]) == (line == "fast")
    scene.finish(whole, made)
    held["whole"] = False
    expect(status).to_have_text("You hear version 2.")
    expect(page).to_have_url(re.compile("version=2"))
    expect(page.get_by_role("link", name="Version 2", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(page.locator("ab-player")).to_have_attribute("data-playing", "")
    until(lambda: position(page) != played)
    assert _sample(page, 20.0) == before[1], "the small copy, as of the other tracks"
    assert _wanted(page).keys() == {"master"}
    expect(page.get_by_role("spinbutton", name="Overall amount")).to_have_value("20")


def test_a_refused_change_says_so_and_leaves_the_sound(
    page: Page, settings: Any, complaints: list[str]
) -> None:
    settings.MAX_OPEN_MASTERS_PER_PERSON = 0
    before = page.evaluate(f"{PLAYER}.store.tracks.get('master').url")
    page.get_by_role("spinbutton", name="Overall amount").fill("20")
    expect(page.locator("[data-part=live-status]")).to_contain_text(
        "Many of your masters still wait"
    )
    assert page.evaluate(f"{PLAYER}.store.tracks.get('master').url") == before
    complaints[:] = [one for one in complaints if "409" not in one]


def test_a_number_out_of_range_is_not_sent(page: Page) -> None:
    page.get_by_role("spinbutton", name="Overall amount").fill("900")
    status = page.locator("[data-part=live-status]")
    expect(status).to_contain_text("100")  # the browser's own words for the limit
    assert not Preview.objects.exists()


def _loudness(path: Path, start: float, end: float, gain: float = 1.0) -> float:
    audio = files.read(path)
    part = audio.samples[:, round(start * audio.rate_hz) : round(end * audio.rate_hz)]
    return integrated_lufs(
        weighted_energies(
            Audio(np.ascontiguousarray(part * np.float32(gain), dtype=np.float32), audio.rate_hz)
        )
    )


def _heard(page: Page, start: float, end: float) -> float:
    """Return how loud a part of what is played as the master was measured, LUFS."""
    lufs: float = page.evaluate(
        f"{PLAYER}.store.tracks.get('master').over({{start: {start}, end: {end}}})"
    )
    return lufs


def _sample(page: Page, seconds: float) -> list[float]:
    """Return a hundred samples of what is played as the master."""
    first = round(seconds * 44_100)
    found: list[float] = page.evaluate(
        f"Array.from({PLAYER}.desk.transport.tracks.get('master').buffer.getChannelData(0)"
        f".subarray({first}, {first + 100}))"
    )
    return found


def _is_measured(page: Page) -> bool:
    measured: bool = page.evaluate(
        f"[...{PLAYER}.store.tracks.values()].every(({{heard}}) => heard)"
    )
    return measured


def _wanted(page: Page) -> dict[str, float]:
    weights: dict[str, float] = page.evaluate(f"{PLAYER}.weights")
    return {key: weight for key, weight in weights.items() if weight}


def _face(page: Page) -> str:
    """Return all that the player shows and says, less time and the number of the trial."""
    face: str = page.evaluate(
        f"""() => {{
          const copy = {PLAYER}.cloneNode(true);
          const changing = "[data-part=time], [data-part=blind-trial], .cursor, .player-sections";
          for (const part of copy.querySelectorAll(changing)) part.remove();
          const lanes = copy.querySelector("[data-part=lanes]");
          for (const name of ["aria-valuenow", "aria-valuetext"]) lanes.removeAttribute(name);
          const chosen = [...{PLAYER}.querySelectorAll("input:checked")];
          return copy.outerHTML + chosen.map((input) => input.name + input.value).join();
        }}"""
    )
    return face
