"""How passwords are hashed: for a machine that has others to answer meanwhile."""

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

_turn = threading.Lock()


class InTurnArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id by the first of OWASP's equal choices, one at a time in each process.

    Django's own choice keeps eight threads busy with 100 MB: a log-in then holds up every other
    answer of a small machine. One at a time, a rush of log-ins fills neither its memory nor its
    cores; nobody waits longer for it.

    References
    ----------
    OWASP Password Storage Cheat Sheet, Argon2id.
    """

    time_cost = 1
    memory_cost = 47_104  # KiB
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn:
            return super().verify(password, encoded)
