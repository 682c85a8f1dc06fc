import re
from pathlib import Path

from django.core import mail
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services import deliver_due
from mastering.models import Version
from references.models import AudioFile
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.conftest import PASSWORD


def test_signing_up_leads_by_way_of_the_mail_to_the_two_cards(visit: Visit, db: None) -> None:
    page = visit("/")
    page.get_by_role("link", name="Sign up", exact=True).click()
    page.get_by_label("Email").fill("carol@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Look in your inbox")).to_be_visible()
    deliver_due()
    [message] = mail.outbox
    assert message.subject == "Welcome to Lacquer: confirm your address"
    link = re.search(r"https?://\S+", str(message.body))
    assert link is not None
    page.goto(re.sub(r"^https?://[^/]+", "", link.group()))
    page.get_by_role("button", name="Yes, confirm").click()
    expect(page.get_by_role("heading", name="Your mix")).to_be_visible()
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("carol@example.com")).to_be_visible()


def test_two_files_become_a_master_one_can_hear(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit("/new/", user=alice)
    button = page.get_by_role("button", name="Master", exact=True)
    expect(button).to_be_disabled()
    expect(page.get_by_text("Choose your mix and a reference.")).to_be_visible()

    _choose(page, "mix", made.mix / "source.wav")
    expect(page.locator("#card-mix")).to_have_attribute("data-state", "measuring")
    expect(page.get_by_text("Choose a reference.")).to_be_visible()
    _choose(page, "reference", made.reference / "source.wav")
    expect(button).to_be_enabled()
    for _ in range(2):
        _measure_next(made)
    for kind in ("mix", "reference"):
        card = page.locator(f"#card-{kind}")
        expect(card).to_have_attribute("data-state", "ready", timeout=10_000)
        expect(card.get_by_text("44.1 kHz")).to_be_visible()

    page.reload()  # the address holds both tracks
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your master is being made")
    version = scene.run(Version.objects.get(), step="tone")
    expect(page.locator("[aria-current=step]")).to_have_text("Matching tone", timeout=10_000)
    scene.finish(version, made)
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Closer to the reference")
    page.locator("summary", has_text="Download").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="WAV, 24 bit").click()
    assert download.value.suggested_filename == "source (Lacquer master v1).wav"


def test_an_upload_shows_percent_and_can_be_cancelled(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit("/new/", user=alice)
    page.route("**/audio/", lambda _route: None)  # the answer never comes
    _choose(page, "mix", made.mix / "source.wav")
    card = page.locator("#card-mix")
    expect(card.get_by_text(re.compile(r"^\d+ %$"))).to_be_visible()
    expect(page.get_by_text("Uploading.")).to_be_visible()
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("Drop your mix here, or choose it")).to_be_visible()
    assert not AudioFile.objects.exists()


def test_a_broken_connection_is_told_and_the_same_file_can_be_tried_again(
    visit: Visit, alice: User, made: scene.Made, complaints: list[str]
) -> None:
    page = visit("/new/", user=alice)
    page.route("**/audio/", lambda route: route.abort())
    _choose(page, "mix", made.mix / "source.wav")
    card = page.locator("#card-mix")
    expect(card.get_by_role("alert")).to_contain_text("The connection broke.")
    page.unroute("**/audio/")
    card.get_by_role("button", name="Try again").click()
    expect(card).to_have_attribute("data-state", "measuring")
    complaints[:] = [one for one in complaints if "ERR_FAILED" not in one]


def test_what_is_no_audio_is_refused_in_words_with_its_code(
    visit: Visit, alice: User, tmp_path: Path, complaints: list[str]
) -> None:
    (tmp_path / "letter.wav").write_text("Dear reader, " * 400)
    page = visit("/new/", user=alice)
    _choose(page, "mix", tmp_path / "letter.wav")
    alert = page.locator("#card-mix").get_by_role("alert").first
    expect(alert).to_contain_text("letter.wav")
    expect(alert).to_contain_text("unsupported_format")
    expect(page.get_by_text("Drop your mix here, or choose it")).to_be_visible()
    complaints[:] = [one for one in complaints if "422" not in one]


def test_a_file_above_the_limit_is_refused_before_it_is_sent(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit("/new/", user=alice)
    page.locator("#card-mix").evaluate("card => card.dataset.maxBytes = 1000")
    _choose(page, "mix", made.mix / "source.wav")
    expect(page.locator("#card-mix").get_by_role("alert")).to_contain_text("This file is larger")
    assert not AudioFile.objects.exists()


def test_a_dropped_file_is_sent_like_a_chosen_one(visit: Visit, alice: User) -> None:
    page = visit("/new/", user=alice)
    page.locator("#card-reference").evaluate(
        """card => {
          const transfer = new DataTransfer();
          const head = new TextEncoder().encode("RIFF....WAVEfmt ");
          transfer.items.add(new File([head, new Uint8Array(4000)], "dropped.wav"));
          card.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
        }"""
    )
    expect(page.locator("#card-reference")).to_have_attribute("data-state", "measuring")
    assert AudioFile.objects.get().filename == "dropped.wav"


def test_a_reference_is_chosen_from_the_library_without_losing_the_mix(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    scene.measured(alice, made, AudioFile.Kind.REFERENCE, "Slow Tide.wav")
    page = visit("/new/", user=alice)
    page.get_by_text("Choose from your references").click()
    _choose(page, "mix", made.mix / "source.wav")
    expect(page.locator("#choices")).to_contain_text("ranked for your mix")  # told anew, still open
    page.get_by_role("link", name="Slow Tide").click()
    expect(page.locator("#card-reference")).to_have_attribute("data-state", "ready")
    expect(page.locator("#card-mix")).to_have_attribute("data-state", "measuring")


def test_without_scripts_one_form_sends_both_files(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit("/new/", user=alice, scripts=False)
    _choose(page, "mix", made.mix / "source.wav")
    _choose(page, "reference", made.reference / "source.wav")
    page.get_by_role("button", name="Master", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your master is being made")
    assert Version.objects.get().user == alice


def test_the_amount_is_dragged_or_typed_and_stages_follow_it(visit: Visit, alice: User) -> None:
    page = visit("/new/", user=alice)
    page.get_by_text("Settings", exact=True).click()
    overall = page.get_by_role("slider", name="Overall amount")
    tone = page.get_by_role("slider", name="Tone")
    expect(overall).to_have_value("70")
    expect(tone).to_have_value("70")
    overall.press("ArrowRight")
    expect(page.get_by_role("spinbutton", name="Overall amount")).to_have_value("71")
    expect(tone).to_have_value("71")
    page.get_by_role("spinbutton", name="Tone").fill("20")
    expect(tone).to_have_value("20")
    overall.press("Home")
    expect(tone).to_have_value("20")


def test_folded_settings_still_say_what_was_chosen(visit: Visit, alice: User) -> None:
    page = visit("/new/", user=alice)
    summary = page.locator(".settings > summary")
    expect(summary).to_contain_text("Amount 70 % · Loudness: As the reference · Ceiling −1.0 dBTP")
    summary.click()
    expect(page.get_by_label("Loudness of my own")).to_be_hidden()
    page.get_by_label("Loudness goal").select_option("number")
    page.get_by_label("Loudness of my own").fill("-11")
    page.get_by_role("spinbutton", name="Overall amount").fill("40")
    expect(summary).to_contain_text("Amount 40 % · Loudness: A number of my own")


def _choose(page: Page, kind: str, file: Path) -> None:
    page.locator(f"input[name={kind}_file]").set_input_files(file)


def _measure_next(made: scene.Made) -> None:
    audio = AudioFile.objects.claim_next(worker="a worker")
    assert audio is not None
    scene.measure(audio, made)
