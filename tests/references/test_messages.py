"""Every code has its words, and every number its form."""

import re

import pytest
from django.utils import translation

from dsp import errors
from dsp.findings import FILE_CODES, PAIR_CODES
from references import errors as refusals
from references.messages import (
    FINDINGS,
    REFUSALS,
    audio_messages,
    finding_message,
    refusal_message,
)
from references.messages.wording import GUIDES
from references.models import AudioFile
from references.templatetags import audio
from references.templatetags.checks import ready_words

NOTHING_TO_DO = {"dc_offset", "little_headroom", "narrow_low_end"}


def test_every_finding_of_the_engine_has_words():
    told = {code.removeprefix("possible_") for code in FINDINGS}
    assert told == set(FILE_CODES) | set(PAIR_CODES)


@pytest.mark.parametrize("code", FINDINGS)
def test_a_finding_says_what_was_measured_why_it_matters_and_what_to_do(code: str):
    told = finding_message({"code": code, "severity": "warning", "value": -3.25, "unit": "dB"})
    assert told.title
    assert told.text.endswith(".")
    assert told.why.endswith(".")
    assert "{" not in told.text
    assert told.advice.endswith(".") or code in NOTHING_TO_DO
    assert not told.guide or told.guide in GUIDES


def test_findings_and_what_is_left_for_the_mix_point_to_guides():
    pointed_to = {finding.guide for finding in FINDINGS.values() if finding.guide}
    assert {"prepare", "reference", "limits"} <= pointed_to


def test_what_is_not_sure_is_told_as_a_possibility():
    clipping = {"code": "clipping", "value": 12, "unit": "runs"}
    assert finding_message(clipping | {"confidence": 0.95}).title == "Clipped peaks"
    assert finding_message(clipping | {"confidence": 0.6}).title == "Perhaps clipped peaks"


def test_which_side_is_silent_is_said():
    sides = [
        finding_message({"code": "dead_channel", "value": value, "unit": "channel"}).text
        for value in (0.0, 1.0)
    ]
    assert "left" in sides[0]
    assert "right" in sides[1]


def test_no_text_promises_or_claims_to_hear_an_instrument():
    for wording in (*FINDINGS.values(), *REFUSALS.values()):
        text = " ".join(map(str, (wording.title, wording.text, wording.why, wording.advice)))
        assert not re.search(r"\b(perfect|magic|oops|AI)\b", text, re.IGNORECASE)
        assert not re.search(r"\bthe (vocals?|guitars?|drums?|kick|snare|piano)\b(?! range)", text)


def test_every_refusal_of_audio_has_words():
    codes = {kind.code for kind in errors.AudioError.__subclasses__()}
    codes |= {kind.code for kind in refusals.UploadRefused.__subclasses__()}
    assert codes - {
        "profile_unsupported",
        "recipe_unsupported",
        "invalid_settings",
        "invalid_cover",
    } <= set(REFUSALS)


def test_a_finding_is_told_with_its_number():
    told = finding_message(
        {"code": "little_headroom", "severity": "note", "value": -0.34, "unit": "dBTP",
         "ranges": [[1.0, 2.0]]}
    )  # fmt: skip
    assert told.title == "Little headroom"
    assert "−0.3\N{NO-BREAK SPACE}dBTP" in told.text
    assert (told.severity, told.ranges) == ("note", [[1.0, 2.0]])


def test_a_code_of_a_newer_engine_is_told_by_its_name():
    assert finding_message({"code": "phase_of_moon", "value": 1.0}).title == "Phase of moon"
    assert refusal_message("too_strange").title == "Too strange"


@pytest.mark.parametrize(
    ("written", "arguments", "expected"),
    [
        ("lufs", (-9.44,), "−9.4 LUFS"),
        ("lufs", (None,), "–"),
        ("lufs", (float("-inf"),), "–"),
        ("dbtp", (-1,), "−1.0 dBTP"),
        ("db", (-0.04,), "0.0 dB"),
        ("signed_db", (1.42,), "+1.4 dB"),
        ("signed_db", (-1.42,), "−1.4 dB"),
        ("signed_db", (0.01,), "0.0 dB"),
        ("lu", (6.25,), "6.2 LU"),
        ("khz", (44_100,), "44.1 kHz"),
        ("khz", (48_000,), "48 kHz"),
        ("khz", (11_025,), "11.025 kHz"),
        ("quantity", (63.2, "Hz"), "63 Hz"),
        ("percent", (0.7,), "70 %"),
        ("percent", (None,), "–"),
        ("seconds", (238.2,), "3:58"),
        ("seconds", (3_601,), "1:00:01"),
        ("seconds", (None,), "–"),
        ("minutes", (900,), "15"),
        ("moment", (72.05,), "1:12.05"),
        ("moment", (None,), "–"),
        ("quantity", (17.0, "runs"), "17"),
        ("quantity", (-0.25,), "−0.25"),
        ("quantity", (16.5, "kHz"), "16.5 kHz"),
    ],
)
def test_numbers_are_written_as_the_trade_writes_them(
    written: str, arguments: tuple[object, ...], expected: str
):
    shown = getattr(audio, written)(*arguments)
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_file_with_more_than_one_lasting_damage_is_past_mastering():
    clipped, lossy, wide = (
        {"code": code, "severity": "warning"}
        for code in ("clipping", "lossy_source", "wide_low_end")
    )
    slight = {"code": "lossy_source", "severity": "note"}
    assert AudioFile(findings=[clipped, lossy]).is_past_mastering
    assert not AudioFile(findings=[clipped, slight, wide]).is_past_mastering
    assert not AudioFile(findings=[]).is_past_mastering


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([], "Ready to master"),
        (["dc_offset"], "Ready to master, with one note"),
        (["dc_offset", "little_headroom"], "Ready to master, with 2 notes"),
        (["dc_offset", "clipping"], "Ready to master, with one warning"),
        (["lossy_source", "clipping"], "Ready to master, with 2 warnings"),
    ],
)
def test_the_check_of_a_mix_begins_with_a_verdict(codes: list[str], told: str):
    severity = {"clipping": "warning", "lossy_source": "warning"}
    findings = [{"code": code, "severity": severity.get(code, "note")} for code in codes]
    assert ready_words([finding_message(finding) for finding in findings]) == told


def test_a_finished_song_is_not_told_to_export_with_more_headroom():
    found = [{"code": "already_limited"}, {"code": "little_headroom"}, {"code": "lossy_source"}]
    said = {
        kind: [message.code for message in audio_messages(AudioFile(kind=kind, findings=found))]
        for kind in AudioFile.Kind
    }
    assert said[AudioFile.Kind.REFERENCE] == ["lossy_source"]
    assert len(said[AudioFile.Kind.MIX]) == 3


def test_numbers_are_written_as_the_language_of_the_page_has_them():
    with translation.override("de"):
        assert audio.lufs(-9.44) == "−9,4\N{NO-BREAK SPACE}LUFS"
