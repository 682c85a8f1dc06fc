"""The pages of the library, and what strangers get of them."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from references.models import AudioFile, Reference, RightsStatement
from tests.references.shelf import make_audio, shelve
from tests.studio import PlayedEngine, measured, submitted, wav, wav_file

LIST = "references:list"
FROM_SCRIPT = {"HX-Request": "true"}


def shown(client: Client, **asked: Any) -> list[str]:
    page = client.get(reverse(LIST), asked, headers=FROM_SCRIPT).text
    return re.findall(r"list-title[^>]*>([^<]+)<", page)


def test_entries_are_listed_with_their_numbers(as_alice: Client, alice: User):
    shelve(alice, "Night Bus", artist="The Larches", tags=["warm"], genre="rock")
    page = as_alice.get(reverse(LIST)).text
    for text in ("Night Bus", "The Larches", "warm", "Rock, indie", "9.5", "Trust it", "<svg"):
        assert text in page
    assert "style=" not in page


def test_the_list_is_searched_sorted_and_filtered_by_its_address(as_alice: Client, alice: User):
    shelve(alice, "Loud", told={"integrated_lufs": -6.0}, tags=["club"])
    shelve(alice, "Quiet", seed=1, told={"integrated_lufs": -15.0})
    assert shown(as_alice) == ["Quiet", "Loud"]
    assert shown(as_alice, sort="loudest") == ["Loud", "Quiet"]
    assert shown(as_alice, q="quiet") == ["Quiet"]
    assert shown(as_alice, tag="club") == ["Loud"]
    assert shown(as_alice, loudness_lufs_max="-10") == ["Quiet"]
    assert shown(as_alice, sound="none") == []
    assert shown(as_alice, trust="full", doubles="") == ["Quiet", "Loud"]


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "'; drop table"}, {"loudness_lufs_min": "nan"}, {"plr_db_max": "1e999"},
        {"after": "../.."}, {"q": "\0"}, {"q": "%" * 500}, {"mix": "aud_nobody"}, {"trust": "x"},
        {"tag": "x" * 90}, {"width_db_min": "loud"},
    ],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_error(as_alice: Client, alice: User, asked: Any):
    shelve(alice)
    assert as_alice.get(reverse(LIST), asked).status_code == 200


def test_long_lists_go_on_from_where_they_stopped(as_alice: Client, alice: User):
    for number in range(52):
        shelve(alice, f"Song {number:02}", seed=number)
    page = as_alice.get(reverse(LIST), {"sort": "title"}).text
    assert "Song 49" in page
    assert "Song 50" not in page
    after = re.search(r"after=([\w-]+)", page)
    assert after
    rest = shown(as_alice, sort="title", after=after[1])
    assert rest == ["Song 50", "Song 51"]


@pytest.mark.parametrize("entries", [1, 40])
def test_a_page_asks_the_database_as_often_whatever_it_shows(
    as_alice: Client, alice: User, entries: int, django_assert_max_num_queries
):
    for number in range(entries):
        shelve(alice, f"Song {number}", seed=number, tags=[f"tag {number}"])
    as_alice.get(reverse(LIST))  # the first visit of a session is noted
    with django_assert_max_num_queries(11):
        as_alice.get(reverse(LIST))


def test_the_library_is_ranked_for_a_mix(as_alice: Client, alice: User):
    mix = make_audio(alice, "My mix", seed=7)
    shelve(alice, "Far away", seed=3, told={"mid_db": [0.0] * 14 + [-60.0] * 14})
    shelve(alice, "Mastered", seed=7, told={"integrated_lufs": -9.0})
    page = as_alice.get(reverse(LIST), {"mix": mix.pk}).text
    assert shown(as_alice, mix=mix.pk) == ["Mastered", "Far away"]
    assert "Use this one" in page
    assert shown(as_alice, mix=mix.pk, q="far") == ["Far away"]


def test_while_ranking_there_is_nothing_to_choose_and_no_bar_for_it(as_alice: Client, alice: User):
    shelve(alice)
    mix = make_audio(alice, seed=1)
    assert "<bulk-bar>" in as_alice.get(reverse(LIST)).text
    assert "<bulk-bar hidden>" in as_alice.get(reverse(LIST), {"mix": mix.pk}).text


def test_choices_beside_a_mix_are_ranked_with_reasons(as_alice: Client, alice: User):
    mix = make_audio(alice, "My mix", seed=7)
    shelve(alice, "Mastered", seed=7, told={"integrated_lufs": -9.0})
    page = as_alice.get(reverse("references:choices"), {"mix": mix.pk}).text
    assert page.index("Mastered") < page.index("Starter")
    assert "Good match" in page
    assert "every 1s" not in page


def test_choices_wait_for_a_mix_that_is_measured(as_alice: Client, alice: User):
    mix = AudioFile.objects.create(
        user=alice, kind="MIX", filename="mix.wav", format="wav", size_bytes=1
    )
    shelve(alice, "Night Bus")
    page = as_alice.get(reverse("references:choices"), {"mix": mix.pk}).text
    assert "every 1s" in page
    assert "Night Bus" in page


def test_strangers_mixes_are_not_ranked_for(as_alice: Client, bob: User, alice: User):
    theirs = make_audio(bob, "Secret mix")
    shelve(alice, "Night Bus")
    for view in ("references:choices", LIST):
        assert "Secret mix" not in as_alice.get(reverse(view), {"mix": theirs.pk}).text


def add(client: Client, *files: Any, rights: bool = True, headers: Any = None) -> Any:
    sent: dict[str, Any] = {"files": list(files)} | ({"rights": "1"} if rights else {})
    return client.post(reverse("references:add"), sent, headers=headers)


def test_several_files_are_added_by_one_form(as_alice: Client, alice: User):
    other = wav_file("two.wav", wav(0.02))
    page = as_alice.get(add(as_alice, wav_file("one.wav"), other).headers["Location"]).text
    assert {entry.title for entry in Reference.objects.of(alice)} == {"one", "two"}
    assert "2 tracks are added." in page


def test_rights_are_stated_once(as_alice: Client, alice: User, bob: User):
    refused = add(as_alice, wav_file(), rights=False, headers=FROM_SCRIPT)
    assert (refused.status_code, refused.json()["code"]) == (422, "rights_unstated")
    assert not AudioFile.objects.exists()
    assert "Asked once" in as_alice.get(reverse(LIST)).text
    assert add(as_alice, wav_file(), headers=FROM_SCRIPT).status_code == 201
    other = wav_file("two.wav", wav(0.02))
    assert add(as_alice, other, rights=False, headers=FROM_SCRIPT).status_code == 201
    assert "Asked once" not in as_alice.get(reverse(LIST)).text
    assert list(RightsStatement.objects.values_list("user", flat=True)) == [alice.pk]


def test_a_file_that_is_refused_does_not_stop_the_others(as_alice: Client, alice: User):
    bad = SimpleUploadedFile("notes.txt", b"no audio" * 99)
    page = as_alice.get(add(as_alice, bad, wav_file("one.wav")).headers["Location"]).text
    assert [entry.title for entry in Reference.objects.of(alice)] == ["one"]
    assert "notes.txt" in page
    assert "One track" in page or "1 track is added." in page


def test_a_direct_upload_into_the_library_needs_the_statement_too(as_alice: Client):
    said = {"kind": "reference", "filename": "a.wav", "size_bytes": "100"}
    address = reverse("references:begin-reference")
    assert as_alice.post(address, said).json()["code"] == "rights_unstated"
    assert as_alice.post(address, said | {"rights": "1"}).status_code == 201
    assert as_alice.post(address, {}).status_code == 400


def test_an_entry_is_described_on_its_page(as_alice: Client, alice: User):
    entry = shelve(alice)
    address = reverse("references:detail", args=[entry.pk])
    assert "How far to trust it" in as_alice.get(address).text
    said = {"title": "Day Train", "artist": "Ana", "genre": "jazz", "tags": "a, b", "notes": "x"}
    assert as_alice.post(address, said).status_code == 302
    entry.refresh_from_db()
    assert (entry.title, entry.genre, entry.tags) == ("Day Train", "jazz", ["a", "b"])
    assert as_alice.post(address, said | {"title": ""}).status_code == 422
    assert as_alice.post(address, said | {"genre": "unheard of"}).status_code == 422


def test_the_chosen_are_described_and_removed(as_alice: Client, alice: User):
    entries = [shelve(alice, f"Song {n}", seed=n) for n in range(3)]
    ids = [entry.pk for entry in entries[:2]]
    sent = {"act": "describe", "ids": ids, "add_tags": "new, warm", "back": "?q=song"}
    response = as_alice.post(reverse("references:bulk"), sent)
    assert response["Location"] == f"{reverse(LIST)}?q=song"
    assert shown(as_alice, tag="warm") == ["Song 1", "Song 0"]
    as_alice.post(reverse("references:bulk"), {"act": "remove", "ids": ids})
    assert shown(as_alice) == ["Song 2"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"act": "remove"}, {"act": "explode", "ids": ["ref_x"]},
     {"act": "describe", "ids": ["ref_x"], "genre": "x", "back": "//evil.example"}],
)  # fmt: skip
def test_a_bulk_act_that_makes_no_sense_changes_nothing(
    as_alice: Client, alice: User, sent: dict[str, Any]
):
    shelve(alice)
    response = as_alice.post(reverse("references:bulk"), sent)
    assert response["Location"] == reverse(LIST)
    assert Reference.objects.count() == 1


def test_a_starter_is_used_without_any_upload(as_alice: Client, alice: User, engine: PlayedEngine):
    address = reverse("references:starter", args=["rock"])
    response = as_alice.post(address, {"mix": "aud_x"})
    entry = Reference.objects.get(user=alice)
    expected = f"{reverse('mastering:new')}?mix=aud_x&reference={entry.audio_id}"
    assert response["Location"] == expected
    assert (entry.starter, entry.is_starter) == ("rock", True)
    as_alice.post(address)
    assert Reference.objects.count() == 1
    assert as_alice.post(reverse("references:starter", args=["polka"])).status_code == 404


def test_the_reference_of_a_master_is_kept_again(
    as_alice: Client, alice: User, engine: PlayedEngine
):
    version = measured(submitted(alice))
    Reference.objects.all().delete()
    audio = version.master.reference
    response = as_alice.post(reverse("references:keep", args=[audio.pk]))
    entry = Reference.objects.get(audio=audio)
    assert response["Location"] == reverse("references:detail", args=[entry.pk])


STRANGERS = [
    ("references:detail", "get"),
    ("references:detail", "post"),
    ("references:drop-sound", "post"),
    ("references:export", "get"),
]


@pytest.mark.parametrize(("view", "method"), STRANGERS)
def test_what_is_anothers_does_not_exist(as_bob: Client, alice: User, view: str, method: str):
    entry = shelve(alice)
    assert getattr(as_bob, method)(reverse(view, args=[entry.pk])).status_code == 404
    assert as_bob.post(reverse("references:keep", args=[entry.audio_id])).status_code == 404
    entry.refresh_from_db()
    assert entry.audio.has_sound


def test_strangers_see_and_change_nothing_of_a_library(as_bob: Client, alice: User):
    entry = shelve(alice, "Secret")
    assert "Secret" not in as_bob.get(reverse(LIST)).text
    for act in ("describe", "drop_sound", "remove"):
        sent = {"act": act, "ids": [entry.pk], "add_tags": "mine"}
        as_bob.post(reverse("references:bulk"), sent)
    entry.refresh_from_db()
    assert (entry.tags, entry.audio.has_sound) == ([], True)


@pytest.mark.parametrize("view", ["references:list", "references:choices", "references:add"])
def test_the_library_is_for_those_who_are_logged_in(client: Client, view: str):
    response = client.get(reverse(view))
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]
