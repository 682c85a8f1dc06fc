"""Why a master is not made, apart from audio and settings (dsp.errors), each with a stable code.

MasterRefused
├── AudioUnusable     audio_unusable      a track was rejected, or is gone
└── TooManyMasters    too_many_masters    too many of this person's still wait
"""

from typing import ClassVar


class MasterRefused(Exception):
    code: ClassVar[str]


class AudioUnusable(MasterRefused):
    code = "audio_unusable"


class TooManyMasters(MasterRefused):
    code = "too_many_masters"
