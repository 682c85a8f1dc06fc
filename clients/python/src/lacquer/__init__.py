"""Master audio toward a reference, over the API of a Lacquer site.

from lacquer import Lacquer

with Lacquer() as site:  # the key comes from LACQUER_API_KEY or the config file
    mix = site.audio.upload("mix.wav", kind="mix")
    reference = site.audio.upload("reference.wav", kind="reference")
    master = site.masters.wait(site.masters.create(mix=mix, reference=reference))
    site.versions.download(master.version, "out.wav")
"""

from lacquer.client import Lacquer
from lacquer.config import Config, ConfigError, load_config
from lacquer.errors import (
    ApiError,
    AudioRejected,
    Busy,
    ConnectionFailed,
    Forbidden,
    Gone,
    Invalid,
    LacquerError,
    NotAuthenticated,
    NotFound,
    NotNow,
    PaymentRequired,
    ServerFailed,
    TimedOut,
    WorkFailed,
)
from lacquer.models import (
    Album,
    Archive,
    Audio,
    Blend,
    Checks,
    Compared,
    Credits,
    Delivery,
    Estimate,
    Event,
    Export,
    Fault,
    File,
    Finding,
    Master,
    Me,
    Preset,
    Quote,
    Ranked,
    Reference,
    ReleaseCheck,
    Share,
    Song,
    Suitability,
    Version,
    Warned,
    Webhook,
)

__version__ = "0.1.0"
__all__ = [
    "Album",
    "ApiError",
    "Archive",
    "Audio",
    "AudioRejected",
    "Blend",
    "Busy",
    "Checks",
    "Compared",
    "Config",
    "ConfigError",
    "ConnectionFailed",
    "Credits",
    "Delivery",
    "Estimate",
    "Event",
    "Export",
    "Fault",
    "File",
    "Finding",
    "Forbidden",
    "Gone",
    "Invalid",
    "Lacquer",
    "LacquerError",
    "Master",
    "Me",
    "NotAuthenticated",
    "NotFound",
    "NotNow",
    "PaymentRequired",
    "Preset",
    "Quote",
    "Ranked",
    "Reference",
    "ReleaseCheck",
    "ServerFailed",
    "Share",
    "Song",
    "Suitability",
    "TimedOut",
    "Version",
    "Warned",
    "Webhook",
    "WorkFailed",
    "load_config",
]
