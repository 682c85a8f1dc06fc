"""The cache that several processes count in."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache.backends.filebased import FileBasedCache

from config.cache import FileCache


@pytest.fixture(autouse=True)
def _others_come_between(monkeypatch):
    """Let time pass between the look and the writing, whatever else the machine does."""
    write = FileBasedCache.set

    def later(self, *arguments, **options):
        time.sleep(0.02)
        write(self, *arguments, **options)

    monkeypatch.setattr(FileBasedCache, "set", later)


def winners(cache: FileBasedCache) -> int:
    """Return the most callers that won one name together, over many names."""
    with ThreadPoolExecutor(16) as threads:
        return max(
            sum(threads.map(lambda _, name=name: cache.add(name, 1), range(16)))
            for name in map(str, range(5))
        )


def test_of_many_callers_one_adds(tmp_path):
    assert winners(FileCache(tmp_path, {})) == 1


def test_djangos_own_lets_several_through(tmp_path):
    assert winners(FileBasedCache(tmp_path, {})) > 1


def test_what_has_expired_can_be_added_again(tmp_path):
    cache = FileCache(tmp_path, {})
    assert cache.add("name", 1, timeout=-1)
    assert cache.add("name", 2)
    assert cache.get("name") == 2


@pytest.mark.parametrize("value", [0, None, [1.5], "ä"])
def test_values_come_back_as_they_went_in(tmp_path, value):
    cache = FileCache(tmp_path, {})
    cache.add("name", value)
    assert cache.get("name", "missing") == value
