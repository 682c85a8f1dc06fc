"""Why a master is not made, apart from audio and settings (dsp.errors), each with a stable code.

MasterRefused
├── AudioUnusable     audio_unusable      a track was rejected, or is gone
├── TooManyMasters    too_many_masters    too many of this person's still wait
├── Frozen            frozen              its processing is another master's, and does not change
├── NotFreezable      not_freezable       a version from before exact processing was kept
├── TooManyFrozen     too_many_frozen     as many files of a song as one credit includes
├── AlbumUnready      album_unready       no direction, no songs, or some still to be measured
├── TooManyTracks     too_many_tracks     more songs, or a longer album, than one ZIP holds
├── TooManySiblings   too_many_siblings   more references on one mix than one screen compares
├── NotExportable     not_exportable      an unfinished version, or no format and rate of ours
├── TooManyExports    too_many_exports    too many of this person's still wait
├── NotAPart          not_a_part          a preview of no part of the song
├── NoSuchSection     no_such_section     a pair of sections names one that a track has not
├── VersionUnfinished version_unfinished  only a finished version can be shown or judged
├── TooManyAttempts   too_many_attempts   too many passwords tried at a share
├── TooManyNotes      too_many_notes      too much said of a share
├── PresetNameTaken   preset_name_taken   another preset of theirs has this name
├── TooManyPresets    too_many_presets    more presets than one person needs
└── Unpaid            no_credits, account_frozen    as billing says
"""


class MasterRefused(Exception):
    code: str


class AudioUnusable(MasterRefused):
    code = "audio_unusable"


class TooManyMasters(MasterRefused):
    code = "too_many_masters"


class Frozen(MasterRefused):
    code = "frozen"


class NotFreezable(MasterRefused):
    code = "not_freezable"


class TooManyFrozen(MasterRefused):
    code = "too_many_frozen"


class AlbumUnready(MasterRefused):
    code = "album_unready"


class TooManyTracks(MasterRefused):
    code = "too_many_tracks"


class TooManySiblings(MasterRefused):
    code = "too_many_siblings"


class NotExportable(MasterRefused):
    code = "not_exportable"


class TooManyExports(MasterRefused):
    code = "too_many_exports"


class TooManyAttempts(MasterRefused):
    code = "too_many_attempts"


class TooManyNotes(MasterRefused):
    code = "too_many_notes"


class NotAPart(MasterRefused):
    code = "not_a_part"


class NoSuchSection(MasterRefused):
    code = "no_such_section"


class VersionUnfinished(MasterRefused):
    code = "version_unfinished"


class PresetNameTaken(MasterRefused):
    code = "preset_name_taken"


class TooManyPresets(MasterRefused):
    code = "too_many_presets"


class Unpaid(MasterRefused):
    """No credit could be reserved; ``code`` tells why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
