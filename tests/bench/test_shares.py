"""What is begun with a share is held to it, with whatever it begins, and nothing stays behind."""

import subprocess
from pathlib import Path

import pytest

from bench import shares

pytestmark = pytest.mark.skipif(bool(shares.why_not()), reason=shares.why_not())


def test_a_share_holds_what_is_begun_with_it_and_its_children():
    with shares.share("one", 0.25) as begin:
        group = Path(begin[-1]).parent
        child = ["sh", "-c", "sh -c 'cat /proc/self/cgroup'"]
        told = subprocess.run([*begin, *child], check=True, capture_output=True, text=True).stdout
        assert group.name in told
        quotas = [path.read_text().split() for path in group.glob("cpu.*") if path.is_file()]
        assert any(each[0] == "25000" for each in quotas if each)
    assert not group.exists()
