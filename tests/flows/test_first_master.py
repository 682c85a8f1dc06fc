"""From a visitor to a mastered file, over HTTP and with the real engine in its box."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dsp import box, files
from dsp.audio import Audio
from dsp.loudness import integrated_lufs, weighted_energies
from mastering.models import Master
from mastering.tasks import work
from references.models import AudioFile
from tests.conftest import PASSWORD
from tests.music import song
from tests.studio import content_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SETTINGS = {"amount": 70, "loudness": "reference", "ceiling_dbtp": -1.0, "max_limiting_db": 6.0}


@pytest.fixture
def _boxes():
    yield
    box.close()


def wave(tmp_path, name: str, **played) -> SimpleUploadedFile:
    path = tmp_path / name
    files.write(path, song(**played), format="wav24")
    return SimpleUploadedFile(name, path.read_bytes(), "audio/wav")


def lufs(audio: Audio) -> float:
    return integrated_lufs(weighted_energies(audio))


def sign_up(client: Client, mailoutbox) -> None:
    client.post("/account/signup/", {"email": "carol@example.com", "password1": PASSWORD})
    link = re.search(r"http://testserver(\S+)", str(mailoutbox[-1].body))
    assert link
    client.post(link[1])


@pytest.mark.usefixtures("_boxes")
def test_a_visitor_signs_up_uploads_two_tracks_and_downloads_a_master(
    client, mailoutbox, tmp_path, as_bob
):
    assert client.get("/").status_code == 200, "the pitch"
    assert client.get("/new/").url == "/account/login/?next=/new/"
    sign_up(client, mailoutbox)
    assert client.get("/").url == "/new/", "signed in: straight to work"

    quiet = wave(tmp_path, "My song.wav", seed=1, peak=0.25)
    loud = wave(tmp_path, "Released.wav", seed=2, peak=0.9)
    card = client.post("/audio/", {"kind": "MIX", "file": quiet}, headers={"HX-Request": "true"})
    assert card.status_code == 201
    mix = AudioFile.objects.get(kind=AudioFile.Kind.MIX)
    answer = client.post("/new/", SETTINGS | {"mix": mix.pk, "reference_file": loud})
    page = answer.url
    assert re.fullmatch(r"/masters/mst_\w+/", page)
    assert "HX-Refresh" not in client.get(f"{page}status/").headers, "it waits for a worker"

    for _ in range(3):  # two tracks to measure, one version to render
        work()

    mix.refresh_from_db()
    assert mix.status == AudioFile.Status.READY, mix.error_code
    assert client.get(f"{page}status/").headers["HX-Refresh"] == "true"
    version = Master.objects.get().latest
    assert version.has_succeeded, (version.error_code, version.error_detail)
    assert client.get(page).status_code == 200

    download = client.get(f"{page}1/download/wav24/")
    assert "My song (Lacquer master v1).wav" in download.headers["Content-Disposition"]
    mastered_file = tmp_path / "master.wav"
    mastered_file.write_bytes(content_of(download))
    mastered = files.read(mastered_file)
    before = files.read(tmp_path / "My song.wav")
    assert mastered.samples.shape == before.samples.shape, "sample for sample the same length"
    assert lufs(mastered) > lufs(before) + 3.0
    assert lufs(mastered) == pytest.approx(version.loudness_lufs, abs=0.1)
    assert (version.true_peak_dbtp or 0.0) <= -1.0 + 0.05

    part = client.get(f"{page}1/listen/", headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(content_of(part))) == (206, 100), "players seek"
    assert client.get(f"{page}1/plots.json").json()
    assert b"duration_seconds" in content_of(client.get(f"/audio/{mix.pk}/waveform.json"))

    for path in ("", "status/", "1/listen/", "1/plots.json", "1/download/wav24/"):
        assert as_bob.get(page + path).status_code == 404, "a stranger sees nothing of it"

    answer = client.post(f"{page}versions/", SETTINGS | {"amount": 100, "loudness": "-14"})
    assert answer.url == page
    work()
    assert [version.has_succeeded for version in Master.objects.get().versions.all()] == [True] * 2
    assert Master.objects.get().latest.loudness_lufs == pytest.approx(-14.0, abs=0.3)

    client.post(f"{page}delete/")
    assert client.get(page).status_code == 404
    assert "Released" in client.get("/references/").content.decode(), "the library keeps its tracks"


@pytest.mark.usefixtures("_boxes")
def test_a_file_that_is_no_audio_is_refused_with_the_reason(as_alice):
    text = SimpleUploadedFile("song.wav", io.BytesIO(b"not audio" * 1000).read(), "audio/wav")
    answer = as_alice.post("/new/", SETTINGS | {"mix_file": text})
    assert answer.status_code == 422
    assert not AudioFile.objects.exists()


@pytest.mark.usefixtures("_boxes")
def test_a_master_of_a_broken_file_fails_with_its_code_and_a_page_that_says_so(as_alice, tmp_path):
    short = wave(tmp_path, "Short.wav", seconds=1.0)
    whole = wave(tmp_path, "Whole.wav", seed=3)
    answer = as_alice.post("/new/", SETTINGS | {"mix_file": short, "reference_file": whole})
    for _ in range(3):
        work()
    assert AudioFile.objects.get(kind=AudioFile.Kind.MIX).error_code == "too_short"
    version = Master.objects.get().latest
    assert (version.has_failed, version.error_code) == (True, "mix_rejected")
    assert as_alice.get(answer.url).status_code == 200
