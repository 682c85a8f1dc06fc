"""The library in Chromium: many files at once, a search as it is typed, a choice beside a mix."""

from pathlib import Path

from playwright.sync_api import expect

from accounts.models import User
from references.models import AudioFile, Reference
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.studio import wav

LIST = "/references/"


def test_many_files_are_added_at_once_after_the_statement(
    visit: Visit, alice: User, tmp_path: Path, complaints: list[str]
) -> None:
    for number in (1, 2):
        (tmp_path / f"song {number}.wav").write_bytes(wav(0.01 * number))
    (tmp_path / "notes.txt").write_text("no audio")
    files = sorted(tmp_path.iterdir())
    page = visit(LIST, user=alice)
    chooser = page.locator("library-drop input[type=file]")
    chooser.set_input_files(files)
    assert not Reference.objects.exists()  # first the statement
    page.get_by_role("checkbox", name="I may use the tracks").check()
    chooser.set_input_files(files)
    rows = page.locator(".library-sending li")
    expect(rows.filter(has_text="added")).to_have_count(2)
    expect(rows.filter(has_text="Not an audio format")).to_have_count(1)
    assert {entry.title for entry in Reference.objects.of(alice)} == {"song 1", "song 2"}
    complaints[:] = [one for one in complaints if "422" not in one]  # notes.txt
    page.reload()
    expect(page.get_by_role("checkbox", name="I may use the tracks")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="song 1")).to_be_visible()


def test_the_list_follows_the_search_and_the_chosen_are_described(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    for title in ("Night Bus", "Slow Tide", "Harbour Lights"):
        scene.shelved(alice, made, title)
    page = visit(LIST, user=alice)
    expect(page.locator(".crate-row")).to_have_count(3)
    page.get_by_role("searchbox").press_sequentially("tide")
    expect(page.locator(".crate-row")).to_have_count(1)
    assert "q=tide" in page.url
    page.get_by_label("Choose all that are shown").check()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_text("Edit the chosen").click()
    page.get_by_label("Add tags").fill("slow")
    page.get_by_role("button", name="Write it on all chosen").click()
    expect(page.get_by_text("1 is changed.")).to_be_visible()
    assert Reference.objects.get(title="Slow Tide").tags == ["slow"]
    expect(page.locator(".crate-row")).to_have_count(1)  # still as it was searched


def test_the_bar_for_the_chosen_is_away_while_the_library_is_ranked(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    scene.shelved(alice, made, "Night Bus")
    mix = scene.measured(alice, made, AudioFile.Kind.MIX, "mix.wav")
    page = visit(LIST, user=alice)
    bar, rank_for = page.locator("bulk-bar"), page.get_by_label("Rank for")
    page.get_by_label("Choose Night Bus").check()
    rank_for.select_option(mix.pk)
    expect(page.get_by_role("link", name="Use this one")).to_be_visible()
    expect(bar).to_be_hidden()
    rank_for.select_option("")
    expect(page.locator(".crate-row")).to_have_count(1)
    expect(bar).to_be_visible()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.reload()
    rank_for.select_option(mix.pk)
    expect(bar).to_be_hidden()
    page.reload()  # as it is without a script, too
    expect(page.get_by_role("link", name="Use this one")).to_be_visible()
    expect(bar).to_be_hidden()


def test_a_ranked_reference_is_chosen_beside_the_mix(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    entry = scene.shelved(alice, made, "Night Bus")
    mix = scene.measured(alice, made, AudioFile.Kind.MIX, "mix.wav")
    page = visit(f"/new/?mix={mix.pk}", user=alice)
    choice = page.locator("#choices .choice-row").filter(has_text="Night Bus")
    choice.get_by_role("link", name="Use this one").click()
    expect(page.locator("input[name=reference]")).to_have_value(entry.audio_id)
    assert f"mix={mix.pk}" in page.url
    expect(page.get_by_role("button", name="Master", exact=True)).to_be_enabled()


def test_a_starter_is_chosen_without_any_reference(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    mix = scene.measured(alice, made, AudioFile.Kind.MIX, "mix.wav")
    page = visit(f"/new/?mix={mix.pk}", user=alice)
    page.get_by_role("button", name="Use this one").first.click()
    expect(page.locator("input[name=reference]")).to_have_count(1)
    assert f"mix={mix.pk}" in page.url
    assert Reference.objects.get(user=alice).is_starter
