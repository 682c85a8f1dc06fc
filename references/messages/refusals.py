"""Why a file was not taken, or its measuring failed: one text for each code."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy

from references.messages.wording import Wording

REFUSALS: Final[Mapping[str, Wording]] = {
    "unsupported_format": Wording(
        gettext_lazy("Not an audio format we read"),
        gettext_lazy("The content of this file is none of the formats listed below."),
        gettext_lazy("Export it as WAV, AIFF or FLAC."),
    ),
    "decode_failed": Wording(
        gettext_lazy("The file is damaged"),
        gettext_lazy("It begins like audio, but cannot be read to its end."),
        gettext_lazy("Export or copy it again."),
    ),
    "too_many_channels": Wording(
        gettext_lazy("More than two channels"),
        gettext_lazy("Only mono and stereo can be mastered."),
        gettext_lazy("Export a stereo mix."),
    ),
    "unsupported_rate": Wording(
        gettext_lazy("Unusual sample rate"),
        gettext_lazy("Sample rates from 8 to 192 kHz can be used."),
        gettext_lazy("Export at 44.1 or 48 kHz."),
    ),
    "too_short": Wording(
        gettext_lazy("Too short"),
        gettext_lazy("There is not enough sound to measure."),
        gettext_lazy("Upload the whole track."),
    ),
    "too_long": Wording(
        gettext_lazy("Too long"),
        gettext_lazy("The track is longer than the limit."),
        gettext_lazy("Upload one track at a time."),
    ),
    "too_large": Wording(
        gettext_lazy("Too large"),
        gettext_lazy("The file, or the sound in it, is larger than the limit."),
        gettext_lazy("Export with a lower sample rate or as FLAC."),
    ),
    "not_finite": Wording(
        gettext_lazy("Broken samples"),
        gettext_lazy("The file holds values that are no sound."),
        gettext_lazy("Export again; a plug-in may have failed."),
    ),
    "silent_audio": Wording(
        gettext_lazy("Silent"),
        gettext_lazy("Nothing in this file is loud enough to measure."),
        gettext_lazy("Check that the export is not muted."),
    ),
    "empty_upload": Wording(
        gettext_lazy("Empty file"),
        gettext_lazy("The file has no content."),
        gettext_lazy("Wait until the export has ended, then upload it again."),
    ),
    "too_many_uploads": Wording(
        gettext_lazy("Too many uploads at once"),
        gettext_lazy("Some of your files are still being measured."),
        gettext_lazy("Wait a moment, then try again."),
    ),
    "storage_full": Wording(
        gettext_lazy("Your storage is full"),
        gettext_lazy("With this file you would keep more than your plan has room for."),
        gettext_lazy("Delete masters or tracks that you no longer need, or take a larger plan."),
    ),
    "upload_incomplete": Wording(
        gettext_lazy("The file did not arrive whole"),
        gettext_lazy("The connection broke, or another file was sent than announced."),
        gettext_lazy("Send it again."),
    ),
    "upload_expired": Wording(
        gettext_lazy("The time for this upload is over"),
        gettext_lazy("An address for sending a file holds for 15 minutes, and once."),
        gettext_lazy("Begin the upload again."),
    ),
    "audio_in_use": Wording(
        gettext_lazy("A master needs it"),
        gettext_lazy("It stays as long as a master is made of it or toward it."),
        gettext_lazy("Delete those masters first."),
    ),
    "too_busy": Wording(
        gettext_lazy("Too busy at the moment"),
        gettext_lazy("More work waits here than can be done soon. Nothing was stored."),
        gettext_lazy("Try again in a few minutes."),
    ),
    "storage": Wording(
        gettext_lazy("Our file storage does not answer"),
        gettext_lazy("The error is logged. Your file is not to blame, and nothing was charged."),
        gettext_lazy("Try again in a while."),
    ),
    "missing_file": Wording(
        gettext_lazy("No file arrived"),
        gettext_lazy("The upload held no whole file."),
        gettext_lazy("Choose the file again."),
    ),
    "source_changed": Wording(
        gettext_lazy("The stored file has changed"),
        gettext_lazy("It is not the file that was uploaded, so it was not used."),
        gettext_lazy("Upload it again."),
    ),
    "too_slow": Wording(
        gettext_lazy("It took too long"),
        gettext_lazy("The work was stopped at its time limit. Nothing was charged."),
        gettext_lazy("Try again; if it happens again, write to us with the code."),
    ),
    "worker_lost": Wording(
        gettext_lazy("The work was interrupted"),
        gettext_lazy("It was begun several times and never came to an end. Nothing was charged."),
        gettext_lazy("Try again; if it happens again, write to us with the code."),
    ),
    "internal": Wording(
        gettext_lazy("Something failed on our side"),
        gettext_lazy("The error is logged. Your file is not to blame, and nothing was charged."),
        gettext_lazy("Try again in a while."),
    ),
    "profile_unsupported": Wording(
        gettext_lazy("A profile of another version"),
        gettext_lazy("It was measured by a version of the engine that is not this one."),
        gettext_lazy("Measure the track anew: upload it, or export the profile again."),
    ),
    "profile_invalid": Wording(
        gettext_lazy("Not a whole profile"),
        gettext_lazy("It is damaged, incomplete, or holds values that no measurement gives."),
        gettext_lazy("Export the profile again from the library it comes from."),
    ),
    "profile_outdated": Wording(
        gettext_lazy("Measured by an older version"),
        gettext_lazy("Its measurements are of a version that is no longer mastered toward."),
        gettext_lazy("Upload the track again."),
    ),
    "rights_unstated": Wording(
        gettext_lazy("Your word is missing"),
        gettext_lazy("Nothing was stored. You have not yet said that you may use these tracks."),
        gettext_lazy("Tick the sentence above, then add them again."),
    ),
    "blend_stays": Wording(
        gettext_lazy("A blend is not exported"),
        gettext_lazy("It is made of several profiles, and has none of its own."),
        gettext_lazy("Export the references in it, and blend them anew where they are imported."),
    ),
    "not_blendable": Wording(
        gettext_lazy("These cannot be blended"),
        gettext_lazy("A blend is made of single references that are measured, each named once."),
        gettext_lazy("Choose other references."),
    ),
    "not_measured": Wording(
        gettext_lazy("Not measured yet"),
        gettext_lazy("The track is still being measured."),
        gettext_lazy("Wait a moment, then try again."),
    ),
    "sound_needed": Wording(
        gettext_lazy("Its sound is needed"),
        gettext_lazy("The same track is the mix of one of your masters. Nothing was deleted."),
        gettext_lazy("Delete that master first."),
    ),
}
