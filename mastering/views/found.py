"""What a page's address names, among what is one's own; and refusals in words."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.http import AuthenticatedRequest
from mastering.messages import failure_message
from mastering.models import Master, Version


def own_master(request: AuthenticatedRequest, master_id: str) -> Master:
    return get_object_or_404(Master.objects.of(request.user), pk=master_id)


def own_version(
    request: AuthenticatedRequest,
    master_id: str,
    number: int | None = None,
    *,
    is_poll: bool = False,
) -> Version:
    """Find a version of one's own: by its number, by ``?version=``, or the current one."""
    asked = str(number or request.GET.get("version", ""))
    found = Version.objects.of(request.user).filter(master=master_id)
    if is_poll:
        found = found.as_polled()
    if asked:
        found = found.filter(number=asked) if asked.isdecimal() else found.none()
    version = found.by_currency().first()
    if version is None:
        raise Http404
    return version


def made_version(request: AuthenticatedRequest, master_id: str, number: int) -> Version:
    """Find a version of one's own that was made."""
    mine = Version.objects.of(request.user)
    version = get_object_or_404(mine, master=master_id, number=number)
    if not version.has_succeeded:
        raise Http404
    return version


def told(code: str) -> str:
    """Return why something was refused, and what to do."""
    message = failure_message(code)
    return " ".join(filter(None, (message.text, message.advice)))
