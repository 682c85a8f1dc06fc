"""Why a master is not made, apart from audio and settings (dsp.errors), each with a stable code.

MasterRefused
├── AudioUnusable     audio_unusable      a track was rejected, or is gone
├── TooManyMasters    too_many_masters    too many of this person's still wait
└── Unpaid            no_credits, account_frozen    as billing says
"""


class MasterRefused(Exception):
    code: str


class AudioUnusable(MasterRefused):
    code = "audio_unusable"


class TooManyMasters(MasterRefused):
    code = "too_many_masters"


class Unpaid(MasterRefused):
    """No credit could be reserved; ``code`` tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
