"""What can be wrong with somebody's audio or settings, each kind with a stable code.

AudioError
├── UnsupportedFormat      unsupported_format     not one of the formats we read
├── DecodeFailed           decode_failed          the format is known, the contents are broken
├── TooManyChannels        too_many_channels      more than two channels
├── UnsupportedRate        unsupported_rate       sample rate outside 8 to 192 kHz
├── TooShort               too_short              not enough audio to measure
├── TooLong                too_long               longer than the limit
├── TooLarge               too_large              more bytes or samples than the limit
├── NotFinite              not_finite             NaN, infinity or absurd sample values
├── SilentAudio            silent_audio           nothing above the absolute loudness gate
├── ProfileUnsupported     profile_unsupported    a profile of another version
│   └── ProfileInvalid     profile_invalid        damaged, or with values that nothing measures
├── RecipeUnsupported      recipe_unsupported     frozen settings of another version or shape
├── InvalidSettings        invalid_settings       a setting outside its range
└── InvalidCover           invalid_cover          a picture that cannot be a cover
"""

from __future__ import annotations

from typing import ClassVar


class AudioError(Exception):
    """The audio or the settings cannot be used; the person who sent them can act on it.

    Attributes
    ----------
    code : str
        Stable name of the kind, the same in JSON, on rows and in webhooks.
    detail : str
        One plain sentence in English, free of paths and of libraries' own words.
    """

    code: ClassVar[str] = "audio_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class UnsupportedFormat(AudioError):
    """Not one of the formats we read."""

    code = "unsupported_format"


class DecodeFailed(AudioError):
    """The format is known but its contents are broken."""

    code = "decode_failed"


class TooManyChannels(AudioError):
    """More than two channels."""

    code = "too_many_channels"


class UnsupportedRate(AudioError):
    """A sample rate outside 8 to 192 kHz."""

    code = "unsupported_rate"


class TooShort(AudioError):
    """Not enough audio to measure."""

    code = "too_short"


class TooLong(AudioError):
    """Longer than the limit."""

    code = "too_long"


class TooLarge(AudioError):
    """More bytes or samples than the limit."""

    code = "too_large"


class NotFinite(AudioError):
    """NaN, infinity or absurd sample values."""

    code = "not_finite"


class SilentAudio(AudioError):
    """Nothing above the absolute loudness gate."""

    code = "silent_audio"


class ProfileUnsupported(AudioError):
    """A profile of another version."""

    code = "profile_unsupported"


class ProfileInvalid(ProfileUnsupported):
    """What is no profile, or one that is damaged or holds values that nothing measures."""

    code = "profile_invalid"


class RecipeUnsupported(AudioError):
    """Frozen settings of another version or shape."""

    code = "recipe_unsupported"


class InvalidSettings(AudioError):
    """A setting outside its range."""

    code = "invalid_settings"


class InvalidCover(AudioError):
    """A picture that cannot be a cover."""

    code = "invalid_cover"
