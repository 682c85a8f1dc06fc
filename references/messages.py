"""What people read about an upload: one text for each code of a finding or a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from references.models import AudioFile
from references.templatetags.audio import quantity

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Wording:
    """Title, what was measured and why it matters, and what to do; ``{value}`` is the number."""

    title: Text
    text: Text = ""
    advice: Text = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A wording with its numbers, ready for a page."""

    code: str
    title: str
    text: str
    advice: str
    severity: str = "note"
    ranges: Sequence[Sequence[float]] = ()


FINDINGS: Final[Mapping[str, Wording]] = {
    "clipping": Wording(
        gettext_lazy("Clipped peaks"),
        gettext_lazy("{value} peaks have flat tops, whatever the level now. A master keeps them."),
        gettext_lazy("Lower the master fader, take a clipper off, and export again."),
    ),
    "already_limited": Wording(
        gettext_lazy("Already limited"),
        gettext_lazy("Peaks stand only {value} above the loudness: a limiter seems to be on."),
        gettext_lazy("Take the limiter off the master channel and export again."),
    ),
    "little_headroom": Wording(
        gettext_lazy("Little headroom"),
        gettext_lazy("The true peak is {value}. That is fine where nothing is clipped."),
    ),
    "lossy_source": Wording(
        gettext_lazy("Compressed with loss"),
        gettext_lazy("The sound ends at {value}, as after MP3 or AAC. A master makes it clearer."),
        gettext_lazy("Upload a WAV, AIFF or FLAC export of the session."),
    ),
    "dc_offset": Wording(
        gettext_lazy("DC offset"),
        gettext_lazy("The wave swings {value} beside zero. The offset is removed."),
    ),
    "mono": Wording(
        gettext_lazy("Mono file"),
        gettext_lazy("One channel. The master has the same sound on both sides."),
    ),
    "dual_mono": Wording(
        gettext_lazy("Both channels are the same"),
        gettext_lazy("The file is stereo, its sound is mono. No width is invented."),
    ),
    "dead_channel": Wording(
        gettext_lazy("One channel is silent"),
        gettext_lazy("Only one of the two channels carries sound."),
        gettext_lazy("Check panning and routing of the export."),
    ),
    "inverted_channel": Wording(
        gettext_lazy("One channel is inverted"),
        gettext_lazy(
            "The channels cancel each other (correlation {value}); in mono little is left."
        ),
        gettext_lazy("Flip the polarity of one channel and export again."),
    ),
    "out_of_phase": Wording(
        gettext_lazy("Out of phase in places"),
        gettext_lazy("There the channels partly cancel (correlation {value}) on mono speakers."),
        gettext_lazy("Look for a widener or a doubled track at these times."),
    ),
    "wide_low_end": Wording(
        gettext_lazy("Wide low end"),
        gettext_lazy(
            "In the bass the channels differ (correlation {value}); mono speakers lose it."
        ),
        gettext_lazy("Make bass and kick mono in the mix."),
    ),
    "silence_at_start": Wording(
        gettext_lazy("Silence at the start"), gettext_lazy("The first {value} are silent.")
    ),
    "silence_at_end": Wording(
        gettext_lazy("Silence at the end"), gettext_lazy("The last {value} are silent.")
    ),
    "cut_off_tail": Wording(
        gettext_lazy("The end may be cut off"),
        gettext_lazy("The track stops while it still sounds, at {value}."),
        gettext_lazy("Export until reverbs and echoes have died away."),
    ),
}

# What only matters to someone who can export again: a finished song may well be loud or limited.
MIX_ONLY: Final = frozenset(
    {
        "already_limited",
        "little_headroom",
        "dc_offset",
        "silence_at_start",
        "silence_at_end",
        "cut_off_tail",
    }
)

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
}


def audio_messages(audio: AudioFile | None) -> list[Message]:
    """Return what there is to say about an upload: its findings, or why it was rejected."""
    if audio is None:
        return []
    if audio.has_failed:
        return [refusal_message(audio.error_code)]
    unsaid = MIX_ONLY if audio.kind == AudioFile.Kind.REFERENCE else frozenset()
    return [finding_message(finding) for finding in audio.findings if finding["code"] not in unsaid]


def finding_message(finding: Mapping[str, Any]) -> Message:
    """Return what to say about a finding of the mix or reference check."""
    return message(
        FINDINGS,
        finding["code"],
        value=quantity(finding.get("value"), finding.get("unit") or ""),
        severity=finding.get("severity", "note"),
        ranges=finding.get("ranges") or (),
    )


def refusal_message(code: str) -> Message:
    """Return what to say where a file was refused or its measuring failed."""
    return message(REFUSALS, code, severity="refusal")


def message(
    wordings: Mapping[str, Wording],
    code: str,
    *,
    value: str = "",
    severity: str = "note",
    ranges: Sequence[Sequence[float]] = (),
) -> Message:
    """Fill a wording; a code without one, as of a newer engine, is told by its name."""
    wording = wordings.get(code) or Wording(code.replace("_", " ").capitalize())
    return Message(
        code=code,
        title=str(wording.title),
        text=str(wording.text).replace("{value}", value),
        advice=str(wording.advice),
        severity=severity,
        ranges=ranges,
    )
