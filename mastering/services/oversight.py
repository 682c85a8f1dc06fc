"""What staff do to other people's work: run it again, and cancel it."""

from mastering.models import AlbumArchive, Export, Preview, ReleaseCheck, Version
from mastering.services.archives import request_archive
from mastering.services.exports import request_check, request_export
from mastering.services.masters import cancel, retry
from references.models import Work


def rerun(*, work: Work) -> Work | None:
    """Queue work that failed or was cancelled once more; None where there is nothing to repeat.

    It is its person's, and costs them what asking again themselves would.

    Raises
    ------
    MasterRefused, Busy
    """
    if work.is_open or work.has_succeeded:
        return None
    if isinstance(work, Version):
        return retry(version=work)
    if isinstance(work, Export):
        return request_export(
            version=work.version,
            formats=work.formats,
            rate_hz=work.rate_hz,
            is_archive=work.is_archive,
        )
    if isinstance(work, AlbumArchive):
        return request_archive(album=work.album, format_code=work.format)
    if isinstance(work, ReleaseCheck):
        return request_check(version=work.version)
    return None  # an upload that was refused is sent again, a preview asked for again


def cancel_work(*, work: Work) -> bool:
    """End what has not ended, where its kind can be cancelled."""
    if isinstance(work, Version):
        return cancel(version=work)
    if isinstance(work, Preview):
        return bool(Preview.objects.filter(pk=work.pk).cancel())
    return False
