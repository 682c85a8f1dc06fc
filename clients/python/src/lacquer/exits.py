"""How the command ends: an exit code for each kind of end."""

from lacquer.config import ConfigError
from lacquer.errors import (
    ApiError,
    AudioRejected,
    Busy,
    ConnectionFailed,
    Forbidden,
    LacquerError,
    NotAuthenticated,
    PaymentRequired,
    ServerFailed,
    TimedOut,
    WorkFailed,
)

OK, FAILED, USAGE, NO_KEY, REFUSED, UNPAID, AWAY, LATE, STOPPED = 0, 1, 2, 3, 4, 5, 6, 7, 130
EXIT_CODES = """\
exit codes:
  0    done
  1    the master failed (nothing was taken), or something unforeseen
  2    the command was not understood
  3    no key, or one that does not open this
  4    refused: a file, a setting, or an id that is not yours
  5    no credits, or a payment is open
  6    the site is away or busy; try again later
  7    the wait is over; the master goes on, and `lacquer fetch` brings it
  130  stopped by Ctrl-C; the master goes on
"""


class Misunderstood(LacquerError):
    """What was asked for is none of what the command can do."""


def exit_code_of(error: Exception) -> int:
    """Return the documented code of a failure."""
    table: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
        ((Misunderstood,), USAGE),
        ((ConfigError, NotAuthenticated, Forbidden), NO_KEY),
        ((PaymentRequired,), UNPAID),
        ((Busy, ServerFailed, ConnectionFailed), AWAY),
        ((TimedOut,), LATE),
        ((AudioRejected,), REFUSED),
        ((WorkFailed,), FAILED),
        ((ApiError, FileNotFoundError), REFUSED),
    )
    return next((code for kinds, code in table if isinstance(error, kinds)), FAILED)
