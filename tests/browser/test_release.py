"""What leaves the result page: plots read by keys, files, the release check, shared links."""

import io
import re
import wave
import zipfile
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from tinytag import TinyTag

from accounts.models import User
from mastering.models import ReleaseCheck, Share, ShareNote, Version
from mastering.plots import plot_of_report
from references.models import AudioFile
from tests.browser import scene
from tests.browser.conftest import Visit
from tests.browser.player import PLAYER
from tests.conftest import browser_of
from tests.pictures import png


@pytest.fixture
def page(visit: Visit, alice: User, version: Version) -> Page:
    return visit(reverse("mastering:detail", args=[version.master_id]), user=alice)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " ")).strip()


def inked(plot: Locator) -> int:
    """Return how many pixels of a plot are drawn in a track's colour."""
    return int(
        plot.locator("canvas").evaluate(
            """canvas => {
              const { data } = canvas.getContext('2d')
                .getImageData(0, 0, canvas.width, canvas.height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 128 && data[i] > 150 && data[i + 1] < 110) count++;
              return count;
            }"""  # the master's red
        )
    )


def test_every_plot_is_drawn_and_read_out_by_the_arrow_keys(page: Page, version: Version) -> None:
    for kind in ("spectrum", "tone", "loudness", "width", "correlation", "dynamics", "platforms"):
        page.locator(f"#plot-{kind}-tab").click()
        panel = page.locator(f"#plot-{kind}")
        plot = panel.locator("level-plot")
        expect(plot.locator("canvas")).to_be_visible()
        page.wait_for_timeout(50)
        assert inked(plot) > 100, kind
        values = plot_of_report(version.report, kind)
        assert values is not None
        plot.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        row = [plain(cell) for cell in values.rows[1]] if len(values.x) <= 48 else None
        told = panel.locator("[data-spoken]")
        expect(told).not_to_have_text("")
        if row:
            read = [plain(text) for text in panel.locator(".plot-legend b").all_inner_texts()]
            assert read == row[1:], kind
            assert plain(panel.locator("[data-at]").inner_text()) in plain(told.inner_text())


def test_a_plot_is_read_out_under_the_pointer_and_drawn_anew_in_the_other_theme(
    page: Page,
) -> None:
    plot = page.locator("#plot-spectrum level-plot")
    expect(plot.locator("canvas")).to_be_visible()
    at = page.locator("#plot-spectrum [data-at]")
    plot.hover(position={"x": 200, "y": 100})
    first = at.inner_text()
    plot.hover(position={"x": 500, "y": 100})
    assert at.inner_text() != first
    before = plot.screenshot()
    page.get_by_role("button", name="Switch between dark and light").click()
    page.wait_for_timeout(100)
    assert plot.screenshot() != before


def test_a_plot_is_taken_away_as_csv(page: Page, version: Version) -> None:
    page.locator("#plot-tone-tab").click()
    with page.expect_download() as download:
        page.locator("#plot-tone").get_by_role("link", name="All values as CSV").click()
    plot = plot_of_report(version.report, "tone")
    assert plot is not None
    assert download.value.path().read_bytes().decode() == plot.csv
    assert download.value.suggested_filename == "Night drive v1 tone.csv"


def test_files_are_chosen_made_and_fetched(
    page: Page, version: Version, made: scene.Made, tmp_path: Path
) -> None:
    page.get_by_role("link", name="Add title, artist, ISRC and cover").click()
    page.get_by_label("Artist").fill("Ada")
    page.get_by_label("ISRC").fill("DE-A12-26-00001")
    page.get_by_label("Cover", exact=True).set_input_files(
        {"name": "cover.png", "mimeType": "image/png", "buffer": png()}
    )
    page.get_by_role("button", name="Keep these").click()
    expect(page.get_by_role("link", name=re.compile("Ada – Night drive"))).to_be_visible()

    take_away = page.locator("#take-away")
    take_away.get_by_label("MP3, 320 kbit/s").check()
    take_away.get_by_label("WAV, 24 bit").uncheck()
    take_away.get_by_label("Sample rate").select_option("48000")
    take_away.get_by_role("button", name="Make files").click()
    expect(take_away.get_by_text("waiting")).to_be_visible()
    scene.export_next(made)
    link = take_away.get_by_role("link", name="Download MP3, 320 kbit/s")
    expect(link).to_be_visible(timeout=10_000)
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Ada – Night drive (Lacquer master v1).mp3"
    fetched = tmp_path / "fetched.mp3"
    download.value.save_as(fetched)
    tags = TinyTag.get(fetched, image=True)
    assert (tags.title, tags.artist, tags.samplerate) == ("Night drive", "Ada", 48_000)
    assert tags.other["isrc"] == ["DEA122600001"]
    assert tags.images.front_cover is not None
    assert tags.images.front_cover.data == png(secret=False)


def test_a_zip_holds_the_files_with_report_and_provenance(
    page: Page, version: Version, made: scene.Made
) -> None:
    take_away = page.locator("#take-away")
    take_away.get_by_label("WAV, 16 bit").check()
    take_away.get_by_role("button", name="Make one ZIP").click()
    expect(take_away.get_by_text("waiting")).to_be_visible()
    scene.export_next(made)
    link = take_away.get_by_role("link", name=re.compile("Download ZIP"))
    expect(link).to_be_visible(timeout=10_000)
    with page.expect_download() as download:
        link.click()
    with zipfile.ZipFile(download.value.path()) as packed:
        assert packed.testzip() is None
        assert set(packed.namelist()) == {
            "report.json",
            "report.pdf",
            "provenance.json",
            "Night drive (Lacquer master v1 24 bit).wav",
            "Night drive (Lacquer master v1 16 bit).wav",
        }
        wav = packed.read("Night drive (Lacquer master v1 16 bit).wav")
    with wave.open(io.BytesIO(wav)) as sound:
        assert (sound.getsampwidth(), sound.getframerate()) == (2, 44_100)


def test_choosing_nothing_is_told(page: Page) -> None:
    take_away = page.locator("#take-away")
    take_away.get_by_label("WAV, 24 bit").uncheck()
    take_away.get_by_role("button", name="Make files").click()
    expect(take_away.get_by_role("alert")).to_contain_text("Choose at least one format")


def test_the_release_check_begins_when_it_comes_into_view(
    page: Page, version: Version, made: scene.Made
) -> None:
    page.locator("#release").scroll_into_view_if_needed()
    expect(page.locator("#release progress")).to_be_visible()
    check = ReleaseCheck.objects.claim_next(worker="a worker")
    assert check is not None
    scene.check_release(check, made, ceiling_dbtp=-1.0)
    expect(page.locator(".check")).to_have_count(4, timeout=10_000)
    ceiling = ReleaseCheck.objects.get().found["safe_ceiling_dbtp"]
    assert ceiling is not None  # the made song's copies pass full scale
    page.get_by_role("button", name="Render again with a ceiling of").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your master is being made")
    assert Version.objects.get(number=2).chosen.ceiling_dbtp == ceiling


def test_a_link_lets_someone_listen_comment_and_approve(
    page: Page, visit: Visit, version: Version
) -> None:
    page.get_by_role("link", name="Share").click()
    page.get_by_label("For whom").fill("For the band")
    page.get_by_label("Password").fill("open sesame")
    page.get_by_role("button", name="Open a link").click()
    link = page.get_by_label("Link For the band").input_value()
    path = re.sub(r"^https?://[^/]+", "", link)

    listener = visit(path)
    expect(listener.get_by_role("heading", level=1)).to_have_text("Shared with you")
    assert "Night drive" not in listener.content()
    listener.get_by_label("Password").fill("open sesame")
    listener.get_by_role("button", name="Listen").click()
    expect(listener.get_by_role("heading", level=1)).to_have_text("Night drive")
    listener.get_by_role("button", name="Play", exact=True).click()
    expect(listener.locator("[data-part=time]")).not_to_have_text("0:00", timeout=20_000)
    listener.evaluate(f"{PLAYER}.seek(12)")
    expect(listener.locator("[data-part=place]")).to_have_text(re.compile("0:1[2-4]"))
    listener.get_by_label("Your name").fill("Bea")
    listener.get_by_role("textbox", name="Comment").fill("More snare, please.")
    listener.get_by_role("button", name="Comment", exact=True).click()
    expect(listener.locator(".note")).to_contain_text("More snare, please.")
    said = ShareNote.objects.get()
    assert said.at_seconds is not None
    assert 11.5 < said.at_seconds < 20.0
    expect(listener.get_by_label("Your name")).to_have_value("Bea")  # remembered
    listener.get_by_role("button", name="Approve this version").click()
    expect(listener.locator(".note")).to_have_count(2)

    page.reload()
    expect(page.locator(".share")).to_contain_text("approved this version")
    expect(page.locator(".share")).to_contain_text("heard by one")
    page.get_by_role("button", name="Close the link").click()
    expect(page.get_by_text("Nobody can listen by it any more.")).to_be_visible()
    assert not Share.objects.get().is_open


def test_a_closed_link_stops_even_those_who_listen(
    visit: Visit, version: Version, complaints: list[str]
) -> None:
    share = scene.shared(version)
    page = visit(reverse("mastering:share", args=[share.token]))
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    Share.objects.filter(pk=share.pk).revoke()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("This link is closed")
    assert "Night drive" not in page.content()
    complaints[:] = [one for one in complaints if "(Gone)" not in one]


def test_files_chosen_before_there_is_an_account_go_up_after_signing_in(
    visit: Visit, alice: User, made: scene.Made
) -> None:
    page = visit("/")
    mix, reference = (page.locator(f"keep-file[data-kind={kind}]") for kind in ("mix", "reference"))
    mix.locator("input").set_input_files(made.mix / "source.wav")
    reference.locator("input").set_input_files(made.reference / "source.wav")
    expect(mix).to_contain_text("source.wav")
    expect(reference).to_contain_text("Kept in this browser")
    page.reload()
    expect(mix).to_contain_text("source.wav")
    assert not AudioFile.objects.exists()

    session = browser_of(alice).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": page.url}])
    page.goto("/new/")
    for kind in ("mix", "reference"):
        card = page.locator(f"#card-{kind}")
        expect(card).to_have_attribute("data-state", "measuring", timeout=10_000)
    assert AudioFile.objects.of(alice).count() == 2
    page.goto("/new/")  # and once only
    expect(page.locator("#card-mix")).to_have_attribute("data-state", "empty")
    page.wait_for_timeout(300)
    assert AudioFile.objects.count() == 2


def test_a_kept_file_can_be_let_go(visit: Visit, db: None, made: scene.Made) -> None:
    page = visit("/")
    card = page.locator("keep-file[data-kind=mix]")
    card.locator("input").set_input_files(made.mix / "source.wav")
    card.get_by_role("button", name="Choose another").click()
    expect(card.get_by_text("Drop your mix here, or choose it")).to_be_visible()
    page.reload()
    expect(card).to_have_attribute("data-state", "empty")


def test_pricing_and_guides_are_one_click_from_the_landing_page(visit: Visit, db: None) -> None:
    page = visit("/")
    main = page.locator("main")
    assert main.get_by_role("link", name="Pricing").get_attribute("href") == "/pricing/"
    main.get_by_role("link", name=re.compile("^Guides")).click()
    expect(page).to_have_url(re.compile("/guides/$"))
