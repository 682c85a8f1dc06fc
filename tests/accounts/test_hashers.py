"""A rush of log-ins takes the memory of one hash, not of one for each thread."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils.module_loading import import_string

from accounts.hashers import InTurnArgon2PasswordHasher
from config.settings import PASSWORD_HASHERS

THREADS = 4
ALONE_SECONDS = 0.2


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Let each hash wait a moment for another; whoever is alone breaks the barrier."""
    barrier = threading.Barrier(2)

    def hashed(*_: object) -> str:
        barrier.wait(ALONE_SECONDS)
        return "argon2"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", hashed)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", hashed)
    return barrier


def rush(hasher: Argon2PasswordHasher, deed: str) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(THREADS):
            threads.submit(getattr(hasher, deed), "a passphrase", "salt")


@pytest.mark.parametrize("deed", ["encode", "verify"])
def test_passwords_are_hashed_one_after_another(meeting: threading.Barrier, deed: str):
    rush(InTurnArgon2PasswordHasher(), deed)
    assert meeting.broken


@pytest.mark.parametrize("deed", ["encode", "verify"])
def test_without_turns_they_would_be_hashed_at_once(meeting: threading.Barrier, deed: str):
    rush(Argon2PasswordHasher(), deed)
    assert not meeting.broken


def test_new_passwords_are_hashed_so_and_older_ones_are_still_known():
    first = import_string(PASSWORD_HASHERS[0])()
    assert isinstance(first, InTurnArgon2PasswordHasher)
    told = Argon2PasswordHasher().encode("a passphrase of before", first.salt())
    assert first.verify("a passphrase of before", told)
    assert not first.verify("another passphrase", told)
    assert first.must_update(told)  # at the next log-in
    assert not first.must_update(first.encode("a passphrase", first.salt()))
