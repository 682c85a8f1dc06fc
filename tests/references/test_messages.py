"""Every code has its words, and every number its form."""

import ast
import inspect

import pytest

from dsp import checks, errors
from references import errors as refusals
from references.messages import (
    FINDINGS,
    REFUSALS,
    audio_messages,
    finding_message,
    refusal_message,
)
from references.models import AudioFile
from references.templatetags import audio


def codes_of_checks() -> set[str]:
    """Return the codes that the engine's checks can give, read from their source."""
    calls = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(checks)))
        if isinstance(node, ast.Call)
    ]
    named = {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id in ("Finding", "_silence")
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    return named | {"inverted_channel", "out_of_phase"}  # chosen by an expression


def test_every_finding_of_the_engine_has_words():
    codes = codes_of_checks()
    assert len(codes) >= 12
    assert codes == set(FINDINGS)


def test_every_refusal_of_audio_has_words():
    codes = {kind.code for kind in errors.AudioError.__subclasses__()}
    codes |= {kind.code for kind in refusals.UploadRefused.__subclasses__()}
    assert codes - {"profile_unsupported", "invalid_settings", "invalid_cover"} <= set(REFUSALS)


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
        ("hertz", (63.2,), "63 Hz"),
        ("percent", (0.7,), "70 %"),
        ("percent", (None,), "–"),
        ("seconds", (238.2,), "3:58"),
        ("seconds", (3_601,), "1:00:01"),
        ("seconds", (None,), "–"),
        ("minutes", (900,), "15"),
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


def test_a_finished_song_is_not_told_to_export_with_more_headroom():
    found = [{"code": "already_limited"}, {"code": "little_headroom"}, {"code": "lossy_source"}]
    said = {
        kind: [message.code for message in audio_messages(AudioFile(kind=kind, findings=found))]
        for kind in AudioFile.Kind
    }
    assert said[AudioFile.Kind.REFERENCE] == ["lossy_source"]
    assert len(said[AudioFile.Kind.MIX]) == 3
