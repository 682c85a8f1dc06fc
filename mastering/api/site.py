"""What this site can do, and what one has used of it."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from rest_framework.response import Response

from accounts.models import SCOPES
from accounts.rest import ApiRequest, ApiView, describe
from billing.services import limits_of
from dsp.formats import EXPORT_RATES_HZ, MAX_CHANNELS, RATES_HZ, READABLE, WRITABLE
from dsp.platforms import platforms, rules_checked_on
from dsp.settings import (
    CEILING_DBTP,
    ENGINE_VERSION,
    LOUDNESS_LUFS,
    MAX_LIMITING_DB,
    SECTION_CHOICES,
    MasterSettings,
)
from mastering.models import STEPS, Master, Release, Version
from mastering.serializers.made import Capabilities, Usage
from mastering.services.exports import OFFERED
from mastering.services.listening import LONGEST_PREVIEW_SECONDS
from references.forms import upload_limits
from references.models import AudioFile, Genre
from references.models.limits import most_open_masters

SHARE = (0.0, 1.0)
RANGES = {
    "amount": SHARE,
    "tone": SHARE,
    "dynamics": SHARE,
    "width": SHARE,
    "loudness": LOUDNESS_LUFS,
    "loudness_amount": SHARE,
    "ceiling_dbtp": CEILING_DBTP,
    "max_limiting_db": MAX_LIMITING_DB,
}


class CapabilitiesView(ApiView):
    is_public = True

    @describe(
        "Read what this site can do",
        Capabilities,
        description="Ranges, defaults, limits, formats, platforms and their rules, versions.",
    )
    def get(self, request: ApiRequest) -> Response:
        defaults = MasterSettings().as_dict()
        limits = upload_limits()
        return Response(
            {
                "api_version": "v1",
                "engine_version": ENGINE_VERSION,
                "settings": {
                    name: {"default": defaults[name], "min": low, "max": high}
                    for name, (low, high) in RANGES.items()
                }
                | {"sections": {"default": defaults["sections"], "choices": SECTION_CHOICES}},
                "limits": {
                    "max_bytes": limits.max_bytes,
                    "min_seconds": limits.min_seconds,
                    "max_seconds": limits.max_seconds,
                    "max_channels": MAX_CHANNELS,
                    "min_rate_hz": RATES_HZ[0],
                    "max_rate_hz": RATES_HZ[1],
                    "preview_seconds": LONGEST_PREVIEW_SECONDS,
                },
                "formats_read": [
                    {name: getattr(each, name) for name in ("code", "label", "extensions", "lossy")}
                    for each in READABLE.values()
                ],
                "formats_written": [asdict(WRITABLE[code]) for code in OFFERED],
                "rates_hz": EXPORT_RATES_HZ,
                "genres": _choices(Genre.choices),
                "releases": _choices(Release.choices),
                "steps": STEPS,
                "platforms": [asdict(rule) for rule in platforms()],
                "platforms_checked": rules_checked_on(),
                "scopes": SCOPES,
            }
        )


class UsageView(ApiView):
    resource = "billing"

    @describe("Read your usage", Usage)
    def get(self, request: ApiRequest) -> Response:
        user = request.user
        since = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        made = Version.objects.filter(user=user, master__is_test=False, finished__gte=since)
        made = made.filter(status=Version.phases.succeeded)
        sent = AudioFile.objects.of(user).of_mode(is_test=False)
        plan = limits_of(user)
        return Response(
            {
                "since": since,
                "masters_delivered": Master.objects.filter(versions__in=made).distinct().count(),
                "versions_rendered": made.count(),
                "uploads": sent.filter(created__gte=since).count(),
                "stored_bytes": sent.aggregate(total=Sum("size_bytes"))["total"] or 0,
                "limits": {
                    "open_masters": most_open_masters(user),
                    "open_uploads": settings.MAX_OPEN_UPLOADS_PER_PERSON,
                    "storage_bytes": plan.storage_bytes,
                    "retention_days": plan.retention_days,
                },
            }
        )


def _choices(choices: Any) -> list[dict[str, str]]:
    return [{"code": code, "name": str(name)} for code, name in choices]
