"""The addresses behind the player: trying settings, versions, blind counts, several references."""

from hashlib import sha256
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from dsp.errors import SilentAudio
from dsp.settings import MasterSettings
from mastering import services, tasks
from mastering.models import BlindTest, Master, Preview, Remark, Version
from mastering.templatetags.versions import beside
from references.services import receive_upload
from tests.mastering.pages import CHOSEN, page
from tests.studio import REFERENCE, PlayedEngine, content_of, uploaded, wav

TRIED = CHOSEN | {"amount": "30", "start": "4", "end": "10"}
REMARK = {"name": "Louder", "note": "for the label", "is_starred": "on"}
COUNT = {"against": "", "trials": "16", "chosen": "12"}


@pytest.fixture
def preview(finished: Version, engine: PlayedEngine) -> Preview:
    trial = services.try_settings(
        master=finished.master,
        settings=MasterSettings(amount=0.3),
        start_seconds=4.0,
        end_seconds=10.0,
    )
    tasks.preview_next()
    assert trial.preview is not None
    return Preview.objects.get(pk=trial.preview.pk)


# Trying


def test_a_change_is_answered_with_where_the_part_and_the_whole_will_be(
    as_alice: Client, finished: Version, engine: PlayedEngine
):
    answer = as_alice.post(page("try", finished), TRIED)
    assert answer.status_code == 202
    told = answer.json()
    assert as_alice.get(told["preview_url"]).json() == {"state": "open"}
    assert as_alice.get(told["version_url"]).json() == {"state": "open", "number": 2}
    for _ in range(2):
        tasks.work()
    part = as_alice.get(told["preview_url"]).json()
    assert (part["state"], part["start_seconds"], part["gain_db"]) == ("done", 4.0, -0.5)
    assert content_of(as_alice.get(part["url"])).startswith(b"excerpt.flac")
    assert content_of(as_alice.get(part["waveform_url"])).startswith(b"waveform.json")
    whole = as_alice.get(told["version_url"]).json()
    assert [source["key"] for source in whole["sources"]] == ["original", "master", "reference"]
    assert f"/{whole['number']}/listen/" in whole["sources"][1]["url"]


def test_the_whole_is_heard_without_loss_while_it_is_still_measured_and_encoded(
    as_alice: Client, finished: Version, engine: PlayedEngine
):
    as_alice.post(page("try", finished), TRIED)
    state = reverse("mastering:state", args=[finished.master_id, 2])
    early: list[bytes] = []

    def listen() -> None:
        told = as_alice.get(state).json()
        assert told["state"] == "open"
        early.append(content_of(as_alice.get(told["early_url"])))
        assert as_alice.get(told["early_url"].partition("?")[0]).status_code == 404

    engine.after_audible = listen
    for _ in range(2):
        tasks.work()
    assert early[0].startswith(b"wav24.wav")
    version = Version.objects.get(number=2)
    told = as_alice.get(state).json()
    assert "early_url" not in told
    assert content_of(as_alice.get(told["sources"][1]["lossless_url"])) == early[0]
    recorded = version.outputs["wav24.wav"]
    assert recorded == {"size_bytes": len(early[0]), "sha256": sha256(early[0]).hexdigest()}


def test_what_was_heard_early_of_work_that_failed_is_gone(
    as_alice: Client, finished: Version, engine: PlayedEngine
):
    as_alice.post(page("try", finished), TRIED)

    def fail() -> None:
        raise SilentAudio("nothing")

    engine.after_audible = fail
    for _ in range(2):
        tasks.work()
    version = Version.objects.get(number=2)
    assert version.has_failed
    assert default_storage.listdir(version.folder) == ([], [])
    early = reverse("mastering:listen", args=[finished.master_id, 2])
    assert as_alice.get(early, {"lossless": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("amount", "200"), ("start", "x"), ("start", "nan"), ("end", "")]
)
def test_a_change_out_of_range_is_told_by_field(
    as_alice: Client, finished: Version, field: str, value: str
):
    answer = as_alice.post(page("try", finished), TRIED | {field: value})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert Version.objects.count() == 1


def test_a_change_that_cannot_be_made_now_says_why(as_alice: Client, finished: Version, settings):
    settings.MAX_OPEN_MASTERS_PER_PERSON = 0
    answer = as_alice.post(page("try", finished), TRIED)
    assert answer.status_code == 409
    assert answer.json()["code"] == "too_many_masters"


def test_a_part_that_failed_says_so(as_alice: Client, preview: Preview):
    other = Preview.objects.create(
        user=preview.user, master=preview.master, settings=preview.settings, start_seconds=0.0,
        end_seconds=1.0, status=Preview.Status.FAILED, error_code="profile_unsupported",
    )  # fmt: skip
    answer = as_alice.get(reverse("mastering:preview", args=[preview.master_id, other.pk])).json()
    assert (answer["state"], answer["code"]) == ("failed", "profile_unsupported")
    assert answer["text"]


def test_a_part_that_is_not_there_yet_is_a_404(as_alice: Client, finished: Version):
    told = as_alice.post(page("try", finished), TRIED).json()
    assert as_alice.get(f"{told['preview_url']}excerpt.flac").status_code == 404


# Versions


def test_the_page_begins_with_the_version_that_was_gone_back_to(
    as_alice: Client, finished: Version, engine: PlayedEngine
):
    services.render_version(master=finished.master, settings=MasterSettings(amount=0.3))
    tasks.work()
    assert as_alice.get(page("detail", finished)).context["version"].number == 2
    answer = as_alice.post(page("restore", finished, 1))
    assert answer["Location"] == page("detail", finished)
    shown = as_alice.get(page("detail", finished))
    assert shown.context["version"] == finished
    assert shown.context["form"]["amount"].value() == 70
    assert "Version 1 is the current one again" in shown.text


def test_a_remark_on_another_version_leaves_the_one_that_is_shown(
    as_alice: Client, finished: Version
):
    answer = as_alice.post(page("remark", finished, 1), REMARK | {"shown": "2"})
    assert answer["Location"] == f"{page('detail', finished)}?version=2#versions"


def test_a_version_that_is_not_finished_is_not_gone_back_to(as_alice: Client, finished: Version):
    services.render_version(master=finished.master, settings=MasterSettings(amount=0.3))
    answer = as_alice.post(page("restore", finished, 2), follow=True)
    assert "Only a finished version" in answer.text


def test_a_name_a_note_and_a_star_are_shown_with_the_version(as_alice: Client, finished: Version):
    answer = as_alice.post(page("remark", finished, 1), REMARK, follow=True)
    assert "Version 1: Louder" in answer.text
    assert "for the label" in answer.text
    assert "starred" in answer.text
    answer = as_alice.post(page("remark", finished, 1), {"name": "<b>"}, follow=True)
    assert "Version 1: &lt;b&gt;" in answer.text
    assert Remark.objects.get().is_starred is False


def test_a_name_that_is_too_long_changes_nothing(as_alice: Client, finished: Version):
    as_alice.post(page("remark", finished, 1), REMARK | {"name": "x" * 81})
    assert not Remark.objects.exists()


def test_two_versions_stand_side_by_side_in_the_player_and_in_a_table(
    as_alice: Client, finished: Version, engine: PlayedEngine
):
    services.render_version(master=finished.master, settings=MasterSettings(amount=0.3))
    tasks.work()
    answer = as_alice.get(page("detail", finished), {"version": "2", "with": "1"})
    sources = answer.context["player"]["sources"]
    assert [each["label"] for each in sources] == ["Original", "Master", "Reference", "Version 1"]
    assert "Version 2 beside version 1" in answer.text
    rows = {row.label: row for row in beside(answer.context["version"], answer.context["other"])}
    assert (rows["Overall amount"].one, rows["Overall amount"].other) == (
        "30\N{NO-BREAK SPACE}%",
        "70\N{NO-BREAK SPACE}%",
    )
    assert rows["Overall amount"].differs
    assert not rows["Ceiling"].differs


@pytest.mark.parametrize("other", ["1", "x", "", "-2"])
def test_a_version_is_not_compared_with_itself_or_with_none(
    as_alice: Client, finished: Version, other: str
):
    answer = as_alice.get(page("detail", finished), {"with": other})
    assert len(answer.context["player"]["sources"]) == 3


def test_a_version_to_compare_with_that_is_not_there_is_a_404(as_alice: Client, finished: Version):
    assert as_alice.get(page("detail", finished), {"with": "7"}).status_code == 404


# Blind


def test_a_count_is_kept_and_told_with_its_probability(as_alice: Client, finished: Version):
    answer = as_alice.post(page("blind", finished, 1), COUNT)
    assert answer.status_code == 201
    assert answer.json() == {
        "chosen": 12,
        "trials": 16,
        "probability": pytest.approx(0.0768, abs=1e-4),
    }
    shown = as_alice.get(page("detail", finished)).text
    assert "Blind: preferred 12 of 16 times over the original. May be chance (7.7 %)." in shown


@pytest.mark.parametrize(
    ("field", "value"), [("chosen", "17"), ("chosen", "-1"), ("trials", "0"), ("trials", "1001")]
)
def test_an_impossible_count_is_refused(
    as_alice: Client, finished: Version, field: str, value: str
):
    assert as_alice.post(page("blind", finished, 1), COUNT | {field: value}).status_code == 422
    assert not BlindTest.objects.exists()


def test_a_count_against_a_version_that_is_not_there_is_a_404(as_alice: Client, finished: Version):
    assert as_alice.post(page("blind", finished, 1), COUNT | {"against": "9"}).status_code == 404


# Several references


def test_several_references_are_submitted_in_one_go_and_compared_on_one_screen(
    as_alice: Client, alice: User, finished: Version, engine: PlayedEngine
):
    audio = [  # of different contents, or they would be one in the library
        receive_upload(
            user=alice, kind=REFERENCE, file=ContentFile(wav(seconds), name=f"{name}.wav")
        )
        for name, seconds in (("Night", 0.02), ("Glass", 0.03))
    ]
    for _ in audio:
        tasks.work()
    shown = as_alice.get(page("matrix", finished))
    assert {value for value, _ in shown.context["form"].fields["references"].choices} == {
        each.pk for each in audio
    }
    answer = as_alice.post(
        page("siblings", finished), CHOSEN | {"references": [each.pk for each in audio]}
    )
    assert answer["Location"] == page("matrix", finished)
    for _ in audio:
        tasks.work()
    player = as_alice.get(page("matrix", finished)).context["player"]
    labels = [each["label"] for each in player["sources"]]
    assert labels[:2] == ["Original", "reference"]
    assert set(labels[2:]) == {"Night", "Glass"}
    assert player["loop"] == (8.0, 16.0)
    chosen = Master.objects.get(reference=audio[1])
    answer = as_alice.post(page("use", chosen.latest))
    assert answer["Location"] == page("detail", chosen.latest)
    assert Remark.objects.get().version == chosen.latest


def test_no_reference_and_one_of_somebody_else_are_refused(
    as_alice: Client, alice: User, bob: User, finished: Version
):
    uploaded(alice, REFERENCE, "own.wav")
    theirs = uploaded(bob, REFERENCE, "theirs.wav")
    for references in ([], [theirs.pk]):
        answer = as_alice.post(page("siblings", finished), CHOSEN | {"references": references})
        assert answer.status_code == 422
    assert Master.objects.count() == 1


# Strangers

PATHS = [
    ("post", "try", ()),
    ("get", "state", (1,)),
    ("post", "restore", (1,)),
    ("post", "remark", (1,)),
    ("post", "blind", (1,)),
    ("get", "matrix", ()),
    ("post", "siblings", ()),
    ("post", "use", ()),
]
PARTS = ["preview", "excerpt", "excerpt_waveform"]
SENT: dict[str, Any] = TRIED | REMARK | COUNT | {"references": []}


@pytest.mark.parametrize(("method", "name", "more"), PATHS)
def test_a_stranger_finds_nothing(
    as_bob: Client, finished: Version, method: str, name: str, more: tuple[int, ...]
):
    assert getattr(as_bob, method)(page(name, finished, *more), SENT).status_code == 404
    assert Version.objects.count() == Master.objects.count() == 1
    assert not any(kind.objects.exists() for kind in (Preview, Remark, BlindTest))


@pytest.mark.parametrize("name", PARTS)
def test_a_stranger_hears_no_part(as_bob: Client, preview: Preview, name: str):
    address = reverse(f"mastering:{name}", args=[preview.master_id, preview.pk])
    assert as_bob.get(address).status_code == 404


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_found_under_its_own_master_only(as_alice: Client, preview: Preview, name: str):
    address = reverse(f"mastering:{name}", args=["mst_other", preview.pk])
    assert as_alice.get(address).status_code == 404


@pytest.mark.parametrize(("method", "name", "more"), PATHS)
def test_who_is_not_logged_in_is_asked_to(
    client: Client, finished: Version, method: str, name: str, more: tuple[int, ...]
):
    answer = getattr(client, method)(page(name, finished, *more), SENT)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("path", [each for each in PATHS if each[0] == "post"])
def test_a_get_changes_nothing(
    as_alice: Client, finished: Version, path: tuple[str, str, tuple[int, ...]]
):
    assert as_alice.get(page(path[1], finished, *path[2])).status_code == 405
