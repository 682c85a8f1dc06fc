"""The library over the API: what is told of references, several at once, documents, blends."""

import json
from typing import Any

import pytest

from dsp.profiles import PROFILE_VERSION
from dsp.weights import BLEND_FORMAT
from references.models import AudioFile, Reference, RightsStatement
from references.services import use_starter
from references.services.starters import FOLDER
from references.tasks import measure_next
from tests.api import ReadableEngine, code_of, program_of, work_all
from tests.references.shelf import shelve
from tests.studio import wav, wav_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def readable(engine, monkeypatch) -> None:
    monkeypatch.setattr("dsp.box.run", ReadableEngine().run)


def titles(answer: Any) -> list[str]:
    return [each["title"] for each in answer.json()["data"]]


def test_an_entry_tells_its_numbers_its_health_and_its_double(api, alice):
    first = shelve(alice, "First", seed=1)
    again = shelve(alice, "Again", seed=1, told={"is_mono": True}, audio={"sha256": "1" * 64})
    told = api.get(f"references/{again.pk}").json()
    assert (told["kind"], told["has_sound"], told["tags"]) == ("upload", True, [])
    assert told["loudness_lufs"] == again.loudness_lufs
    assert told["duration_seconds"] == 200.0
    assert told["trust"] == again.trust
    assert told["trust_level"] == "full"
    assert [flag["code"] for flag in told["health"]] == ["mono"]
    assert told["health"][0]["title"] == "Mono"
    assert (told["same_as"], told["likeness"]) == (first.pk, pytest.approx(1.0))


def test_what_is_not_measured_has_no_numbers(api, engine):
    made = api.post("references", {"file": wav_file("a.wav")}, form=True).json()
    for name in ("loudness_lufs", "plr_db", "width_db", "trust", "trust_level", "same_as"):
        assert made[name] is None, name
    assert made["health"] == []


def test_tags_are_replaced_cleaned_and_found(api, bobs_api, alice):
    entry, other = shelve(alice, "One", seed=1), shelve(alice, "Two", seed=2)
    told = api.patch(f"references/{entry.pk}", {"tags": ["#Warm", "warm", " late  night "]})
    assert told.json()["tags"] == ["Warm", "late night"]
    assert api.patch(f"references/{entry.pk}", {"title": "Uno"}).json()["tags"] == [
        "Warm",
        "late night",
    ]
    assert titles(api.get("references?tag=warm")) == ["Uno"]
    assert titles(api.get("references", {"q": "#warm uno"})) == ["Uno"]
    assert code_of(bobs_api.patch(f"references/{entry.pk}", {"tags": ["x"]}))[0] == 404
    many = {"tags": [str(n) for n in range(21)]}
    assert code_of(api.patch(f"references/{other.pk}", many)) == (422, "invalid_request")


def test_the_library_is_filtered_as_its_page_filters(api, alice):
    shelve(alice, "Loud", seed=1, told={"integrated_lufs": -6.0})
    shelve(alice, "Quiet", seed=2, told={"integrated_lufs": -20.0}, genre="jazz")
    shelve(alice, "Mended", seed=3, audio={"sound": AudioFile.Sound.NONE}, origin="PROFILE")
    assert titles(api.get("references?sort=title")) == ["Loud", "Mended", "Quiet"]
    assert titles(api.get("references?loudness_lufs_min=-7")) == ["Loud"]
    assert titles(api.get("references?loudness_lufs_max=-19")) == ["Quiet"]
    assert titles(api.get("references?genre=Jazz")) == ["Quiet"]
    assert titles(api.get("references?sound=none")) == titles(api.get("references?kind=profile"))
    assert titles(api.get("references?sound=none")) == ["Mended"]
    assert titles(api.get("references?trust=doubtful")) == ["Mended"]  # nobody checked its sound
    assert titles(api.get("references?doubles=true")) == []
    assert titles(api.get("references", {"q": "qui"})) == ["Quiet"]


@pytest.mark.parametrize("order", ["newest", "title", "artist", "loudest", "densest", "used"])
def test_every_order_goes_on_from_page_to_page(api, alice, order):
    for seed in range(5):
        shelve(alice, f"Ä {seed % 3}", seed=seed, artist="é" * 100)
    whole = [each["id"] for each in api.get(f"references?sort={order}").json()["data"]]
    seen, following = [], f"/api/v1/references?sort={order}&limit=2"
    while following:
        answer = api.get(following)
        seen += [each["id"] for each in answer.json()["data"]]
        following = (
            answer.headers.get("Link", "").partition(">")[0].removeprefix("<http://testserver")
        )
    assert seen == whole
    assert len(seen) == 5


def test_a_cursor_of_another_order_is_refused(api, alice):
    for seed in range(2):
        shelve(alice, f"{seed}", seed=seed)
    cursor = api.get("references?sort=title&limit=1").json()["next_cursor"]
    refused = api.get(f"references?sort=loudest&cursor={cursor}")
    assert code_of(refused) == (422, "invalid_request")
    assert refused.json()["errors"][0]["code"] == "invalid_cursor"


def test_several_are_described_at_once_and_others_are_left_alone(api, alice, bob):
    mine, also = shelve(alice, "One", seed=1), shelve(alice, "Two", seed=2, tags=["old"])
    foreign = shelve(bob, "Theirs", seed=3)
    answer = api.post(
        "references/bulk",
        {
            "act": "describe",
            "ids": [mine.pk, also.pk, foreign.pk],
            "add_tags": ["new"],
            "remove_tags": ["OLD"],
            "genre": "pop",
        },
    ).json()
    assert answer["done"] == [mine.pk, also.pk]
    assert [(each["id"], each["code"]) for each in answer["refused"]] == [(foreign.pk, "not_found")]
    for entry in (mine, also):
        entry.refresh_from_db()
        assert (entry.tags, entry.genre, entry.artist) == (["new"], "pop", "")
    foreign.refresh_from_db()
    assert (foreign.tags, foreign.genre) == ([], "")


def test_several_are_deleted_and_those_of_others_stay(api, alice, bob):
    mine, foreign = shelve(alice, "One", seed=1), shelve(bob, "Theirs", seed=3)
    wish = {"act": "delete", "ids": [mine.pk, foreign.pk]}
    assert api.post("references/bulk", wish).json()["done"] == [mine.pk]
    assert list(Reference.objects.all()) == [foreign]


def test_sounds_are_dropped_at_once_but_where_they_are_needed(
    api, alice, readable, django_capture_on_commit_callbacks
):
    kept = api.post("references", {"file": wav_file("a.wav")}, form=True).json()["id"]
    work_all()
    waiting = api.post("references", {"file": wav_file("b.wav", wav(0.02))}, form=True).json()["id"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post("references/bulk", {"act": "drop_sound", "ids": [kept, waiting]}).json()
    assert answer["done"] == [kept]
    assert [each["code"] for each in answer["refused"]] == ["not_measured"]
    assert answer["refused"][0]["detail"]
    assert api.get(f"references/{kept}").json()["has_sound"] is False
    again = api.post(f"references/{kept}/drop-sound")
    assert (again.status_code, again.json()["has_sound"]) == (200, False)
    assert code_of(api.post(f"references/{waiting}/drop-sound")) == (409, "not_measured")


def test_a_test_key_changes_nothing_that_is_live(sandbox, alice):
    live = shelve(alice, "Live", seed=1)
    for act in ("describe", "drop_sound", "delete"):
        answer = sandbox.post("references/bulk", {"act": act, "ids": [live.pk], "genre": "pop"})
        assert answer.json()["done"] == []
    live.refresh_from_db()
    assert live.genre == ""
    assert live.audio.has_sound


def test_a_profile_is_exported_and_brought_to_another_library(api, bobs_api, readable):
    made = api.post(
        "references", {"file": wav_file("a.wav"), "title": "Night", "tags": ["warm"]}, form=True
    ).json()
    path = f"references/{made['id']}/document"
    assert code_of(api.get(path)) == (409, "not_measured")
    work_all()
    document = api.get(path)
    assert "attachment" in document["Content-Disposition"]
    assert (document.json()["title"], document.json()["tags"]) == ("Night", ["warm"])
    assert code_of(bobs_api.get(path)) == (404, "not_found")
    form = {"file": wav_file("night.json", document.content)}
    brought = bobs_api.post("references", form, form=True).json()
    assert (brought["title"], brought["tags"]) == ("Night", ["warm"])
    assert (brought["kind"], brought["has_sound"]) == ("profile", False)
    again = bobs_api.post("references", {"file": wav_file("b.json", document.content)}, form=True)
    assert again.json()["id"] == brought["id"]


@pytest.mark.parametrize("who", ["api", "sandbox"])
def test_a_damaged_document_is_refused_and_leaves_nothing(who, request):
    program = request.getfixturevalue(who)
    profile = {"version": PROFILE_VERSION}
    told = {"format": "lacquer-profile", "format_version": 1, "profile": profile}
    broken = json.dumps(told).encode()
    refused = program.post("references", {"file": wav_file("a.json", broken)}, form=True)
    assert code_of(refused) == (422, "profile_invalid")
    assert not AudioFile.objects.exists()


def test_starters_are_listed_and_used_once(api, bobs_api, engine):
    told = api.get("references/starters").json()["data"]
    assert {each["code"] for each in told} == {path.stem for path in FOLDER.glob("*.json")}
    assert all(each["tracks"] and each["reference"] is None for each in told)
    made = api.post("references/starters/pop")
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["starter"]) == ("starter", "pop")
    assert api.post("references/starters/pop").json()["id"] == made.json()["id"]
    used = {
        each["code"]: each["reference"] for each in api.get("references/starters").json()["data"]
    }
    assert used["pop"] == made.json()["id"]
    assert all(
        each["reference"] is None for each in bobs_api.get("references/starters").json()["data"]
    )
    assert code_of(api.post("references/starters/polka")) == (404, "not_found")


def test_a_test_key_uses_a_starter_of_its_own(api, sandbox, alice, engine):
    live = use_starter(user=alice, code="pop")
    made = sandbox.post("references/starters/pop")
    assert made.status_code == 201
    assert (made.json()["mode"], made.json()["id"] != live.pk) == ("test", True)
    assert sandbox.post("references/starters/pop").json()["id"] == made.json()["id"]
    assert [each["id"] for each in api.get("references").json()["data"]] == [live.pk]


def test_rights_are_stated_where_a_reference_is_brought_and_remembered(api, alice, engine):
    assert api.get("references/rights").json()["stated"] is False
    refused = api.post(
        "references", {"file": wav_file("a.wav"), "states_rights": "false"}, form=True
    )
    assert code_of(refused) == (409, "rights_unstated")
    assert not AudioFile.objects.exists()
    assert api.post("references", {"file": wav_file("a.wav")}, form=True).status_code == 201
    assert not RightsStatement.objects.exists()
    wish = {"kind": "reference", "filename": "b.wav", "size_bytes": 10, "states_rights": True}
    assert api.post("uploads", wish).status_code == 201
    told = api.get("references/rights").json()
    assert told["stated"] is True
    assert "I may use" in told["statement"]
    later = {"kind": "reference", "file": wav_file("c.wav", wav(0.02)), "states_rights": "false"}
    assert api.post("audio", later, form=True).status_code == 202


def test_a_test_key_states_nothing_for_its_person(sandbox, alice, engine):
    form = {"file": wav_file("a.wav"), "states_rights": "true"}
    assert sandbox.post("references", form, form=True).status_code == 201
    assert not RightsStatement.objects.exists()


@pytest.fixture
def pair(api, engine) -> list[str]:
    made = [
        api.post("references", {"file": wav_file(name, wav(length))}, form=True).json()["id"]
        for name, length in (("night.wav", 0.01), ("day.wav", 0.02))
    ]
    while measure_next():
        pass
    return made


def test_a_blend_is_made_read_and_listed(api, bobs_api, pair):
    wish = {
        "title": "Warm",
        "parts": [{"reference": pair[0]}, {"reference": pair[1], "tone": 0.0, "width": 0.25}],
    }
    made = api.post("blends", wish)
    assert made.status_code == 201
    blend = made.json()
    assert (blend["kind"], blend["status"], blend["has_sound"]) == ("blend", "uploaded", False)
    assert made["Location"] == f"/api/v1/blends/{blend['id']}"
    assert [part["reference"] for part in blend["parts"]] == pair
    assert blend["parts"][1]["weights"]["tone"] == 0.0
    assert blend["parts"][0]["shares"] == {
        "tone": 1.0, "dynamics": 0.5, "width": 0.8, "loudness": 0.5,
    }  # fmt: skip
    measure_next()
    assert api.get(made["Location"]).json()["status"] == "ready"
    assert [each["id"] for each in api.get("references?kind=blend").json()["data"]] == [blend["id"]]
    assert code_of(bobs_api.get(f"blends/{blend['id']}")) == (404, "not_found")
    assert code_of(api.get(f"blends/{pair[0]}")) == (404, "not_found")
    assert code_of(api.get(f"references/{blend['id']}/document")) == (409, "blend_stays")
    api.delete(f"references/{pair[0]}")
    left = api.get(made["Location"]).json()["parts"][0]
    assert (left["reference"], left["title"]) == (None, "night")


def test_what_is_no_blend_is_refused(api, bobs_api, pair, engine):
    def asked(program, *parts: dict[str, Any]):
        return program.post("blends", {"title": "x", "parts": parts})

    one, two = ({"reference": pk} for pk in pair)
    assert code_of(asked(api, one)) == (422, "invalid_request")
    assert code_of(asked(api, one, one)) == (409, "not_blendable")
    silent = {"tone": 0.0}
    assert code_of(asked(api, one | silent, two | silent)) == (422, "invalid_settings")
    assert code_of(asked(api, one | {"tone": 1.5}, two)) == (422, "invalid_request")
    assert code_of(asked(bobs_api, one, two)) == (404, "not_found")
    assert not AudioFile.objects.filter(format=BLEND_FORMAT).exists()


def test_a_reader_reads_and_changes_nothing(alice, pair):
    reader = program_of(alice, scopes=["references:read"])
    assert reader.get("references").status_code == 200
    for path in ("references/bulk", "blends", "references/starters/pop"):
        assert code_of(reader.post(path, {})) == (403, "scope_missing")
    assert code_of(reader.post(f"references/{pair[0]}/drop-sound")) == (403, "scope_missing")
