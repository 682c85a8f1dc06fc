"""Which lines are logged, and how they look: scrubbed, with the request or the work of each."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from accounts.trace import current_trace
from config.scrub import scrub, scrub_all

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN: Final = "{asctime} {levelname} {name}: {message}"


def to_console(line_format: str, *, level: str) -> dict[str, Any]:
    """Return what LOGGING is, with lines that are "plain" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"()": "config.logs.PlainFormatter"},
            "json": {"()": "config.logs.JsonFormatter"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": line_format}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django-q": {"level": "WARNING"},  # it tells of every doorbell
            # A line for each request, for machines: people at ./run want to see what matters.
            "config.middleware": {"level": "INFO" if line_format == "json" else "WARNING"},
            "django": {"handlers": [], "propagate": True},  # not by Django's own handlers as well
        },
    }


class PlainFormatter(logging.Formatter):
    """One line for people; a traceback follows on lines of its own."""

    def __init__(self) -> None:
        super().__init__(_PLAIN, style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        told = " ".join(f"{name}={value}" for name, value in _told(record))
        line = super().formatMessage(record)
        return f"{line} [{told}]" if told else line

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines that collect them."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **dict(_told(record)),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(scrub_all(line), ensure_ascii=False)


def _told(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """Yield whose line it is, and what it says beside its sentence."""
    trace = current_trace()
    if trace.request_id:
        yield "request_id", trace.request_id.hex
    if trace.work:
        yield "work", trace.work
        yield "attempt", trace.attempt
    for name, value in vars(record).items():
        if name not in _STANDARD and isinstance(value, str | int | float | bool):
            yield name, value
