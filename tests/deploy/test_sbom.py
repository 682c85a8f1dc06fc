"""What a site is made of: listed whole, and with no licence that would change ours."""

import importlib.metadata
import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker

from deploy import sbom

COPYLEFT = re.compile(r"(?<!L)A?GPL|SSPL|General Public", re.IGNORECASE)
LESSER = re.compile(r"LGPL[\w.-]*|Lesser General Public\s+License[^;]*", re.IGNORECASE)
# Known, and told in docs/operations.md: encoders of pictures that FFmpeg in the wheel of av links
# to. Lacquer calls none of them, its own licence allows it; who passes an image on minds theirs.
KNOWN = {"libx264", "libx265"}


@pytest.fixture(scope="module")
def bill():
    return json.loads(sbom.TARGET.read_text())


def is_copyleft(licence: str) -> bool:
    """Tell whether every choice that a licence leaves is one that changes ours."""
    choices = licence.split(" OR ")
    return all(
        COPYLEFT.search(LESSER.sub("", choice)) and "exception" not in choice for choice in choices
    )


def licences(component) -> str:
    (told,) = component["licenses"]
    return str(told.get("expression") or told["license"]["name"])


def test_the_bill_is_of_the_lock_file_as_it_is(bill):
    assert sbom.TARGET.read_text() == sbom.written(sbom.bill()), "run `make sbom`"


def test_every_locked_package_is_in_it_once(bill):
    pinned = re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", sbom.LOCK.read_text(), re.MULTILINE)
    listed = [(one["name"], one["version"]) for one in bill["components"] if "purl" in one]
    assert len(pinned) > 60
    assert sorted(listed) == sorted(pinned)


def test_every_licence_is_known_and_none_changes_ours(bill):
    found = []
    for component in bill["components"]:
        for one in (component, *component.get("components", ())):
            assert licences(one) not in ("", "unknown"), one["name"]
            if is_copyleft(licences(one)) and one["name"] not in KNOWN:
                found.append(one["name"])
    assert found == []


@pytest.mark.parametrize(
    ("licence", "wanted"),
    [
        ("GPL-2.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0", True),
        ("MIT AND GPL-3.0-only", True),
        ("LGPL-3.0-only", False),
        ("BSD-3-Clause OR GPL-2.0-or-later", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("MIT", False),
    ],
)
def test_a_licence_that_changes_ours_is_known_when_seen(licence, wanted):
    assert is_copyleft(licence) is wanted


def test_every_library_inside_a_wheel_is_named(bill):
    missing = []
    for component in bill["components"]:
        try:
            files = importlib.metadata.files(component["name"]) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        named = tuple(sbom.BUNDLED.get(component["name"], ()))
        brought = [
            Path(file).name
            for file in files
            if re.search(r"^lib[^/]*\.so", Path(file).name)
            and (".libs/" in str(file) or "_data/" in str(file))
        ]
        missing += [name for name in brought if not name.startswith(named)]
    assert missing == []


def test_markers_are_told_where_a_package_is_not_for_everyone(bill):
    told = {
        one["name"]: one["properties"][0]["value"]
        for one in bill["components"]
        if "properties" in one
    }
    assert "sys_platform" in told["colorama"]
    for marker in told.values():
        Marker(marker)
