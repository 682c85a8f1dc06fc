"""Masters of people who leave, or who ask for all that is kept of them."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.services import Chapter, collecting, leaving
from mastering.models import Export, Master, Preview, Receipt, ReleaseCheck, ReleaseTags, Version
from references.models import Work


@receiver(leaving)
def end_work(user: User, **_: Any) -> list[str]:
    """End what is open of someone who leaves, and tell which folders go."""
    Version.objects.filter(user=user).cancel()
    Preview.objects.filter(user=user).cancel()
    kinds = (Version, Preview, Export, ReleaseCheck)
    rows: list[Work] = [row for kind in kinds for row in kind._default_manager.filter(user=user)]
    return [row.folder for row in (*rows, *ReleaseTags.objects.of(user))]


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's masters with their versions, and the files of those."""
    masters, files = [], {}
    for master in Master.objects.of(user).with_versions():
        masters.append(
            {
                "id": master.pk,
                "title": master.title,
                "created": master.created,
                "mix": master.mix_id,
                "reference": master.reference_id,
                "versions": [_told(version) for version in master.versions.all()],
            }
        )
        for version in master.versions.all():
            for name in version.outputs:
                files[f"masters/{master.pk}/v{version.number}/{name}"] = version.key(name)
    return Chapter("masters", masters, files)


@receiver(collecting)
def collect_receipts(user: User, **_: Any) -> Chapter:
    """Return what was deleted of a person's since their plan kept it no longer."""
    told = ("subject", "title", "reason", "kept_days", "last_used", "told", "due", "deleted")
    return Chapter("receipts", list(Receipt.objects.of(user).values(*told, "files")))


def _told(version: Version) -> dict[str, Any]:
    told = ("id", "number", "status", "settings", "report", "provenance", "error_code")
    times = ("created", "started", "finished")
    return {name: getattr(version, name) for name in (*told, *times)}
