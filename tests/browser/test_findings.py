"""What the checks found: marked on the wave, heard at a press, told as soon as it is known."""

from dataclasses import replace

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from mastering.models import Version
from references.models import AudioFile
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.states import MIX, REFERENCE

CLIPPED = {
    "code": "clipping",
    "severity": "warning",
    "confidence": 0.95,
    "value": 31,
    "unit": "runs",
    "ranges": [[12.4, 12.45], [20.0, 20.5]],
}


@pytest.fixture
def clipped(made: scene.Made) -> scene.Made:
    return replace(made, mix_told=made.mix_told | {"findings": [CLIPPED]})


def test_where_peaks_are_clipped_is_marked_on_the_wave_and_can_be_heard(
    visit: Visit, alice: User, clipped: scene.Made
) -> None:
    mix = scene.measured(alice, clipped, MIX, "Night drive.wav")
    page = visit(f"{reverse('mastering:new')}?mix={mix.pk}", user=alice)
    page.get_by_text("Clipped peaks").click()
    finding = page.locator(".finding", has_text="Clipped peaks")
    expect(finding.locator(".marks rect")).to_have_count(2)
    expect(finding.locator("wave-form canvas")).to_be_visible()
    wave = finding.locator("wave-form").bounding_box()
    mark = finding.locator(".marks rect").first.bounding_box()
    assert wave is not None
    assert mark is not None
    assert (mark["x"] - wave["x"]) / wave["width"] == pytest.approx(12.4 / 26.0, abs=0.02)

    place = finding.get_by_role("button", name="Listen: 0:12.40–0:12.45")
    place.press("Enter")
    expect(place).to_have_attribute("aria-pressed", "true")
    expect(place).to_have_attribute("aria-pressed", "false", timeout=15_000)  # heard to its end
    second = finding.get_by_role("button", name="Listen: 0:20.00–0:20.50")
    place.press("Enter")
    second.press("Enter")
    expect(place).to_have_attribute("aria-pressed", "false")
    expect(second).to_have_attribute("aria-pressed", "true")


def test_without_scripts_a_place_is_a_link_into_the_sound(
    visit: Visit, alice: User, clipped: scene.Made
) -> None:
    mix = scene.measured(alice, clipped, MIX, "Night drive.wav")
    page = visit(f"{reverse('mastering:new')}?mix={mix.pk}", user=alice, scripts=False)
    page.get_by_text("Clipped peaks").click()
    link = page.get_by_role("link", name="Listen: 0:12.40–0:12.45")
    assert (
        link.get_attribute("href") == f"{reverse('references:listen', args=[mix.pk])}#t=12.4,12.45"
    )


def test_how_well_the_reference_suits_is_told_as_soon_as_both_are_measured(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    reference = scene.measured(alice, made, REFERENCE, "Slow Tide.wav")
    scene.unmeasured(alice, MIX, "Night drive.wav")
    mix = AudioFile.objects.claim_next(worker="a worker")
    assert mix is not None
    page = visit(f"{reverse('mastering:new')}?mix={mix.pk}&reference={reference.pk}", user=alice)
    suitability = page.locator("#suitability")
    expect(suitability).to_contain_text("as soon as both are measured")
    scene.measure(mix, made)
    expect(suitability).to_contain_text("At equal level", timeout=10_000)
    suitability.locator("summary").first.press("Enter")
    expect(suitability.locator(".reasons > li").first).to_be_visible()


def test_sections_are_paired_with_the_keyboard_alone_and_without_scripts(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    master = scene.master(alice, made, mix="Night drive.wav", reference="Slow Tide.wav")
    scene.rendered(master, made)
    page = visit(reverse("mastering:detail", args=[master.pk]), user=alice, scripts=False)
    page.locator("summary", has_text="Which parts are compared").press("Enter")
    page.get_by_role("radio", name="Automatic").press("ArrowUp")  # round to the last: by hand
    expect(page.get_by_role("radio", name="By hand")).to_be_checked()
    first = page.locator(".pair-row select").first
    first.press("Home")
    first.press("ArrowDown")
    page.get_by_role("button", name="Render with these pairs").press("Enter")
    page.wait_for_load_state()
    latest = Version.objects.of(alice).order_by("-number").first()
    assert latest is not None
    assert latest.number == 2
    assert latest.chosen.sections[0] == (0, 0)


def test_the_player_marks_where_the_mix_is_clipped(
    visit: Visit, alice: User, clipped: scene.Made
) -> None:
    master = scene.master(alice, clipped, mix="Night drive.wav", reference="Slow Tide.wav")
    scene.rendered(master, clipped)
    page = visit(reverse("mastering:detail", args=[master.pk]), user=alice)
    lane = page.locator(".lane[data-key=original]")
    expect(lane).to_contain_text("clipped where marked")
    expect(lane.locator(".clip")).to_have_count(2)
    wave, mark = lane.locator("wave-form").bounding_box(), lane.locator(".clip").last.bounding_box()
    assert wave is not None
    assert mark is not None
    assert (mark["x"] - wave["x"]) / wave["width"] == pytest.approx(20.0 / 26.0, abs=0.005)
    assert mark["width"] / wave["width"] == pytest.approx(0.5 / 26.0, abs=0.005)
    expect(page.locator(".lane[data-key=master] .clip")).to_have_count(0)
