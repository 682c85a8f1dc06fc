"""Files that a browser sends straight to the storage, past the site; policies allow just that."""

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from playwright.sync_api import expect

from accounts.models import User
from config import s3
from references.models import AudioFile, DirectUpload
from tests.browser.conftest import Visit
from tests.flows.s3_service import BUCKET, Service, client, service
from tests.studio import wav

__all__ = ["service"]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "Grüße.wav"
    path.write_bytes(wav(1.0))
    return path


def allow(settings, service: Service) -> None:
    """Name the service in the content policy, as the settings do for a bucket."""
    origins = s3.origins(
        bucket=BUCKET, endpoint_url=service.url, region="us-east-1", addressing_style="path"
    )
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    connect = {"connect-src": [*directives["connect-src"], *origins]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | connect}


def test_a_chosen_file_goes_straight_to_the_bucket(
    visit: Visit, alice: User, service: Service, live_server, settings, song: Path
):
    allow(settings, service)
    rule = {
        "AllowedOrigins": [live_server.url],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["*"],
    }
    client().put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
    page = visit("/new/", user=alice)
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    page.locator("input[name=mix_file]").set_input_files(song)
    expect(page.locator("#card-mix")).to_contain_text("Grüße")
    expect(page.locator("#card-mix")).not_to_have_attribute("data-state", "sending")
    assert any(method == "PUT" and url.startswith(service.url) for method, url in sent)
    audio = AudioFile.objects.get()
    upload = DirectUpload.objects.get()
    assert audio.size_bytes == song.stat().st_size
    with default_storage.open(upload.key) as stored:
        assert stored.read() == song.read_bytes()


def test_without_leave_by_the_policy_nothing_is_sent_and_the_page_says_so(
    visit: Visit, alice: User, service: Service, complaints: list[str], song: Path
):
    page = visit("/new/", user=alice)
    page.locator("input[name=mix_file]").set_input_files(song)
    expect(page.locator("#card-mix [data-part=failure]")).to_be_visible()
    assert not AudioFile.objects.exists()
    assert any("Content Security Policy" in line for line in complaints)
    complaints.clear()
