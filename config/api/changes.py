"""What changed in the API, the newest first. Within v1 things are only added."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

CHANGES: Final = (
    (
        date(2026, 11, 27),
        (
            _("The first version: uploads, references, masters, versions, previews, exports, "
              "release checks, tags, shares, presets, credits, keys."),
            _("Events, kept for 30 days, and webhooks by Standard Webhooks."),
            _("Of references: tags, numbers, health, filters and orders, starters, profile "
              "documents, and several at once. Blends."),
            _("Several references on one mix, a version applied to other files, albums and their "
              "archives."),
            _("Test keys, which work with short songs of ours and cost nothing."),
        ),
    ),
)  # fmt: skip
