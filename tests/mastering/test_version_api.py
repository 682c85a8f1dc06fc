"""Versions over the API, and what is made of them: parts, files, checks, shares."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mastering.models import Export
from mastering.services import expire_exports
from tests.api import code_of, work_all
from tests.mastering.test_credits import credits_of
from tests.studio import content_of

pytestmark = pytest.mark.django_db


def test_versions_are_made_renamed_gone_back_to_and_cost_nothing_more(api, finished, alice):
    master = finished.master_id
    before = credits_of(alice)
    made = api.post(f"masters/{master}/versions", {"settings": {"amount": 0.3}})
    assert made.status_code == 202
    assert made.json()["number"] == 2
    assert credits_of(alice) == before
    work_all()
    told = api.patch(f"versions/{made.json()['id']}", {"name": "softer", "is_starred": True}).json()
    assert (told["name"], told["note"], told["is_starred"]) == ("softer", "", True)
    back = api.patch(f"masters/{master}", {"version": finished.pk, "title": "New"}).json()
    assert (back["version"], back["title"]) == (finished.pk, "New")
    shown = api.get(f"masters/{master}?expand=versions,mix").json()
    assert [each["number"] for each in shown["versions"]] == [2, 1]
    assert shown["mix"]["filename"] == "mix.wav"
    listed = api.get(f"masters/{master}/versions").json()["data"]
    assert [each["id"] for each in listed] == shown_ids(shown)


def shown_ids(master):
    return [each["id"] for each in master["versions"]]


def test_a_part_is_heard_before_the_whole(api, finished):
    wish = {"settings": {"amount": 0.2}, "start_seconds": 1, "end_seconds": 4}
    made = api.post(f"masters/{finished.master_id}/previews", wish)
    assert made.status_code == 202
    preview = made.json()["preview"]
    assert code_of(api.get(f"previews/{preview['id']}/audio")) == (409, "not_ready")
    work_all()
    told = api.get(made["Location"]).json()
    assert told["status"] == "succeeded"
    assert content_of(api.get(told["url"]))
    assert (
        api.get(f"masters/{finished.master_id}/previews").json()["data"][0]["id"] == preview["id"]
    )


def test_report_provenance_plots_and_pdf_of_a_version(api, finished):
    base = f"versions/{finished.pk}"
    assert api.get(f"{base}/report").json()["facts"]["verdict"]["code"] == "closer"
    assert api.get(f"{base}/provenance").json()["version"] == finished.pk
    assert api.get(f"{base}/report.pdf").content.startswith(b"%PDF")
    assert api.get(f"{base}/plots/spectrum.csv").content.count(b"\n") > 1
    assert code_of(api.get(f"{base}/plots/none.csv")) == (404, "not_found")
    assert code_of(api.get(f"{base}/files/none")) == (404, "not_found")


def test_exports_are_made_on_demand_and_are_gone_after_their_time(api, finished):
    base = f"versions/{finished.pk}/exports"
    refused = api.post(base, {"formats": ["mp3-320", "flac24"]})
    assert code_of(refused) == (422, "invalid_request")
    made = api.post(base, {"formats": ["mp3-320", "flac24"], "archive": True})
    assert made.status_code == 202
    assert code_of(api.get(f"exports/{made.json()['id']}/file")) == (409, "not_ready")
    work_all()
    told = api.get(made["Location"]).json()
    assert content_of(api.get(told["url"]))
    assert [each["id"] for each in api.get("exports").json()["data"]] == [told["id"]]
    Export.objects.update(expires=timezone.now() - timedelta(seconds=1))
    expire_exports()
    assert code_of(api.get(made["Location"])) == (410, "gone")
    assert code_of(api.get("exports/exp_" + "a" * 24)) == (404, "not_found")


def test_what_is_gone_of_someone_is_a_404_to_others(api, bobs_api, finished):
    made = api.post(f"versions/{finished.pk}/exports", {"formats": ["flac24"]})
    Export.objects.update(expires=timezone.now() - timedelta(seconds=1))
    expire_exports()
    assert code_of(bobs_api.get(made["Location"])) == (404, "not_found")


def test_a_version_is_checked_for_release_and_made_safe(api, finished, engine):
    engine.codec_peak_dbtp = 0.6
    place = f"versions/{finished.pk}/release-check"
    assert code_of(api.get(place)) == (409, "not_ready")
    unsafe = {"adjust": "safe_ceiling"}
    assert code_of(api.post(f"masters/{finished.master_id}/versions", unsafe)) == (409, "not_ready")
    assert api.post(place).status_code == 202
    work_all()
    told = api.get(place).json()
    assert (told["status"], told["safe_ceiling_dbtp"]) == ("succeeded", -1.8)
    assert {"spotify"} <= {each["code"] for each in told["platforms"]}
    assert told["lines"]
    made = api.post(f"masters/{finished.master_id}/versions", unsafe)
    assert made.json()["settings"]["ceiling_dbtp"] == -1.8


def test_tags_are_read_and_changed(api, finished):
    place = f"masters/{finished.master_id}/tags"
    assert api.get(place).json()["title"] == ""
    told = api.patch(place, {"title": "Song", "isrc": "DE-A12-26-00001"}).json()
    assert (told["title"], told["isrc"], told["has_cover"]) == ("Song", "DEA122600001", False)
    assert api.patch(place, {"artist": "Me"}).json()["title"] == "Song"
    assert code_of(api.patch(place, {"isrc": "x"})) == (422, "invalid_request")


def test_shares_are_opened_read_and_revoked(api, finished, client):
    made = api.post("shares", {"version": finished.pk, "label": "For Mia", "password": "open"})
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["has_password"]) == ("open", True)
    assert client.get(made.json()["url"]).status_code == 200
    assert "password" not in made.json()
    assert api.get(made["Location"]).json()["notes"] == []
    assert api.post(f"{made['Location']}/revoke").json()["state"] == "revoked"
    assert client.get(made.json()["url"]).status_code == 410


def test_presets_keep_settings_by_name(api, finished):
    made = api.post(
        "presets", {"name": "Soft", "settings": {"amount": 0.25, "loudness": "spotify"}}
    )
    assert made.status_code == 201
    assert made.json()["settings"]["loudness"] == -14.0
    taken = api.post("presets", {"name": "Soft", "settings": {}})
    assert code_of(taken) == (409, "preset_name_taken")
    told = api.patch(made["Location"], {"settings": {"width": 0.1}}).json()
    assert (told["settings"]["amount"], told["settings"]["width"]) == (0.25, 0.1)
    master = finished.master
    wish = {"mix": master.mix_id, "reference": master.reference_id, "preset": made.json()["id"]}
    wish |= {"settings": {"amount": 0.5}, "dry_run": True}
    dry = api.post("masters", wish).json()["settings"]
    assert (dry["amount"], dry["width"], dry["loudness"]) == (0.5, 0.1, -14.0)
    assert api.delete(made["Location"]).status_code == 204
    assert code_of(api.get(made["Location"])) == (404, "not_found")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 2}, "settings.amount"),
        ({"loudness": "loud"}, "settings.loudness"),
        ({"loudness": True}, "settings.loudness"),
        ({"loudness": -99}, "settings.loudness"),
        ({"sections": [[0]]}, "settings.sections"),
        ({"sections": [[0, 10**9]]}, "settings.sections"),
        ({"ceiling_dbtp": 1}, "settings.ceiling_dbtp"),
        ([], "settings"),
    ],
)
def test_a_setting_out_of_range_is_named(api, finished, wrong, field):
    refused = api.post(f"masters/{finished.master_id}/versions", {"settings": wrong})
    assert code_of(refused) == (422, "invalid_request")
    assert field in {each["field"] for each in refused.json()["errors"]}
