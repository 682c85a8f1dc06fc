"""The end of previews: nobody comes back to one."""

from functools import partial

from django.db import transaction

from accounts.services import bury
from accounts.storage import delete_folder
from mastering.models import Master, Preview


def expire_previews() -> None:
    """Delete what was heard long ago."""
    for preview in Preview.objects.expired():
        with transaction.atomic():
            transaction.on_commit(partial(delete_folder, preview.folder))
            Preview.objects.filter(pk=preview.pk).expired().delete()
            bury([preview])


def delete_previews(*, master: Master) -> None:
    """Delete the files of a master's previews; their rows go with it."""
    for preview in master.previews.all():
        transaction.on_commit(partial(delete_folder, preview.folder))
