"""What a page offers to take away, and what it knows of a version before a release."""

from typing import Any

from django import template

from dsp.formats import WRITABLE, ExportFormat
from mastering import deliverables
from mastering.messages import release
from mastering.models import ReleaseCheck, ReleaseTags, Version
from mastering.services.exports import OFFERED

register = template.Library()

register.simple_tag(deliverables.deliveries_of)
register.simple_tag(deliverables.rate_choices)
register.simple_tag(release.release_lines)
register.simple_tag(release.safe_ceiling)
register.simple_tag(release.ceiling_cannot_help)
register.simple_tag(release.platform_lines)
register.simple_tag(release.context_line)


@register.simple_tag
def offered_formats() -> list[ExportFormat]:
    """Return the formats on offer, the recommended one first."""
    return [WRITABLE[code] for code in OFFERED]


@register.filter
def format_label(code: str) -> str:
    return WRITABLE[code].label


@register.simple_tag
def tags_in_use(version: Version) -> ReleaseTags | None:
    return ReleaseTags.objects.in_use(version.master)


@register.simple_tag
def release_check(version: Version) -> ReleaseCheck | None:
    check = ReleaseCheck.objects.filter(version=version).first()
    if check is not None:
        check.version = version
    return check


@register.filter
def any_open(deliveries: list[Any]) -> bool:
    """Tell whether something is still being made."""
    return any(delivery.export.is_open for delivery in deliveries)
