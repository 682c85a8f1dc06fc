"""Pages of blends."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.weights import Weights
from references.models import Blend, Reference
from references.services import create_blend, remove_audio
from references.tasks import measure_next
from tests.references.test_blends import blended, entries
from tests.studio import PlayedEngine

NEW = reverse("references:new_blend")


@pytest.fixture
def pair(alice: User, engine: PlayedEngine) -> list[Reference]:
    return entries(alice, "Night", "Day")


def sent(pair: list[Reference], **changed: Any) -> dict[str, Any]:
    slots = {f"reference_{slot}": each.pk for slot, each in enumerate(pair)}
    return {"title": "Warm", **slots, "tone_0": "100", "tone_1": "0"} | changed


def test_a_blend_is_made_on_its_page(as_alice: Client, alice: User, pair: list[Reference]):
    assert as_alice.get(NEW).status_code == 200
    answer = as_alice.post(NEW, sent(pair))
    made = Reference.objects.get(title="Warm")
    assert answer["Location"] == reverse("references:blend", args=[made.pk])
    parts = list(Blend.objects.get().parts.all())
    assert [part.tone for part in parts] == [1.0, 0.0]
    assert [part.width for part in parts] == [0.5, 0.5]  # where nothing is said, as much of each
    open_page = as_alice.get(answer["Location"]).content.decode()
    assert "being mixed" in open_page
    measure_next()
    page = as_alice.get(answer["Location"]).content.decode()
    assert "100 %" in page
    assert "50 %" in page
    assert f"?reference={made.audio_id}" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": ""}, "required"),
        ({"reference_1": ""}, "required"),
        ({"tone_0": "0"}, "Tone: give at least one reference a weight"),
        ({"width_0": "101"}, "100"),
        ({"width_0": "x"}, "whole number"),
        ({"reference_1": "ref_of_nobody"}, "valid choice"),
    ],
)
def test_what_is_no_blend_is_told_beside_the_form(
    as_alice: Client, pair: list[Reference], changed: dict[str, str], said: str
):
    answer = as_alice.post(NEW, sent(pair, **changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Blend.objects.exists()


def test_one_reference_is_not_named_twice(as_alice: Client, pair: list[Reference]):
    answer = as_alice.post(NEW, sent([pair[0], pair[0]]))
    assert answer.status_code == 422
    assert "named above already" in answer.content.decode()


def test_strangers_neither_see_nor_blend(
    as_bob: Client, alice: User, bob: User, pair: list[Reference]
):
    made = blended(alice, *((each, Weights()) for each in pair))
    assert as_bob.get(reverse("references:blend", args=[made.pk])).status_code == 404
    entries(bob, "Mine", "Other")
    assert "Night" not in as_bob.get(NEW, {"like": made.pk}).content.decode()
    assert as_bob.post(NEW, sent(pair)).status_code == 422
    assert not Blend.objects.filter(audio__user=bob).exists()


def test_what_is_no_blend_has_no_page_of_one(as_alice: Client, pair: list[Reference]):
    assert as_alice.get(reverse("references:blend", args=[pair[0].pk])).status_code == 404


def test_a_blend_is_begun_with_what_was_chosen_or_like_another(
    as_alice: Client, alice: User, pair: list[Reference]
):
    chosen = as_alice.get(NEW, {"reference": [pair[1].pk, "ref_of_nobody"]})
    assert f'<option value="{pair[1].pk}" selected>' in chosen.content.decode()
    made = blended(alice, (pair[0], Weights(tone=0.25)), (pair[1], Weights()))
    like = as_alice.get(NEW, {"like": made.pk}).content.decode()
    assert 'value="25"' in like
    (third,) = entries(alice, "Dusk")
    assert third.pk != pair[0].pk
    remove_audio(audio=pair[0].audio)
    left = as_alice.get(NEW, {"like": made.pk}).content.decode()
    assert f'<option value="{pair[1].pk}" selected>' in left
    assert (
        "no longer in the library"
        in as_alice.get(reverse("references:blend", args=[made.pk])).content.decode()
    )


def test_why_a_blend_failed_is_said_in_the_words_of_the_house(
    as_alice: Client, alice: User, pair: list[Reference]
):
    made = create_blend(user=alice, title="x", parts=[(each, Weights()) for each in pair])
    remove_audio(audio=pair[0].audio)
    measure_next()
    page = as_alice.get(reverse("references:blend", args=[made.pk])).text
    assert "A blend is made of single references that are measured" in page
    assert "before it was mixed in" not in page, "that is for the operator"


def test_without_two_references_the_page_says_so(as_bob: Client, bob: User):
    assert "needs two references" in as_bob.get(NEW).content.decode()


def test_a_refused_blend_keeps_what_was_typed(
    as_alice: Client, alice: User, pair: list[Reference], settings: Any
):
    settings.MAX_OPEN_UPLOADS_PER_PERSON = 1
    create_blend(user=alice, title="one", parts=[(each, Weights()) for each in pair])
    answer = as_alice.post(NEW, sent(pair))
    assert answer.status_code == 422
    assert 'value="Warm"' in answer.content.decode()


def test_visitors_are_asked_to_log_in(client: Client, db: None):
    assert "/login" in client.get(NEW)["Location"]


def test_chosen_references_are_blended_from_the_library(as_alice: Client, pair: list[Reference]):
    sent = {"act": "blend", "ids": [each.pk for each in pair]}
    answer = as_alice.post(reverse("references:bulk"), sent)
    page = as_alice.get(answer["Location"]).content.decode()
    for each in pair:
        assert f'<option value="{each.pk}" selected>' in page


def test_a_blend_stands_in_the_library_and_is_not_exported(
    as_alice: Client, alice: User, pair: list[Reference]
):
    made = blended(alice, *((each, Weights()) for each in pair))
    address = reverse("references:blend", args=[made.pk])
    assert address in as_alice.get(reverse("references:list")).content.decode()
    detail = as_alice.get(reverse("references:detail", args=[made.pk])).content.decode()
    assert address in detail
    export = reverse("references:export", args=[made.pk])
    assert export not in detail
    answer = as_alice.get(export, follow=True)
    assert "A blend is not exported" in answer.content.decode() or answer.status_code == 409
    new = as_alice.get(reverse("mastering:new"), {"reference": made.audio_id})
    assert new.status_code == 200
