"""How passwords are hashed: one at a time in each process, as each takes 100 MB while it runs."""

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

_turn = threading.Lock()


class InTurnArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2 by Django's parameters; whoever comes meanwhile waits.

    Nobody waits longer for it, as one hash keeps every core busy, and a rush of log-ins cannot fill
    the memory of a machine: it would take 100 MB for each thread of the site.
    """

    def encode(self, password: str, salt: str) -> str:
        with _turn:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _turn:
            return super().verify(password, encoded)
