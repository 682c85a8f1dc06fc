import hashlib
from pathlib import Path

from django.conf import settings

VENDOR = Path(settings.BASE_DIR) / "config" / "static" / "vendor"


def test_vendored_files_are_the_published_ones_and_each_part_has_its_licence() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    listed = {name: sha256 for sha256, name in (line.split("  ./") for line in lines)}
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == listed
    for part in VENDOR.iterdir():
        assert part.is_file() or (part / "LICENSE.txt").is_file()
