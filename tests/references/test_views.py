"""Uploads and the library over the web."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.errors import SilentAudio
from references.models import AudioFile, Reference
from references.tasks import measure_next
from tests.studio import MIX, REFERENCE, PlayedEngine, content_of, submitted, uploaded, wav_file

FROM_SCRIPT = {"HX-Request": "true"}


def ready(user: User, kind: AudioFile.Kind = MIX) -> AudioFile:
    audio = uploaded(user, kind)
    measure_next()
    audio.refresh_from_db()
    return audio


def send(client: Client, *, kind: str = "mix", headers: Any = FROM_SCRIPT, **fields: Any) -> Any:
    return client.post(reverse("references:upload"), {"kind": kind, **fields}, headers=headers)


def test_a_script_gets_the_card_that_polls_itself(as_alice: Client, alice: User):
    response = send(as_alice, file=wav_file())
    assert response.status_code == 201
    audio = AudioFile.objects.get()
    assert (audio.user, audio.kind) == (alice, MIX)
    assert reverse("references:card", args=[audio.pk]) in response.text


def test_a_form_without_scripts_leads_to_the_new_master(as_alice: Client):
    response = send(as_alice, kind="reference", headers=None, file=wav_file())
    audio = AudioFile.objects.get()
    assert audio.kind == REFERENCE
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('mastering:new')}?reference={audio.pk}"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "missing_file"),
        ({"file": wav_file(content=b"")}, "empty_upload"),
        ({"file": wav_file(content=b"no audio" * 99)}, "unsupported_format"),
    ],
)
def test_a_refusal_is_told_with_its_code(as_alice: Client, fields: Any, code: str):
    response = send(as_alice, **fields)
    assert response.status_code == 422
    assert code in response.text
    assert not AudioFile.objects.exists()


def test_a_refusal_without_scripts_has_a_page(as_alice: Client):
    response = send(as_alice, headers=None, file=wav_file("notes.txt", b"no audio" * 99))
    assert response.status_code == 422
    assert "notes.txt" in response.text
    assert "unsupported_format" in response.text


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, None])
def test_an_upload_that_is_too_much_for_all_is_turned_away_for_a_while(
    as_alice: Client, settings, headers
):
    settings.MAX_BACKLOG = 0
    response = send(as_alice, headers=headers, file=wav_file())
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "too_busy" in response.text
    assert not AudioFile.objects.exists()


def test_a_file_name_is_shown_escaped(as_alice: Client):
    response = send(as_alice, file=wav_file("<script>alert(1)<script>.wav", b"no audio" * 99))
    assert "<script>alert" not in response.text


def test_an_unknown_kind_is_no_upload(as_alice: Client):
    assert send(as_alice, kind="album", file=wav_file()).status_code == 400


def test_a_body_over_the_limit_is_refused_before_it_is_read(as_alice: Client, settings):
    settings.MAX_UPLOAD_BYTES = 1
    content = b"x" * 1_000_100
    response = send(as_alice, file=wav_file(content=content))
    assert response.status_code == 413
    assert not AudioFile.objects.exists()


def test_a_file_over_the_limit_is_refused_by_name(as_alice: Client, settings):
    settings.MAX_UPLOAD_BYTES = 100
    response = send(as_alice, file=wav_file())
    assert response.status_code == 422
    assert "too_large" in response.text


def test_an_upload_from_another_site_is_refused(alice: User):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert send(client, file=wav_file()).status_code == 403
    assert not AudioFile.objects.exists()


def test_a_body_cut_off_on_the_way_is_no_upload(as_alice: Client):
    whole = b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nmix\r\n--b\r\n' + (
        b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF....WAVE'
    )
    response = as_alice.post(
        reverse("references:upload"),
        whole,
        content_type="multipart/form-data; boundary=b",
        headers=FROM_SCRIPT,
    )
    assert response.status_code == 422
    assert "missing_file" in response.text
    assert not AudioFile.objects.exists()


def test_a_card_stops_polling_when_it_is_final(as_alice: Client, alice: User, engine: PlayedEngine):
    audio = uploaded(alice)
    address = reverse("references:card", args=[audio.pk])
    assert "hx-trigger" in as_alice.get(address).text
    measure_next()
    page = as_alice.get(address).text
    assert "hx-trigger" not in page
    assert "Little headroom" in page
    assert "−0.3\N{NO-BREAK SPACE}dBTP" in page
    assert "−18.0\N{NO-BREAK SPACE}LUFS" in page


def test_a_rejected_upload_says_what_to_do(as_alice: Client, alice: User, engine: PlayedEngine):
    engine.refuse(SilentAudio("Nothing is heard."))
    page = as_alice.get(reverse("references:card", args=[ready(alice).pk])).text
    assert "silent_audio" in page
    assert "not muted" in page


def test_a_poll_is_cheap(
    as_alice: Client, alice: User, engine: PlayedEngine, django_assert_max_num_queries
):
    audio = ready(alice)
    as_alice.get(reverse("references:list"))  # the first visit notes the age of the session
    with django_assert_max_num_queries(4):  # session, person, upload, library
        as_alice.get(reverse("references:card", args=[audio.pk]))


def test_the_proxy_is_heard_in_ranges(as_alice: Client, alice: User, engine: PlayedEngine):
    address = reverse("references:listen", args=[ready(alice).pk])
    assert content_of(as_alice.get(address)) == b"proxy.m4a of 1"
    part = as_alice.get(address, headers={"range": "bytes=0-4"})
    assert part.status_code == 206
    assert content_of(part) == b"proxy"


def test_the_waveform_is_json(as_alice: Client, alice: User, engine: PlayedEngine):
    response = as_alice.get(reverse("references:waveform", args=[ready(alice).pk]))
    assert response["Content-Type"] == "application/json"
    assert content_of(response).startswith(b"waveform.json")


@pytest.mark.parametrize("name", ["listen", "waveform"])
def test_what_is_not_measured_yet_has_nothing_to_send(as_alice: Client, alice: User, name: str):
    response = as_alice.get(reverse(f"references:{name}", args=[uploaded(alice).pk]))
    assert response.status_code == 404


def test_removing_a_card_keeps_the_other_one(as_alice: Client, alice: User):
    mix, reference = uploaded(alice), uploaded(alice, REFERENCE)
    response = as_alice.post(
        reverse("references:remove", args=[reference.pk]),
        {"mix": mix.pk, "reference": reference.pk},
    )
    assert response["Location"] == f"{reverse('mastering:new')}?mix={mix.pk}"
    assert list(AudioFile.objects.all()) == [mix]


def test_a_script_that_removes_gets_the_empty_card(as_alice: Client, alice: User):
    audio = uploaded(alice)
    response = as_alice.post(reverse("references:remove", args=[audio.pk]), headers=FROM_SCRIPT)
    assert 'data-state="empty"' in response.text


def test_the_library_lists_and_removes(as_alice: Client, alice: User, engine: PlayedEngine):
    kept = submitted(alice).master.reference
    page = as_alice.get(reverse("references:list")).text
    assert kept.title in page
    assert "used once" in page
    response = as_alice.post(reverse("references:remove", args=[kept.pk]))
    assert response["Location"] == reverse("references:list")
    assert not Reference.objects.exists()


@pytest.mark.parametrize(
    ("method", "name"),
    [("get", "card"), ("post", "remove"), ("get", "listen"), ("get", "waveform")],
)
def test_a_stranger_finds_nothing(
    as_bob: Client, alice: User, engine: PlayedEngine, method: str, name: str
):
    audio = ready(alice)
    response = getattr(as_bob, method)(reverse(f"references:{name}", args=[audio.pk]))
    assert response.status_code == 404
    assert AudioFile.objects.filter(pk=audio.pk).exists()


def test_a_stranger_sees_an_empty_library(as_bob: Client, alice: User):
    uploaded(alice, REFERENCE, "Night Bus.wav")
    assert "Night Bus" not in as_bob.get(reverse("references:list")).text


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("post", "upload"),
        ("get", "card"),
        ("post", "remove"),
        ("get", "listen"),
        ("get", "waveform"),
        ("get", "list"),
    ],
)
def test_who_is_not_logged_in_is_asked_to(client: Client, db: None, method: str, name: str):
    args = [] if name in ("upload", "list") else ["aud_x"]
    response = getattr(client, method)(reverse(f"references:{name}", args=args))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("method", "name"),
    [("get", "upload"), ("post", "card"), ("get", "remove"), ("post", "listen"), ("post", "list")],
)
def test_other_methods_are_refused(as_alice: Client, method: str, name: str):
    args = [] if name in ("upload", "list") else ["aud_x"]
    response = getattr(as_alice, method)(reverse(f"references:{name}", args=args))
    assert response.status_code == 405
