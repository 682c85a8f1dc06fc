"""Tags, files made of a version on demand, and the check before a release."""

import hashlib
from collections.abc import Sequence

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from accounts.storage import delete_folder
from dsp.covers import Cover
from dsp.formats import EXPORT_RATES_HZ, WRITABLE
from dsp.settings import ENGINE_VERSION
from mastering.errors import NotExportable
from mastering.models import Export, Master, ReleaseCheck, ReleaseTags, Version
from mastering.services.kept import (
    delete_kept,
    delete_stored,
    digest_of,
    expiry,
    kept_of,
    refuse_if_too_many,
)
from references.errors import Busy, StorageAway
from references.services import ring

OFFERED = ("wav24", "wav16", "wav32f", "flac24", "aiff24", "mp3-320", "aac-256")


def save_tags(
    *,
    master: Master,
    texts: dict[str, str],
    cover: Cover | None = None,
    keep_cover: bool = True,
) -> ReleaseTags:
    """Set what a player shows of a master's files; what does not change makes no new row.

    Raises
    ------
    StorageAway
        With nothing stored.
    """
    last = master.tags.first()
    tags = ReleaseTags(master=master, **texts)
    content = cover.content if cover else b""
    if cover is not None:
        tags.cover_type = cover.content_type
    elif keep_cover and last and last.cover_sha256:
        tags.cover_type = last.cover_type
        content = _stored(last.cover_key)
    if content:
        tags.cover_sha256 = hashlib.sha256(content).hexdigest()
        tags.cover_bytes = len(content)
    if last and last.content == tags.content:
        return last
    try:
        if content:
            _store(tags.cover_key, content)
        with transaction.atomic():
            Master.objects.select_for_update().get(pk=master.pk)  # so that the number is free
            newest = master.tags.aggregate(number=Max("number"))["number"] or 0
            tags.number = newest + 1
            tags.save(force_insert=True)
    except BaseException:
        delete_folder(tags.folder)
        raise
    _remove_unused_tags(master)
    return tags


def request_export(
    *,
    version: Version,
    formats: Sequence[str],
    rate_hz: int | None = None,
    is_archive: bool = False,
) -> Export:
    """Queue files of a version; the same files asked for again are the ones that were made.

    Raises
    ------
    NotExportable, TooManyExports, Busy
    """
    chosen = sorted(set(formats), key=list(WRITABLE).index) if set(formats) <= set(WRITABLE) else []
    if not version.has_succeeded or not chosen or (len(chosen) > 1 and not is_archive):
        raise NotExportable
    if rate_hz is not None and rate_hz not in EXPORT_RATES_HZ:
        raise NotExportable
    if rate_hz == version.master.mix.rate_hz:
        rate_hz = None
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=version.master_id)
        tags = ReleaseTags.objects.in_use(version.master)
        digest = digest_of(
            formats=chosen, rate_hz=rate_hz, is_archive=is_archive, tags=tags and tags.content
        )
        if known := kept_of(Export.objects.filter(version=version, request_sha256=digest)):
            return known
        refuse_if_too_many(Export, version.user)
        export = Export.objects.create(
            user=version.user,
            version=version,
            formats=chosen,
            rate_hz=rate_hz,
            is_archive=is_archive,
            tags=tags,
            request_sha256=digest,
            expires=expiry(),
            engine_version=ENGINE_VERSION,
        )
        ring()
    return export


def request_check(*, version: Version) -> ReleaseCheck:
    """Queue the check of a version before a release, once; a failed one is tried again.

    Raises
    ------
    NotExportable, Busy
    """
    if not version.has_succeeded:
        raise NotExportable
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=version.master_id)
        found = ReleaseCheck.objects.filter(version=version)
        if known := found.exclude(status=ReleaseCheck.Status.FAILED).first():
            return known
        if ReleaseCheck.objects.backlog_is_full():
            raise Busy
        found.delete()
        check = ReleaseCheck.objects.create(
            user=version.user, version=version, engine_version=ENGINE_VERSION
        )
        ring()
    return check


def expire_exports() -> int:
    """Delete what was kept long enough, and the tags that nothing is made with any more."""
    expired = Export.objects.expired()
    masters = list(Master.objects.filter(versions__exports__in=expired).distinct())
    deleted = delete_kept(expired, is_over=True)
    for master in masters:
        _remove_unused_tags(master)
    return deleted


def delete_made(*, master: Master) -> None:
    """Delete the stored files of all that was made of a master, once its rows are gone."""
    delete_stored(Export.objects.filter(version__master=master))
    delete_stored(ReleaseCheck.objects.filter(version__master=master))
    delete_stored(master.tags.all())


def _remove_unused_tags(master: Master) -> None:
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=master.pk)
        unused = list(ReleaseTags.objects.filter(master=master).unused())
        delete_stored(unused)
        ReleaseTags.objects.filter(pk__in=[tags.pk for tags in unused]).delete()


def _store(key: str, content: bytes) -> None:
    try:
        default_storage.save(key, ContentFile(content))
    except Exception as error:
        raise StorageAway from error


def _stored(key: str) -> bytes:
    try:
        with default_storage.open(key) as file:
            content: bytes = file.read()
    except Exception as error:
        raise StorageAway from error
    return content
