"""What the checks find, in words: of one file, and of a mix with a reference."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from references.messages.wording import Wording

_DAMAGE: Final[Mapping[str, Wording]] = {
    "clipping": Wording(
        _("Clipped peaks"),
        _("{value} peaks have flat tops, whatever the level of the file is now."),
        _("Lower the master fader by 3 dB, take clippers off it, and export again."),
        _("Flat tops sound harsh or crackle. A master keeps them and makes them louder."),
        "prepare",
    ),
    "possible_clipping": Wording(
        _("Perhaps clipped peaks"),
        _("{value} peaks look flat at the top. It may be a clipper that you meant to use."),
        _("Listen to the places below. If they are harsh, export with less level."),
        _("Where it was not meant, a master makes the harshness louder."),
        "prepare",
    ),
    "already_limited": Wording(
        _("Already limited"),
        _("In the densest tenth, peaks stand only {value} above the loudness around them."),
        _("Take the limiter (a tool that holds peaks down) off the master channel, export again."),
        _("What a limiter took away cannot be given back, and the master needs that room."),
        "prepare",
    ),
    "lossy_source": Wording(
        _("Compressed with loss"),
        _("The sound ends at {value}, as it does after MP3 or AAC, whatever the file is now."),
        _("Upload a WAV, AIFF or FLAC export from the session."),
        _("Such files drop what is hard to hear; a louder, brighter master makes that audible."),
        "prepare",
    ),
    "upsampled": Wording(
        _("Converted to a higher sample rate"),
        _("The sound ends at {value}; the file's sample rate could hold more."),
        _("Export at the sample rate of the session."),
        _("A higher rate adds size, not sound. Nothing is lost either."),
        "prepare",
    ),
    "low_sample_rate": Wording(
        _("Low sample rate"),
        _("The file runs at {value}, and so holds no tone above half of that."),
        _("Export at 44.1 or 48 kHz, if the session has it."),
        _("The highest tones are missing, and mastering does not invent them."),
        "prepare",
    ),
    "low_bit_depth": Wording(
        _("Few bits"),
        _("The samples use only {value}."),
        _("Export at 24 bit, or 32 bit float."),
        _("Quiet parts and fades turn grainy once they are made louder."),
        "prepare",
    ),
    "dropout": Wording(
        _("Gaps in the sound"),
        _("In {value} places the sound stops for an instant."),
        _("Listen to the places below, then export again, offline if you can."),
        _("Short gaps click, and a computer that was too busy while exporting makes them."),
        "prepare",
    ),
    "hum": Wording(
        _("Hum"),
        _("A steady tone, as electric mains leave it (50 or 60 Hz and above), stands at {value}."),
        _("Find the recording that has it and filter it there."),
        _("A master brings the quiet up, and hum with it."),
        "limits",
    ),
    "noise": Wording(
        _("Noise"),
        _("In the quietest places a steady noise is left, at {value}."),
        _("Mute tracks where they do not play, or clean the noisy recording."),
        _("A master brings the quiet up, and noise with it."),
        "limits",
    ),
    "subsonic": Wording(
        _("Rumble below hearing"),
        _("What lies below 18 Hz is strong: {value} against the whole."),
        _("Cut below 20 Hz on the tracks that do not need it."),
        _("It is not heard, yet takes room that loudness needs, and moves speakers for nothing."),
        "prepare",
    ),
    "dc_offset": Wording(
        _("Off centre (DC offset)"),
        _("The wave swings {value} beside zero."),
        "",
        _("That would cost loudness and click at the ends. It is removed."),
    ),
}

_CHANNELS: Final[Mapping[str, Wording]] = {
    "mono": Wording(
        _("Mono file"),
        _("The file has one channel. The master has the same sound on both sides."),
        _("If the song is stereo, export it as stereo."),
        _("No width is invented from one channel."),
    ),
    "dual_mono": Wording(
        _("Both channels are the same"),
        _("The file is stereo, its sound is mono."),
        _("If the song is stereo, look for a mono switch on the master channel."),
        _("No width is invented where both sides are the same."),
        "prepare",
    ),
    "dead_channel": Wording(
        _("One channel is silent"),
        _("The {side} channel holds no sound."),
        _("Check panning and routing of the export."),
        _("People with one earphone may hear nothing."),
        "prepare",
    ),
    "inverted_channel": Wording(
        _("One channel is upside down"),
        _("The channels cancel each other nearly everywhere (correlation {value}; 1 is mono)."),
        _("Turn the polarity of one channel over (a button marked Ø) and export again."),
        _("On one speaker or a phone little of the song is left."),
        "prepare",
    ),
    "out_of_phase": Wording(
        _("Out of phase in places"),
        _("There left and right work against each other (correlation {value}; 1 is mono)."),
        _("Look for a stereo widener or a doubled track at these times."),
        _("On one speaker or a phone these sounds fade or vanish."),
        "limits",
    ),
    "low_end_out_of_phase": Wording(
        _("The low end cancels itself"),
        _("In the bass, left and right work against each other (correlation {value}; 1 is mono)."),
        _("Take wideners off the low sounds, or make everything below 120 Hz mono."),
        _("In clubs and on small speakers, which play bass in mono, it vanishes."),
        "limits",
    ),
    "wide_low_end": Wording(
        _("Wide low end"),
        _("In the bass, left and right differ (correlation {value}; 1 is mono)."),
        _("Make everything below 120 Hz mono in the mix."),
        _("Systems that play bass in mono lose part of it, and it costs loudness."),
        "limits",
    ),
    "narrow_low_end": Wording(
        _("Narrow low end"),
        _("Nearly nothing of the low end differs between the sides (correlation {value})."),
        "",
        _("That is usual, and safe on every system."),
    ),
}

_ENDS: Final[Mapping[str, Wording]] = {
    "silence_at_start": Wording(
        _("Silence at the start"),
        _("The first {value} are silent."),
        _("Trim it, unless it is meant."),
        _("Listeners skip a song that does not begin."),
    ),
    "silence_at_end": Wording(
        _("Silence at the end"),
        _("The last {value} are silent."),
        _("Trim it, unless it is meant."),
        _("Playlists leave a hole there."),
    ),
    "cut_off_start": Wording(
        _("The start may be cut off"),
        _("The song begins at once at {value}, as if its first instant were missing."),
        _("Export from a moment before the first note."),
        _("A note that begins in the middle clicks."),
        "prepare",
    ),
    "cut_off_tail": Wording(
        _("The end may be cut off"),
        _("The song stops while it still sounds, at {value}."),
        _("Export until reverbs and echoes have died away."),
        _("A master is louder, so a cut is heard more."),
        "prepare",
    ),
    "little_headroom": Wording(
        _("Little headroom"),
        _("The highest true peak (the wave between the samples, too) is {value}."),
        "",
        _("That is fine where nothing is clipped; the level is set anew."),
    ),
}


def _outlier(title: object, text: object, advice: object) -> Wording:
    why = _("Few released songs are so far out there. If you meant it, leave it.")
    return Wording(title, text, advice, why, "limits")  # type: ignore[arg-type]  # lazy texts


_HEAVY = _("About {size} more of it than released songs have at most.")
_THIN = _("About {size} less of it than released songs have at least.")
_TURN_DOWN = _("Listen beside a reference, and turn it down in the tracks that are strong there.")
_TURN_UP = _("Listen beside a reference, and give that range more room in the mix.")

_TONE: Final[Mapping[str, Wording]] = {
    "heavy_low_end": _outlier(_("Heavy low end (30 to 120 Hz)"), _HEAVY, _TURN_DOWN),
    "thin_low_end": _outlier(_("Thin low end (30 to 120 Hz)"), _THIN, _TURN_UP),
    "heavy_low_mids": _outlier(_("Heavy low mids (120 to 500 Hz)"), _HEAVY, _TURN_DOWN),
    "thin_low_mids": _outlier(_("Thin low mids (120 to 500 Hz)"), _THIN, _TURN_UP),
    "heavy_vocal_range": _outlier(_("Heavy vocal range (500 Hz to 4 kHz)"), _HEAVY, _TURN_DOWN),
    "thin_vocal_range": _outlier(_("Thin vocal range (500 Hz to 4 kHz)"), _THIN, _TURN_UP),
    "heavy_top_end": _outlier(_("Heavy top end (above 4 kHz)"), _HEAVY, _TURN_DOWN),
    "thin_top_end": _outlier(_("Thin top end (above 4 kHz)"), _THIN, _TURN_UP),
}

_MORE = _("Your mix has {size} more of it than the reference, at equal level.")
_LESS = _("Your mix has {size} less of it than the reference, at equal level.")
_FAR = _("Mastering goes part of such a way. The rest is a matter of the mix, or of the reference.")
_EITHER = _("Mend it in the mix first, or choose a reference that is nearer.")


def _apart(title: object, text: object) -> Wording:
    return Wording(title, text, _EITHER, _FAR, "limits")  # type: ignore[arg-type]  # lazy texts


PAIR: Final[Mapping[str, Wording]] = {
    "same_audio": Wording(
        _("Both are the same recording"),
        _("Mix and reference agree in {value} of their sound."),
        _("Choose another song as reference, unless you want to compare two masters of one mix."),
        _("A song cannot learn from itself: there would be little to change."),
        "reference",
    ),
    "swapped": Wording(
        _("Are the two swapped?"),
        _("The mix is {size} louder than the reference, and denser: it looks like the master."),
        _("Swap them if it is so."),
        _("Mastered the wrong way round, your song would become quieter."),
        "reference",
    ),
    "too_loud_to_master": Wording(
        _("Louder than the reference already"),
        _("Your mix is {size} louder than the reference."),
        _("Export it without a limiter, or ask for the loudness in the settings."),
        _("The master would turn it down."),
        "prepare",
    ),
    "reference_lossy": Wording(
        _("The reference was compressed with loss"),
        _("Its sound ends at {value}."),
        _("Use a lossless copy if you have one."),
        _("Above that, it says nothing; the top end is followed less."),
        "reference",
    ),
    "reference_mono": Wording(
        _("The reference is mono"),
        _("It has no sides to compare."),
        _("Choose a stereo reference if width matters to you."),
        _("The width of your mix stays as it is."),
        "reference",
    ),
    "reference_limited": Wording(
        _("The reference is heavily limited"),
        _("In its densest tenth, peaks stand only {value} above the loudness."),
        _("Keep the amount of dynamics low, or choose a more open song."),
        _("Followed all the way, your song would be pressed as hard."),
        "reference",
    ),
    "reference_short": Wording(
        _("The reference is short"),
        _("It lasts {value}."),
        _("Upload the whole song."),
        _("A few seconds do not show how a song sounds as a whole."),
        "reference",
    ),
    "more_low_end": _apart(_("Much more low end than the reference"), _MORE),
    "less_low_end": _apart(_("Much less low end than the reference"), _LESS),
    "more_low_mids": _apart(_("Much more low mids than the reference"), _MORE),
    "less_low_mids": _apart(_("Much less low mids than the reference"), _LESS),
    "more_vocal_range": _apart(_("Much more vocal range than the reference"), _MORE),
    "less_vocal_range": _apart(_("Much less vocal range than the reference"), _LESS),
    "more_top_end": _apart(_("Much more top end than the reference"), _MORE),
    "less_top_end": _apart(_("Much less top end than the reference"), _LESS),
}

FINDINGS: Final[Mapping[str, Wording]] = {**_DAMAGE, **_CHANNELS, **_ENDS, **_TONE, **PAIR}
