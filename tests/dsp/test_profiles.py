"""Profile documents: what comes back whole, and what is refused of strangers."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from dsp.character import GROUP_COUNT, PRINT_STEPS
from dsp.distribution import QUANTILES
from dsp.errors import ProfileInvalid, ProfileUnsupported, TooLarge
from dsp.measure import STORED
from dsp.profiles import (
    BANDS,
    GROUPS,
    MOST_DOCUMENT_BYTES,
    MOST_PRINT_BYTES,
    PROFILE_VERSION,
    QUANTILE_COUNT,
    Document,
    check_profile,
    is_document,
    read_document,
)
from dsp.spectrum import BAND_COUNT

STARTERS = Path(__file__).parent.parent.parent / "references" / "starters"
PROFILE: dict[str, Any] = json.loads((STARTERS / "rock.json").read_text())["profile"]


FLAG: dict[str, Any] = {"code": "lossy", "confidence": 0.9, "value": 16.0}


def document(**changes: Any) -> bytes:
    told = json.loads(Document(PROFILE, title="Night Bus", tags=("warm",)).to_json())
    return json.dumps(told | changes).encode()


def test_a_document_comes_back_as_it_was():
    told = Document(PROFILE, "Café", "Ana", "rock", "notes", ("warm", "2024"))
    content = told.to_json()
    assert is_document(content[:4096])
    assert read_document(content) == told
    assert read_document(b"\xef\xbb\xbf" + content) == told
    assert content == told.to_json()


@pytest.mark.parametrize("health", [(), (FLAG,)])
def test_what_was_found_in_the_sound_comes_back_too(health):
    told = Document(PROFILE, health=health)
    assert read_document(told.to_json()) == told
    assert read_document(Document(PROFILE).to_json()).health is None, "nobody looked"


def test_what_a_document_may_hold_is_what_the_engine_measures():
    assert PROFILE["version"] == PROFILE_VERSION
    assert BAND_COUNT == BANDS
    assert GROUP_COUNT == GROUPS
    assert QUANTILES.size == QUANTILE_COUNT
    assert 2 * PRINT_STEPS == MOST_PRINT_BYTES
    assert {*STORED, "version"} == set(PROFILE)


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


HOSTILE = [
    ("rate_hz", 44_100.5), ("rate_hz", True), ("rate_hz", 10**400), ("frames", 0),
    ("frames", 44_100), ("channels", 6), ("integrated_lufs", "loud"), ("integrated_lufs", None),
    ("integrated_lufs", -3000.0), ("psr_db", [1.0, 2.0]), ("psr_db", [3.0, 2.0, 1.0]),
    ("mid_db", [0.0] * 119), ("mid_db", [1e308] * 120), ("mid_db", [None] * 120), ("mid_db", {}),
    ("side_db", ["0"] * 120), ("correlation", [1.1] * 120), ("momentary_quantiles_lu", [0.0] * 50),
    ("tempo_bpm", -1), ("fingerprint", "A" * 100_000), ("fingerprint", "é"),
    ("fingerprint", "AA=="),
    ("sections", [{}]), ("sections", [PROFILE["sections"][0]] * 2), ("sections", [[]] * 5000),
    ("sections", [PROFILE["sections"][0] | {"role": "<script>"}]),
    ("sections", [PROFILE["sections"][0] | {"letter": "<b>"}]),
    ("sections", [PROFILE["sections"][0] | {"role": ["intro"]}]),
    ("loudness_curve_lufs", []), ("loudness_curve_lufs", [0.0] * 401),
    ("moments_mid", _packed(bytes(120))), ("moments_mid", _packed(bytes(119))),
    ("moments_mid", _packed(b"")), ("moments_mid", _packed(bytes(300_000_00))),
    ("moments_mid", base64.b64encode(b"no zlib").decode()), ("moments_seconds", [1.0, 0.0]),
    ("unheard_of", 1), ("version", [2]),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_a_value_that_nothing_measures_is_refused(case: int):
    name, value = HOSTILE[case]
    with pytest.raises(ProfileUnsupported):
        check_profile(PROFILE | {name: value})


DOCUMENTS = {
    "empty": (b"", ProfileInvalid),
    "a list": (b"[]", ProfileInvalid),
    "UTF-16": (b"\xff\xfe{}", ProfileInvalid),
    "deep list": (b"[" * 100_000, ProfileInvalid),
    "deep object": (b'{"a":' * 50_000, ProfileInvalid),
    "another format": (document(format="other"), ProfileInvalid),
    "another format version": (document(format_version=2), ProfileUnsupported),
    "another profile version": (document(profile=PROFILE | {"version": 1}), ProfileUnsupported),
    "no profile": (document(profile=None), ProfileInvalid),
    "an extra part": (document(extra=1), ProfileInvalid),
    "title no text": (document(title=5), ProfileInvalid),
    "long title": (document(title="x" * 201), ProfileInvalid),
    "null sign": (document(title="\0"), ProfileInvalid),
    "half a sign": (document(title="\ud800"), ProfileInvalid),
    "many tags": (document(tags=["a"] * 21), ProfileInvalid),
    "tags no list": (document(tags="warm"), ProfileInvalid),
    "health no list": (document(health={}), ProfileInvalid),
    "many flags": (document(health=[FLAG] * 41), ProfileInvalid),
    "flag no object": (document(health=["lossy"]), ProfileInvalid),
    "half a flag": (document(health=[{"code": "lossy"}]), ProfileInvalid),
    "markup for a code": (document(health=[FLAG | {"code": "<b>"}]), ProfileInvalid),
    "too sure": (document(health=[FLAG | {"confidence": 1.1}]), ProfileInvalid),
    "value no number": (document(health=[FLAG | {"value": "16"}]), ProfileInvalid),
    "not a number": (document().replace(b'"density": ', b'"density": NaN, "x": '), ProfileInvalid),
    "infinite": (document().replace(b'"density": ', b'"density": 1e999, "x": '), ProfileInvalid),
    "a huge number": (b'{"format": "lacquer-profile", "n": ' + b"9" * 5_000 + b"}", ProfileInvalid),
    "too large": (b" " * (MOST_DOCUMENT_BYTES + 1), TooLarge),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_hostile_document_is_refused_with_its_code(case: str):
    content, error = DOCUMENTS[case]
    with pytest.raises(error) as refused:
        read_document(content)
    assert refused.type.code == error.code
