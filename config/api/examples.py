"""An example of every operation, in curl and in Python; tests run each as it is shown."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

# What stands in the place of ids where an example is shown.
SHOWN: Final[Mapping[str, str]] = {
    "audio_id": "aud_7k3m9c2x8w4n5q6r7t2v3y4z",
    "upload_id": "upl_5n8q2w7e4r9t3y6u2i5p8a4s",
    "reference_id": "ref_2d5f8g4h7j3k6z9x2c5v8b4n",
    "master_id": "mst_9m4n7b2v5c8x3z6s9d4f7g2h",
    "version_id": "ver_3q6w9e2r5t8y4u7i2p5a8s3d",
    "preview_id": "prv_8f3g6h9j2k5z8x4c7v2b5n8m",
    "export_id": "exp_4w7e2r5t8y3u6i9p2a5s8d4f",
    "share_id": "shr_6h9j4k7z2x5c8v3b6n9m2q5w",
    "preset_id": "pst_2e5r8t4y7u3i6p9a2s5d8f4g",
    "key_id": "key_7j2k5z8x4c7v2b5n8m3q6w9e",
    "event_id": "evt_5r8t2y6u9i3p7a4s8d2f6g3h",
    "webhook_id": "whk_4k7z2x9c5v8b3n6m2q7w5e9r",
    "delivery_id": "dlv_9t3y6u2i8p5a4s7d2f9g6h3j",
    "starter_id": "ref_6c9v4b7n2m5q8w3e6r9t4y7u",
    "blend_id": "ref_8s3d6f9g2h5j7k4z8x3c6v9b",
    "album_id": "alb_3z6x9c4v7b2n5m8q3w6e9r4t",
    "song_id": "trk_7y2u5i8p3a6s9d4f7g2h5j8k",
    "archive_id": "arc_5b8n3m6q9w4e7r2t5y8u3i6p",
    "starter_code": "pop",
    "format_code": "wav24",
    "kind": "spectrum",
}

PYTHON_HEAD: Final = """\
from os import environ
from pathlib import Path

import httpx

lacquer = httpx.Client(
    base_url=environ["LACQUER_URL"] + "/api/v1/",
    headers={"Authorization": f"Bearer {environ['LACQUER_API_KEY']}"},
    follow_redirects=True,
    timeout=60,
)
"""


@dataclass(frozen=True, slots=True)
class Example:
    """What one request says. Names in braces stand for ids, and ``@`` before a file's name."""

    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    saves: str = ""


_TRACKS: Final = {"mix": "{audio_id}", "reference": "{reference_id}"}

# By operation. Those that need nothing beside their path are not named.
EXAMPLES: Final[Mapping[str, Example]] = {
    "begin_a_direct_upload": Example(
        json={"kind": "mix", "filename": "song.wav", "size_bytes": 52_920_044}
    ),
    "upload_with_one_request": Example(form={"kind": "mix", "file": "@mix.wav"}, key="mix-42"),
    "list_uploads": Example(query={"kind": "mix", "status": "ready"}),
    "listen_to_an_upload": Example(saves="mix.m4a"),
    "add_a_reference": Example(
        form={"file": "@reference.wav", "title": "The one it should sound like"}
    ),
    "list_references": Example(query={"sort": "loudest", "trust": "full", "limit": 50}),
    "change_a_reference": Example(
        json={"genre": "pop", "tags": ["warm", "female voice"], "notes": "For the chorus"}
    ),
    "change_several_references": Example(
        json={"act": "describe", "ids": ["{reference_id}"], "add_tags": ["for Mia"]}
    ),
    "export_the_profile_of_a_reference": Example(saves="profile.json"),
    "create_a_blend": Example(
        json={
            "title": "Warm and wide",
            "parts": [
                {"reference": "{reference_id}", "tone": 1.0, "width": 0.3},
                {"reference": "{starter_id}", "tone": 0.5, "width": 1.0},
            ],
        },
        key="blend-1",
    ),
    "rank_references_for_a_mix": Example(query={"mix": "{audio_id}"}),
    "tell_how_well_a_reference_suits_a_mix": Example(query={"mix": "{audio_id}"}),
    "apply_a_version_to_another_file": Example(
        json={"mix": "{audio_id}", "title": "Song, instrumental"}, key="song-42-instrumental"
    ),
    "create_an_album": Example(
        json={
            "title": "Nine Rooms",
            "artist": "You",
            "reference": "{reference_id}",
            "mixes": ["{audio_id}"],
        },
        key="album-7",
    ),
    "change_an_album": Example(json={"loudness": "keep", "order": ["{song_id}"]}),
    "add_a_song_to_an_album": Example(json={"mix": "{audio_id}", "title": "Opener"}),
    "change_a_song_of_an_album": Example(json={"gap_seconds": 3.5, "offset_lu": -1.0}),
    "submit_an_album": Example(json={"dry_run": False}, key="album-7-masters"),
    "create_an_archive_of_an_album": Example(json={"format": "flac24"}),
    "download_an_archive_of_an_album": Example(saves="album.zip"),
    "list_masters": Example(query={"status": "succeeded", "limit": 10}),
    "create_a_master": Example(
        json=_TRACKS | {"settings": {"amount": 0.7, "loudness": "spotify"}}, key="song-42"
    ),
    "read_a_master": Example(query={"expand": "versions"}),
    "change_a_master": Example(json={"title": "Song, second mix"}),
    "master_two_files_with_one_request": Example(
        form={"mix": "@mix.wav", "reference": "@reference.wav", "amount": "0.7"}
    ),
    "create_a_version": Example(json={"settings": {"amount": 0.5, "width": 0.0}}),
    "change_a_version": Example(json={"name": "For the single", "is_starred": True}),
    "create_a_preview": Example(
        json={"settings": {"tone": 0.4}, "start_seconds": 4, "end_seconds": 12}
    ),
    "listen_to_a_preview": Example(saves="preview.flac"),
    "listen_to_a_version": Example(saves="version.m4a"),
    "download_a_version": Example(saves="master.wav"),
    "read_the_report_of_a_version_as_pdf": Example(saves="report.pdf"),
    "read_a_plot_of_a_version_as_csv": Example(saves="spectrum.csv"),
    "change_the_tags_of_a_master": Example(json={"title": "Song", "artist": "You"}),
    "create_an_export": Example(json={"formats": ["flac24", "mp3-320"], "archive": True}),
    "download_an_export": Example(saves="package.zip"),
    "create_a_share": Example(json={"version": "{version_id}", "days": 30, "label": "For Mia"}),
    "create_a_preset": Example(json={"name": "Gentle", "settings": {"amount": 0.4}}),
    "change_a_preset": Example(json={"settings": {"ceiling_dbtp": -1.5}}),
    "list_events": Example(query={"type": "master.succeeded", "limit": 10}),
    "list_deliveries": Example(query={"limit": 10}),
    "create_a_webhook": Example(
        json={
            "url": "https://example.com/lacquer",
            "types": ["master.succeeded", "master.failed"],
        },
        key="webhook-1",
    ),
    "change_a_webhook": Example(json={"description": "Production", "enabled": True}),
    "create_a_key": Example(json={"name": "Nightly", "scopes": ["masters:write", "audio:write"]}),
}


def example_of(operation: str) -> Example:
    return EXAMPLES.get(operation, Example())


def curl(operation: str, method: str, path: str, ids: Mapping[str, str] = SHOWN) -> str:
    """Return the example as a command for a shell."""
    example = example_of(operation)
    verb = "" if method == "GET" or example.form or example.json else f" -X {method}"
    if method not in ("GET", "POST") and not verb:
        verb = f" -X {method}"
    lines = [
        f'curl -sS -L --fail-with-body{verb} "$LACQUER_URL{_address(example, path, ids)}"',
        '-H "Authorization: Bearer $LACQUER_API_KEY"',
    ]
    if example.key:
        lines.append(f'-H "Idempotency-Key: {example.key}"')
    if example.json is not None:
        body = json.dumps(_filled(example.json, ids))
        lines += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    lines += [f'-F "{name}={value}"' for name, value in _filled(example.form, ids).items()]
    if example.saves:
        lines.append(f"-o {example.saves}")
    return " \\\n  ".join(lines)


def python(operation: str, method: str, path: str, ids: Mapping[str, str] = SHOWN) -> str:
    """Return the example in Python, to stand below ``PYTHON_HEAD``."""
    example = example_of(operation)
    said = [repr(_address(example, path, ids).removeprefix("/api/v1/"))]
    if example.json is not None:
        said.append(f"json={_filled(example.json, ids)!r}")
    form = _filled(example.form, ids)
    texts = {name: value for name, value in form.items() if not value.startswith("@")}
    files = {name: value[1:] for name, value in form.items() if value.startswith("@")}
    if texts:
        said.append(f"data={texts!r}")
    if files:
        opened = ", ".join(
            f"{name!r}: ({file!r}, Path({file!r}).read_bytes())" for name, file in files.items()
        )
        said.append(f"files={{{opened}}}")
    if example.key:
        said.append(f"headers={{'Idempotency-Key': {example.key!r}}}")
    call = f"answer = lacquer.{method.lower()}(\n    " + ",\n    ".join(said) + ",\n)"
    after = "print(answer.json() if answer.content else answer.status_code)"
    if example.saves:
        after = f"Path({example.saves!r}).write_bytes(answer.content)"
    return f"{call}\nanswer.raise_for_status()\n{after}".replace("'", '"')


def _address(example: Example, path: str, ids: Mapping[str, str]) -> str:
    query = urlencode(_filled(example.query, ids))
    return str(_filled(path, ids)) + (f"?{query}" if query else "")


def _filled(said: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(said, str):
        for name, value in ids.items():
            said = said.replace(f"{{{name}}}", value)
        return said
    if isinstance(said, Mapping):
        return {name: _filled(value, ids) for name, value in said.items()}
    if isinstance(said, list):
        return [_filled(value, ids) for value in said]
    return said
