"""Rules of platforms that the operator corrects: checked, and used from then on."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from dsp.platforms import platforms
from mastering.messages.release import platform_lines
from mastering.models import PlatformRule, Version, current_platforms
from mastering.plots import plot_of_report
from tests.reports import REPORT

SPOTIFY: dict[str, Any] = {
    "code": "spotify",
    "target_lufs": -11.0,
    "turns_up": True,
    "headroom_dbtp": -1.0,
    "rule": "Louder masters are turned down to −11 LUFS.",
    "source": "https://support.example.com/loudness/",
    "dated": timezone.now().date(),
}


def rule(**changed: Any) -> PlatformRule:
    made = PlatformRule(**(SPOTIFY | changed))
    made.full_clean()
    made.save()
    return made


def test_without_corrections_the_data_holds(db):
    assert current_platforms() == platforms()


def test_a_correction_holds_everywhere_and_deleted_no_more(finished: Version, as_alice: Client):
    made = rule()
    assert current_platforms()[0].target_lufs == -11.0
    assert current_platforms()[0].name == "Spotify"
    assert current_platforms()[1:] == platforms()[1:]
    assert SPOTIFY["rule"] in [line.rule for line in platform_lines(finished)]
    plot = plot_of_report(REPORT, "platforms")
    assert plot is not None
    assert plot.lines[-1].values[0] == -11.0
    page = as_alice.get(f"/masters/{finished.master_id}/").content.decode()
    assert SPOTIFY["source"] in page
    assert SPOTIFY["dated"].isoformat() in page
    made.delete()
    assert current_platforms() == platforms()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "cassette"}, "code"),
        ({"target_lufs": 3.0}, "target_lufs"),
        ({"target_lufs": -50.0}, "target_lufs"),
        ({"headroom_dbtp": 2.0}, "headroom_dbtp"),
        ({"turns_up": False}, "headroom_dbtp"),
        ({"turns_up": False, "headroom_dbtp": None, "limits": True}, "limits"),
        ({"source": "http://support.example.com/"}, "source"),
        ({"source": "javascript:alert(1)"}, "source"),
        ({"source": ""}, "source"),
        ({"rule": ""}, "rule"),
        ({"dated": timezone.now().date() + timedelta(days=2)}, "dated"),
        ({"dated": None}, "dated"),
        ({"example": {"loudness_lufs": -20}}, "example"),
        ({"example": [1]}, "example"),
        (
            {"example": {"loudness_lufs": "a", "true_peak_dbtp": -5, "played_lufs": -16}},
            "example",
        ),
        (
            {"example": {"loudness_lufs": -20, "true_peak_dbtp": -5, "played_lufs": -12}},
            "example",
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(db, changed, field):
    with pytest.raises(ValidationError) as refused:
        rule(**changed)
    assert field in refused.value.message_dict


def test_a_rule_must_come_to_its_own_example(db):
    rule(example={"loudness_lufs": -20, "true_peak_dbtp": -5, "played_lufs": -16})
