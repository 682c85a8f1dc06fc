"""Blends as entries of the library: made, used, kept and taken out."""

import json
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import collecting
from dsp.errors import InvalidSettings
from dsp.settings import MasterSettings
from dsp.weights import Weights
from mastering.management.invariants import broken_invariants
from mastering.services import cost_credits, delete_master, pair_of, submit_master
from mastering.tasks import render_next
from references.errors import NotBlendable, ProfileOutdated, TooManyUploads
from references.models import AudioFile, Blend, BlendPart, Reference
from references.models.blends import identity_of, shares_of
from references.services import create_blend, drop_sound, receive_upload, remove_audio
from references.tasks import measure_next
from tests.studio import MIX, REFERENCE, PlayedEngine, uploaded, wav

NOTHING = Weights(tone=0.0, dynamics=0.0, width=0.0, loudness=0.0)


def entries(user: User, *names: str) -> list[Reference]:
    """Return measured entries of a library, each of another content."""
    for name in names:
        content = wav(0.01 + 0.001 * Reference.objects.filter(user=user).count())
        receive_upload(user=user, kind=REFERENCE, file=ContentFile(content, f"{name}.wav"))
        while measure_next():
            pass
    return [Reference.objects.get(user=user, title=name) for name in names]


def blended(user: User, *parts: tuple[Reference, Weights], title: str = "Warm") -> Reference:
    made = create_blend(user=user, title=title, parts=parts)
    measure_next()
    return Reference.objects.get(pk=made.pk)


@pytest.fixture
def pair(alice: User, engine: PlayedEngine) -> list[Reference]:
    return entries(alice, "Night", "Day")


def test_a_blend_becomes_an_entry_that_can_be_used(alice: User, pair: list[Reference]):
    made = create_blend(
        user=alice, title="A.B. warm", parts=[(pair[0], Weights()), (pair[1], Weights(tone=0.5))]
    )
    assert not made.audio.is_ready
    assert measure_next() == made.audio
    made.refresh_from_db()
    assert made in Reference.objects.of(alice).usable()
    assert made.origin == Reference.Origin.BLEND
    audio = made.audio
    assert (audio.is_blend, audio.has_sound, audio.title) == (True, False, "A.B. warm")
    assert set(audio.outputs) == {"profile.json.gz"}
    assert audio.loudness_lufs == -12.0
    assert [part.title for part in audio.blend.parts.all()] == ["Night", "Day"]
    assert made.trust is not None


def test_the_engine_is_given_each_profile_with_its_weights(
    alice: User, pair: list[Reference], engine: PlayedEngine
):
    blended(alice, (pair[0], Weights(width=0.0)), (pair[1], Weights(loudness=0.25)))
    assert engine.blended == [
        {"tone": 1.0, "dynamics": 1.0, "width": 0.0, "loudness": 1.0},
        {"tone": 1.0, "dynamics": 1.0, "width": 1.0, "loudness": 0.25},
    ]


def test_a_mix_is_mastered_toward_a_blend(alice: User, pair: list[Reference]):
    made = blended(alice, *((each, Weights()) for each in pair))
    mix = uploaded(alice, MIX)
    measure_next()
    master = submit_master(user=alice, mix=mix, reference=made.audio, settings=MasterSettings())
    assert render_next() == master.latest
    assert master.latest.has_succeeded
    assert broken_invariants(pause_seconds=0.0) == []


def test_other_weights_are_no_other_pair(alice: User, pair: list[Reference]):
    first, second = pair
    mix = uploaded(alice, MIX)
    measure_next()
    equal = blended(alice, (first, Weights()), (second, Weights()))
    other = blended(alice, (second, Weights(tone=0.1)), (first, Weights()))
    alone = blended(alice, (first, Weights()), (second, NOTHING))
    pairs = [pair_of(alice, mix, each.audio) for each in (equal, other, alone, first)]
    assert pairs[0] == pairs[1] != pairs[2] == pairs[3]
    assert cost_credits(user=alice, mix=mix, reference=other.audio) == 1
    submit_master(user=alice, mix=mix, reference=equal.audio, settings=MasterSettings())
    render_next()
    assert cost_credits(user=alice, mix=mix, reference=other.audio) == 0
    assert cost_credits(user=alice, mix=mix, reference=alone.audio) == 1


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_blend_of_too_few_or_too_many_is_refused(alice: User, pair: list[Reference], count: int):
    with pytest.raises(InvalidSettings):
        create_blend(user=alice, title="x", parts=[(pair[0], Weights())] * count)
    assert not Blend.objects.exists()


def test_what_is_not_ones_own_is_not_blended(alice: User, bob: User, pair: list[Reference]):
    (foreign,) = entries(bob, "Foreign")
    with pytest.raises(NotBlendable):
        create_blend(user=alice, title="x", parts=[(pair[0], Weights()), (foreign, Weights())])
    with pytest.raises(NotBlendable):
        create_blend(user=bob, title="x", parts=[(each, Weights()) for each in pair])
    assert not Blend.objects.exists()


def test_neither_doubles_nor_blends_nor_unmeasured_ones_are_blended(
    alice: User, pair: list[Reference]
):
    blend = blended(alice, *((each, Weights()) for each in pair))
    receive_upload(user=alice, kind=REFERENCE, file=ContentFile(wav(0.05), "later.wav"))
    waiting = Reference.objects.get(title="later")
    for other in (pair[0], blend, waiting):
        with pytest.raises(NotBlendable):
            create_blend(user=alice, title="x", parts=[(pair[0], Weights()), (other, Weights())])


def test_what_an_older_engine_measured_is_not_blended(
    alice: User, pair: list[Reference], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("references.models.audio.PROFILE_VERSION", 99)
    with pytest.raises(ProfileOutdated):
        create_blend(user=alice, title="x", parts=[(each, Weights()) for each in pair])


def test_blends_count_among_what_waits_to_be_measured(
    alice: User, pair: list[Reference], settings: Any
):
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 1
    parts = [(each, Weights()) for each in pair]
    create_blend(user=alice, title="one", parts=parts)
    with pytest.raises(TooManyUploads):
        create_blend(user=alice, title="two", parts=parts)


def test_a_blend_outlives_its_references(alice: User, pair: list[Reference]):
    made = blended(alice, *((each, Weights()) for each in pair))
    drop_sound(reference=pair[1])
    remove_audio(audio=pair[0].audio)
    blend = Blend.objects.get(audio=made.audio)
    assert [part.audio for part in blend.parts.all()] == [None, pair[1].audio]
    assert identity_of(made.audio) == blend.identity
    assert default_storage.exists(made.audio.key("profile.json.gz"))


def test_a_reference_removed_too_soon_is_told(alice: User, pair: list[Reference]):
    made = create_blend(user=alice, title="x", parts=[(each, Weights()) for each in pair])
    remove_audio(audio=pair[0].audio)
    measure_next()
    audio = AudioFile.objects.get(pk=made.audio_id)
    assert (audio.status, audio.error_code) == ("REJECTED", "not_blendable")


def test_a_blend_goes_with_all_that_is_stored_of_it(
    alice: User, pair: list[Reference], django_capture_on_commit_callbacks: Any
):
    made = blended(alice, *((each, Weights()) for each in pair))
    key = made.audio.key("profile.json.gz")
    with django_capture_on_commit_callbacks(execute=True):
        remove_audio(audio=made.audio)
    assert not Blend.objects.exists()
    assert not BlendPart.objects.exists()
    assert not default_storage.exists(key)


def test_a_master_keeps_its_blend_until_it_goes_too(alice: User, pair: list[Reference]):
    made = blended(alice, *((each, Weights()) for each in pair))
    mix = uploaded(alice, MIX)
    measure_next()
    master = submit_master(user=alice, mix=mix, reference=made.audio, settings=MasterSettings())
    render_next()
    remove_audio(audio=made.audio)
    assert Blend.objects.exists()
    delete_master(master=master)
    assert not Blend.objects.exists()


def test_blends_are_in_what_a_person_asks_for(alice: User, bob: User, pair: list[Reference]):
    made = blended(alice, (pair[0], Weights(tone=0.25)), (pair[1], Weights()))
    told: dict[User, Any] = {}
    for user in (alice, bob):
        chapters: list[Any] = [chapter for _, chapter in collecting.send(sender=None, user=user)]
        told[user] = next(each for each in chapters if each.name == "tracks")
    (blend,) = told[alice].rows["blends"]
    assert blend["audio"] == made.audio_id
    assert [part["tone"] for part in blend["parts"]] == [0.25, 1.0]
    assert f"uploads/{made.audio_id}/profile.json.gz" in told[alice].files
    assert told[bob].rows["blends"] == []
    json.dumps(blend)


def test_shares_are_of_the_weights_of_all_parts():
    parts = [
        BlendPart(tone=1.0, dynamics=0.0, width=0.2, loudness=1.0),
        BlendPart(tone=0.5, dynamics=1.0, width=0.2, loudness=0.0),
    ]
    shares = shares_of(parts)
    assert shares[0]["tone"] == pytest.approx(2 / 3)
    assert [each["dynamics"] for each in shares] == [0.0, 1.0]
    assert [each["width"] for each in shares] == [0.5, 0.5]


def test_the_database_holds_weights_to_their_range(alice: User, pair: list[Reference]):
    made = blended(alice, *((each, Weights()) for each in pair))
    with pytest.raises(IntegrityError), transaction.atomic():
        BlendPart.objects.filter(blend=made.audio.blend).update(tone=1.5)
