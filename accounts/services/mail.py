"""The outbox: mails are rows first, and sent by the process that does errands."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from accounts.models import Mail, User

SENT_KEPT = timedelta(days=30)  # without what they said

logger = logging.getLogger(__name__)


def queue_mail(
    *, to: str, subject: str, text: str, html: str = "", user: User | None = None, reason: str = ""
) -> None:
    """Write a mail into the outbox, in whatever transaction is open; once for each reason."""
    try:
        with transaction.atomic():
            Mail.objects.create(
                user=user, to=to, subject=subject, text=text, html=html, reason=reason
            )
    except IntegrityError:
        if not reason:
            raise


def notify(user: User, *, kind: str, template: str, reason: str, **context: Any) -> None:
    """Write a notice to a person, unless they turned its kind off."""
    if user.wants(kind):
        notify_always(user, template=template, reason=reason, can_be_turned_off=True, **context)


def notify_always(user: User, *, template: str, reason: str, **context: Any) -> None:
    """Write to a person: `template` stands for _subject.txt, .txt and .html."""
    context |= {"person": user, "site_url": settings.SITE_URL}
    queue_mail(
        to=user.email,
        subject=" ".join(render_to_string(f"{template}_subject.txt", context).split()),
        text=render_to_string(f"{template}.txt", context),
        html=render_to_string(f"{template}.html", context),
        user=user,
        reason=reason,
    )


def deliver_due() -> int:
    """Send what is due, and return how many were sent; stop where the mail server is away."""
    sent = 0
    while (mail := Mail.objects.claim_next()) is not None:
        try:
            _send(mail)
        except Exception as error:  # of any backend, and of any network
            logger.exception("A mail could not be sent.")
            Mail.objects.put_off(mail, f"{type(error).__name__}: {error}")
            break
        Mail.objects.settle(mail)
        sent += 1
    return sent


def forget_sent_mail() -> None:
    Mail.objects.filter(sent__lt=Now() - SENT_KEPT).delete()


def _send(mail: Mail) -> None:
    message = EmailMultiAlternatives(
        mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to], connection=get_connection()
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    message.send()
