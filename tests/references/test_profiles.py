"""Profiles without their sound: what is deleted, what is kept, and documents from strangers."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import collecting
from dsp import box
from dsp.profiles import (
    MOST_DOCUMENT_BYTES,
    PROFILE_VERSION,
    Document,
    check_profile,
    read_document,
)
from mastering.management.invariants import broken_invariants
from mastering.models import Version
from mastering.tasks import render_next
from references.errors import NotMeasured, ProfileOutdated, SoundNeeded
from references.models import AudioFile, DirectUpload, Reference
from references.services import (
    STARTERS,
    clear_sounds,
    drop_sound,
    export_profile,
    keep_reference,
    receive_upload,
    sources_of,
    starter_summaries,
    use_starter,
)
from references.services.starters import FOLDER
from references.tasks import measure_next
from tests.references.shelf import shelve
from tests.studio import MIX, REFERENCE, PlayedEngine, measured, submitted, uploaded

PROFILE: dict[str, Any] = json.loads((FOLDER / "rock.json").read_text())["profile"]


def document(**changes: Any) -> bytes:
    told = json.loads(Document(PROFILE, title="Night Bus", tags=("warm",)).to_json())
    return json.dumps(told | changes).encode()


def below(folder: str) -> list[str]:
    root = Path(default_storage.path(folder))
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_only_the_profile_is_left_in_storage(
    alice: User, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    first, again = uploaded(alice, REFERENCE), uploaded(alice, REFERENCE)
    while measure_next():
        pass
    default_storage.save(f"{first.folder}/7/proxy.m4a", ContentFile(b"of a lost attempt"))
    entry = Reference.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        drop_sound(reference=entry)
    for audio in (first, again):  # the same file had come twice
        audio.refresh_from_db()
        assert audio.sound == AudioFile.Sound.NONE
        assert below(audio.folder) == ["1/profile.json.gz"]
        assert (audio.proxy_name, audio.lossless_name) == (None, None)
    assert broken_invariants(deep=True, pause_seconds=0.0) == []


def test_a_direct_upload_leaves_nothing_in_the_quarantine(
    alice: User, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    entry = shelve(alice)
    upload = DirectUpload.objects.create(
        user=alice, kind=REFERENCE, filename="a.wav", size_bytes=1, audio=entry.audio,
        expires=entry.created,
    )  # fmt: skip
    default_storage.save(upload.key, ContentFile(b"sound"))
    with django_capture_on_commit_callbacks(execute=True):
        drop_sound(reference=entry)
    assert not default_storage.exists(upload.key)


def test_what_the_storage_did_not_delete_is_deleted_by_the_sweep(
    alice: User, engine: PlayedEngine, monkeypatch, django_capture_on_commit_callbacks
):
    audio = uploaded(alice, REFERENCE)
    measure_next()

    def away(_name: str) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", away)
        with django_capture_on_commit_callbacks(execute=True):
            drop_sound(reference=Reference.objects.get())
    audio.refresh_from_db()
    assert audio.sound == AudioFile.Sound.LEAVING
    assert not audio.has_sound
    clear_sounds()
    audio.refresh_from_db()
    assert audio.sound == AudioFile.Sound.NONE
    assert below(audio.folder) == ["1/profile.json.gz"]


def test_the_sound_of_a_mix_is_not_dropped(alice: User, engine: PlayedEngine):
    version = measured(submitted(alice))
    entry = Reference.objects.create(user=alice, audio=version.master.mix, title="My mix")
    with pytest.raises(SoundNeeded):
        drop_sound(reference=entry)
    assert AudioFile.objects.get(pk=entry.audio_id).has_sound


def test_what_is_not_measured_or_outdated_keeps_its_sound(alice: User):
    uploaded(alice, REFERENCE)
    with pytest.raises(NotMeasured):
        drop_sound(reference=Reference.objects.get())
    with pytest.raises(NotMeasured):
        export_profile(reference=Reference.objects.get())
    old = shelve(alice, "Old", audio={"profile_version": PROFILE_VERSION - 1})
    with pytest.raises(ProfileOutdated):
        drop_sound(reference=old)
    with pytest.raises(ProfileOutdated):
        export_profile(reference=old)


def test_a_profile_alone_is_no_mix(as_alice: Client, alice: User):
    entry = shelve(alice, audio={"sound": AudioFile.Sound.NONE})
    sent = {"mix": entry.audio_id, "reference": shelve(alice, "Two", seed=1).audio_id, "amount": 70,
            "loudness": "reference", "ceiling_dbtp": -1, "max_limiting_db": 6}  # fmt: skip
    response = as_alice.post(reverse("mastering:new"), sent)
    assert response.status_code == 422
    assert not Version.objects.exists()


def test_nothing_is_heard_of_a_dropped_sound(
    as_alice: Client, alice: User, finished: Version, django_capture_on_commit_callbacks
):
    reference = finished.master.reference
    page = reverse("mastering:detail", args=[finished.master_id])
    listen = reverse("references:listen", args=[reference.pk])
    assert listen in as_alice.get(page).text
    entry = Reference.objects.get(audio=reference)
    address = reverse("references:drop-sound", args=[entry.pk])
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(address)
    text = as_alice.get(page).text
    assert listen not in text
    assert "kept as measurements only" in text
    assert as_alice.get(listen).status_code == 404
    assert as_alice.get(reverse("references:waveform", args=[reference.pk])).status_code == 404
    shares = reverse("mastering:shares", args=[finished.master_id, 1])
    assert "includes_reference" not in as_alice.get(shares).text
    assert as_alice.post(shares, {"days": "30"}).status_code == 302
    entry_page = as_alice.get(reverse("references:detail", args=[entry.pk])).text
    assert "Profile only" in entry_page


def test_an_export_of_ones_data_holds_the_profile_in_the_place_of_the_sound(
    alice: User, engine: PlayedEngine, django_capture_on_commit_callbacks
):
    audio = uploaded(alice, REFERENCE)
    measure_next()
    with django_capture_on_commit_callbacks(execute=True):
        drop_sound(reference=Reference.objects.get())
    told: list[tuple[Any, Any]] = collecting.send(sender=User, user=alice)
    (tracks,) = [chapter for _, chapter in told if chapter.name == "tracks"]
    ((path, key),) = tracks.files.items()
    assert path == f"uploads/{audio.pk}/profile.json.gz"
    assert default_storage.exists(key)
    assert tracks.rows["library"][0]["tags"] == []
    assert tracks.rows["uploads"][0]["sound"] == "NONE"


@pytest.fixture
def newer_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what lets everything measured so far be of an older version."""
    newer = PROFILE_VERSION + 1
    return lambda: monkeypatch.setattr("references.models.audio.PROFILE_VERSION", newer)


def test_an_old_profile_is_measured_again_where_its_sound_is_there(
    alice: User, engine: PlayedEngine, newer_engine: Callable[[], None]
):
    measured(submitted(alice))
    newer_engine()
    render_next()
    assert Version.objects.get().has_succeeded
    assert engine.ran[-3:] == ["renew_profile", "renew_profile", "render"]


def test_an_old_profile_without_sound_is_said_to_be_old(
    alice: User, as_alice: Client, engine: PlayedEngine, newer_engine: Callable[[], None]
):
    reference = measured(submitted(alice)).master.reference
    newer_engine()
    AudioFile.objects.filter(pk=reference.pk).update(sound=AudioFile.Sound.NONE)
    render_next()
    assert Version.objects.get().error_code == "profile_unsupported"
    entry = Reference.objects.get(audio=reference)
    page = as_alice.get(reverse("references:detail", args=[entry.pk])).text
    assert "older version" in page


def test_a_profile_that_was_exported_is_added_like_a_file(
    as_alice: Client, alice: User, engine: PlayedEngine
):
    audio = receive_upload(user=alice, kind=REFERENCE, file=ContentFile(document(), "p.json"))
    entry = Reference.objects.get(user=alice)
    assert (entry.title, entry.tags, entry.origin) == ("Night Bus", ["warm"], "PROFILE")
    assert not audio.has_sound
    measure_next()
    audio.refresh_from_db()
    assert audio.is_ready
    assert list(audio.outputs) == ["profile.json.gz"]
    assert engine.ran == ["inspect_profile"]
    assert "Profile only" in as_alice.get(reverse("references:list")).text
    assert "profile only" in as_alice.get(reverse("references:card", args=[audio.pk])).text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(profile={}), "profile_unsupported"),
        (document(profile=PROFILE | {"rate_hz": 0}), "profile_invalid"),
        (document() + b" " * MOST_DOCUMENT_BYTES, "too_large"),
    ],
    ids=["no profile", "no rate", "too large"],
)
def test_a_bad_document_is_refused_before_anything_is_stored(
    as_alice: Client, content: bytes, code: str
):
    sent = {"files": ContentFile(content, "p.json"), "rights": "1"}
    response = as_alice.post(reverse("references:add"), sent, headers={"HX-Request": "true"})
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert not AudioFile.objects.exists()


def test_a_profile_is_not_taken_as_a_mix(as_alice: Client):
    sent = {"kind": "mix", "file": ContentFile(document(), "p.json")}
    response = as_alice.post(reverse("references:upload"), sent, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "unsupported_format" in response.text


def test_an_export_is_what_can_be_added_again(as_alice: Client, alice: User):
    entry = shelve(alice, "Night Bus", artist="Ana", tags=["warm"])
    packed = gzip.compress(json.dumps(PROFILE).encode())
    default_storage.save(entry.audio.key("profile.json.gz"), ContentFile(packed))
    response = as_alice.get(reverse("references:export", args=[entry.pk]))
    assert "attachment" in response["Content-Disposition"]
    back = read_document(response.content)
    assert (back.title, back.artist, back.tags) == ("Night Bus", "Ana", ("warm",))
    assert back.health == (), "it was looked at, and nothing was found"
    assert back.profile == PROFILE


def test_a_profile_that_is_kept_again_is_trusted_no_more_than_before(alice: User):
    audio = {"format": "profile", "sound": AudioFile.Sound.NONE, "facts": {"health": None}}
    entry = shelve(alice, origin=Reference.Origin.PROFILE, audio=audio)
    entry.delete()  # taken out, while a master needs what was measured
    again = keep_reference(user=alice, audio=entry.audio)
    assert (again.origin, again.trust_level) == (Reference.Origin.PROFILE, "part")


LOSSY = {"code": "lossy", "confidence": 1.0, "value": 16.0}


@pytest.mark.parametrize(
    ("health", "says", "says_not"),
    [
        (None, ["Trust it in part", "Not checked."], ["As its profile tells"]),
        ([], [">Trust it<", "As its profile tells", "Nothing was found where its sound was."], []),
        ([LOSSY], ["Trust it in part", "As its profile tells", "Lossy."], ["Nothing was found"]),
        ([LOSSY | {"code": "of_tomorrow"}], ["Trust it in part", "Not checked."], ["of_tomorrow"]),
    ],
    ids=["nothing told", "nothing found", "lossy", "a word that is not known"],
)
def test_an_added_profile_is_trusted_as_far_as_it_tells(
    as_alice: Client, alice: User, health, says, says_not
):
    audio = {"format": "profile", "sound": AudioFile.Sound.NONE, "facts": {"health": health}}
    entry = shelve(alice, origin=Reference.Origin.PROFILE, audio=audio)
    page = as_alice.get(reverse("references:detail", args=[entry.pk])).text
    assert [words for words in says if words not in page] == []
    assert [words for words in says_not if words in page] == []


@pytest.mark.parametrize(
    "stored",
    [b"no gzip", gzip.compress(b"{}"), gzip.compress(b"[" * 99_999)],
    ids=["no gzip", "empty", "deep"],
)
def test_a_damaged_profile_in_storage_is_no_server_error(
    as_alice: Client, alice: User, stored: bytes
):
    entry = shelve(alice)
    default_storage.save(entry.audio.key("profile.json.gz"), ContentFile(stored))
    address = reverse("references:export", args=[entry.pk])
    assert as_alice.get(address)["Location"] == reverse("references:detail", args=[entry.pk])


@pytest.mark.parametrize("code", STARTERS)
def test_every_starter_is_a_whole_profile_of_named_free_music(code: str):
    stored = json.loads((FOLDER / f"{code}.json").read_text())
    check_profile(stored["profile"])
    assert stored["profile"]["fingerprint"] == ""  # nothing by which a track is known
    assert len(stored["profile"]["sections"]) == 1
    assert stored["profile"]["integrated_lufs"] == -14.0
    assert len(sources_of(code)) >= 2
    for track in sources_of(code):
        assert track["licence"] in {
            "CC0", "CC-BY-3.0", "CC-BY-SA-3.0", "Expat", "BSD-2-clause", "GPL-2+", "GPL-3+",
            "public-domain",
        }  # fmt: skip
        assert track["package"]


def test_starters_are_measured_like_any_reference(alice: User, bob: User, engine: PlayedEngine):
    assert [code for code, _ in starter_summaries()] == list(STARTERS)
    entry = use_starter(user=alice, code="jazz")
    assert use_starter(user=alice, code="jazz") == entry
    assert use_starter(user=bob, code="jazz") != entry
    measure_next()
    assert AudioFile.objects.get(pk=entry.audio_id).is_ready
    with pytest.raises(KeyError):
        use_starter(user=alice, code="polka")
    assert not AudioFile.objects.filter(kind=MIX).exists()


@pytest.mark.slow
def test_the_box_takes_a_profile_document(tmp_path: Path):
    (tmp_path / "source").write_bytes(document(health=[LOSSY]))
    (tmp_path / "out").mkdir()
    found = box.run(
        "dsp.jobs:inspect_profile",
        str(tmp_path / "source"),
        str(tmp_path / "out"),
        scratch=tmp_path,
        limits=box.ENGINE,
        allow_weak=True,
    )
    assert found["summary"]["integrated_lufs"] == -14.0
    assert found["facts"]["health"] == [LOSSY]
    assert (tmp_path / "out" / "profile.json.gz").is_file()
