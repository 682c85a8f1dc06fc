"""Mail on one's own machine: kept in files, printed, and read on a page with links to click."""

import ipaddress
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

MAILS_KEPT = 100


@dataclass(frozen=True)
class Mail:
    sent: datetime
    recipient: str
    subject: str
    text: str


class MailBackend(EmailBackend):
    """Print each mail and keep the latest."""

    def write_message(self, message: EmailMessage) -> None:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
        (folder / name).write_bytes(message.message().as_bytes())
        for old in _newest_first()[MAILS_KEPT:]:
            old.unlink(missing_ok=True)
        super().write_message(message)


@require_GET
def mail(request: HttpRequest) -> HttpResponse:
    """Show the mails, to this machine alone: they let one into any account."""
    if not settings.DEVELOPMENT_MAIL or not _from_this_machine(request):
        raise Http404
    return render(request, "development/mail.html", {"mails": [*map(_read, _newest_first())]})


def _from_this_machine(request: HttpRequest) -> bool:
    return ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback


def _newest_first() -> list[Path]:
    return sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)


def _read(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    return Mail(
        sent=datetime.fromtimestamp(int(path.name.split("-")[0]) / 1e9, tz=UTC),
        recipient=message["To"],
        subject=message["Subject"],
        text=body.get_content() if body else "",
    )
