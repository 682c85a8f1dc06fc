"""What the API answers, with types."""

from lacquer.models.account import (
    Credits,
    Delivery,
    Event,
    Me,
    Webhook,
)
from lacquer.models.albums import (
    Album,
    Archive,
    Song,
)
from lacquer.models.answers import (
    Fault,
    Json,
    Model,
    Work,
    id_of,
    said,
)
from lacquer.models.made import (
    Export,
    Preset,
    ReleaseCheck,
    Share,
)
from lacquer.models.masters import (
    Compared,
    Cost,
    Estimate,
    File,
    Master,
    Quote,
    Version,
    Warned,
)
from lacquer.models.tracks import (
    Audio,
    Axis,
    Blend,
    Checks,
    Facts,
    Finding,
    Ranked,
    Reference,
    Suitability,
)

__all__ = [
    "Album",
    "Archive",
    "Audio",
    "Axis",
    "Blend",
    "Checks",
    "Compared",
    "Cost",
    "Credits",
    "Delivery",
    "Estimate",
    "Event",
    "Export",
    "Facts",
    "Fault",
    "File",
    "Finding",
    "Json",
    "Master",
    "Me",
    "Model",
    "Preset",
    "Quote",
    "Ranked",
    "Reference",
    "ReleaseCheck",
    "Share",
    "Song",
    "Suitability",
    "Version",
    "Warned",
    "Webhook",
    "Work",
    "id_of",
    "said",
]
