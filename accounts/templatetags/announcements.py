"""What the operator tells everyone."""

from django import template
from django.db.models import QuerySet

from accounts.models import Announcement

register = template.Library()


@register.simple_tag
def announcements() -> QuerySet[Announcement]:
    return Announcement.objects.current()
