"""Keeping settings under a name."""

from typing import Any

from django.db import IntegrityError, transaction
from django.dispatch import receiver

from accounts.models import User
from accounts.services import Chapter, collecting
from dsp.settings import MasterSettings
from mastering.errors import PresetNameTaken, TooManyPresets
from mastering.models import Preset
from mastering.models.presets import MOST_PRESETS


def save_preset(
    *,
    user: User,
    name: str | None = None,
    settings: MasterSettings | None = None,
    preset: Preset | None = None,
) -> Preset:
    """Keep settings under a name: as a new preset, or in place of what one held.

    Raises
    ------
    PresetNameTaken, TooManyPresets
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # so that the count holds
        if preset is None:
            if Preset.objects.of(user).count() >= MOST_PRESETS:
                raise TooManyPresets
            preset = Preset(user=user)
        changes: dict[str, Any] = {"name": name, "settings": settings and settings.as_dict()}
        for column, value in changes.items():
            if value is not None:
                setattr(preset, column, value)
        try:
            with transaction.atomic():
                preset.save()
        except IntegrityError as taken:
            raise PresetNameTaken from taken
    preset.refresh_from_db()
    return preset


@receiver(collecting)
def collect(user: User, **_: Any) -> Chapter:
    """Return a person's presets."""
    return Chapter(
        "presets", list(Preset.objects.of(user).values("id", "name", "settings", "created"))
    )
