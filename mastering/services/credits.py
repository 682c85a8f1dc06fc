"""What a master costs: a credit reserved at submit, taken at delivery, given back otherwise."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

from django.dispatch import receiver

from accounts.models import Notice, User
from accounts.services import notify
from billing import services as billing
from billing.errors import BillingRefused
from mastering.errors import Unpaid
from mastering.models import AlbumTrack, Master, Version
from references.models import AudioFile, Settled, settled
from references.models.blends import identity_of


def cost_credits(*, user: User, mix: AudioFile, reference: AudioFile) -> int:
    """Return what a master of this pair would cost; a pair that is paid costs nothing again."""
    if mix.is_test:
        return 0
    return 0 if billing.is_paid(user, work=pair_of(user, mix, reference)) else 1


def cost_of_all(*, user: User, pairs: Iterable[tuple[AudioFile, AudioFile]]) -> int:
    """Return what masters of several pairs would cost together; a pair costs once."""
    works = {pair_of(user, mix, reference) for mix, reference in pairs if not mix.is_test}
    return sum(0 if billing.is_paid(user, work=work) else 1 for work in works)


def pair_of(user: User, mix: AudioFile, reference: AudioFile) -> str:
    """Return what a credit pays for: a person's mix and reference.

    Two files of the same bytes are the same. A file that was sent straight to the storage has no
    digest before it is measured, and is known by its id; its next masters take this one's pair,
    until the first is delivered and all are known by their bytes. A blend is known by its tracks:
    other weights are other settings, not another pair. With a test key nothing is paid for.
    """
    if mix.is_test:
        return ""
    matched = Master.objects.matched().filter(user=user, mix=mix, reference=reference)
    known = matched.exclude(pair="").first()
    if known is not None:
        return known.pair
    return _pair_by_content(user.pk, mix, reference)


def reserve(master: Master) -> None:
    """Set a credit aside for a master, unless its pair is paid, or a test key made it.

    Raises
    ------
    Unpaid
    """
    if master.is_test:
        return
    try:
        billing.reserve(user=master.user, work=master.pair, subject=master.pk)
    except BillingRefused as refusal:
        raise Unpaid(refusal.code) from refusal


def titles_of(master_ids: Collection[str]) -> dict[str, str]:
    """Return the titles of masters that still exist, by their ids."""
    return dict(Master.objects.filter(pk__in=master_ids).values_list("pk", "title"))


@receiver(settled, sender=Version)
def settle(rows: list[Settled], **_: Any) -> None:
    """Take the credit of what was delivered; give it back where nothing more of it is open.

    And write to the one who waits for it.
    """
    for row in sorted(rows, key=lambda row: row.user_id):  # always locked in the same order
        version = Version.objects.of(row.user_id).select_related("user").get(pk=row.pk)
        if version.master.is_test:
            continue
        pair = version.master.pair
        _tell(version)
        if version.has_succeeded:
            known_as = _known_by_its_bytes(version)
            billing.capture(user_id=row.user_id, work=pair, known_as=known_as)
            continue
        billing.lock(user_id=row.user_id)  # another of the pair may end at the same moment
        if not Version.objects.open().filter(master__pair=pair).exists():
            billing.release(user_id=row.user_id, work=pair)


def _known_by_its_bytes(version: Version) -> str:
    """Return the pair of what was delivered, by its bytes; masters of the same pair follow."""
    user, master, pair = version.user, version.master, version.master.pair
    known_as = _pair_by_content(user.pk, master.mix, master.reference)
    if master.is_frozen or known_as == pair or not billing.is_reserved(user, work=pair):
        return pair
    # Masters before the account: the order of locks where a further version is asked for.
    Master.objects.filter(user=user, pair=pair).update(pair=known_as)
    return known_as


def _pair_by_content(user_id: int, mix: AudioFile, reference: AudioFile) -> str:
    content = f"{user_id}:{mix.sha256 or mix.pk}:{identity_of(reference)}"
    return f"pair:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _tell(version: Version) -> None:
    """Write to a person whose master is done or failed; what they cancelled they know.

    Of the songs of an album one mail is enough, once all have ended.
    """
    if version.status == Version.Status.CANCELED:
        return
    if AlbumTrack.objects.filter(master=version.master, album__is_settling=True).exists():
        return
    kind = Notice.MASTER_DONE if version.has_succeeded else Notice.MASTER_FAILED
    notify(
        version.user,
        kind=kind,
        template=f"emails/{kind}",
        reason=f"{kind}:{version.pk}",
        version=version,
        master=version.master,
    )
