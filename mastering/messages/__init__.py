"""What people read about a master: its steps, and why one was refused or failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from mastering.models import STEPS, Version
from references.messages import REFUSALS, Message, Wording, message

LEAST_LEFT_SECONDS: Final = 5  # estimates are told no finer

STEP_LABELS: Final[Mapping[str, str | Promise]] = {
    "queued": gettext_lazy("Waiting for a worker"),
    "checking": gettext_lazy("Checking the files"),
    "measuring": gettext_lazy("Measuring"),
    "tone": gettext_lazy("Matching tone"),
    "dynamics": gettext_lazy("Matching dynamics"),
    "width": gettext_lazy("Matching width"),
    "limiting": gettext_lazy("Limiting"),
    "verifying": gettext_lazy("Verifying"),
    "encoding": gettext_lazy("Preparing the player"),
}

FAILURES: Final[Mapping[str, Wording]] = {
    **REFUSALS,
    "audio_unusable": Wording(
        gettext_lazy("A track is missing"),
        gettext_lazy("One of the two tracks was rejected or removed."),
        gettext_lazy("Choose it again."),
    ),
    "no_credits": Wording(
        gettext_lazy("No credits left"),
        gettext_lazy("You have no credits left. Both tracks are kept."),
        gettext_lazy("Buy some, or wait for the next month’s."),
    ),
    "account_frozen": Wording(
        gettext_lazy("A payment is open"),
        gettext_lazy("A payment was taken back whose credits were used, or is disputed."),
        gettext_lazy("Write to us and we sort it out; both tracks are kept."),
    ),
    "mix_rejected": Wording(
        gettext_lazy("The mix cannot be used"),
        gettext_lazy("Its measuring ended with a problem, which its card tells."),
        gettext_lazy("Upload another export of the mix."),
    ),
    "reference_rejected": Wording(
        gettext_lazy("The reference cannot be used"),
        gettext_lazy("Its measuring ended with a problem, which its card tells."),
        gettext_lazy("Choose another reference."),
    ),
    "too_many_masters": Wording(
        gettext_lazy("Too many masters at once"),
        gettext_lazy("Many of your masters still wait to be made."),
        gettext_lazy("Wait until some are done, or cancel some."),
    ),
    "frozen": Wording(
        gettext_lazy("Frozen settings do not change"),
        gettext_lazy("This file has exactly the processing of the master it was taken from."),
        gettext_lazy("Change that master, then apply it again."),
    ),
    "not_freezable": Wording(
        gettext_lazy("The exact processing was not kept"),
        gettext_lazy("This version was made before Lacquer kept every filter and gain."),
        gettext_lazy("Render it once more, which is free, and apply that version."),
    ),
    "too_many_frozen": Wording(
        gettext_lazy("Five other versions are included"),
        gettext_lazy("One credit includes five other files of the song with its settings."),
        gettext_lazy("Delete one that you no longer need, or master this one by itself."),
    ),
    "recipe_unsupported": Wording(
        gettext_lazy("The settings cannot be read"),
        gettext_lazy("They were kept by another version of the engine."),
        gettext_lazy("Render the master once more, which is free, and apply that version."),
    ),
    "album_unready": Wording(
        gettext_lazy("The album is not ready"),
        gettext_lazy("It needs a direction and songs that are all measured."),
        gettext_lazy("Take out what was rejected, or wait a moment."),
    ),
    "album_as_it_is": Wording(
        gettext_lazy("Nothing to do"), gettext_lazy("The album is mastered as it says already.")
    ),
    "too_many_tracks": Wording(
        gettext_lazy("Too much for one album"),
        gettext_lazy("An album holds up to 30 songs and two hours."),
        gettext_lazy("Make two albums of it."),
    ),
    "too_many_siblings": Wording(
        gettext_lazy("Too many references on one mix"),
        gettext_lazy("At most five references are compared on one mix."),
        gettext_lazy("Choose fewer, or delete a master that you no longer need."),
    ),
    "not_a_part": Wording(
        gettext_lazy("No part of the song"),
        gettext_lazy("The part to listen to lies outside the song."),
        gettext_lazy("Choose a loop within the song."),
    ),
    "no_such_section": Wording(
        gettext_lazy("No such section"),
        gettext_lazy("A pair names a section that the mix or the reference does not have."),
        gettext_lazy("Pair sections that were found, or let them be paired automatically."),
    ),
    "version_unfinished": Wording(
        gettext_lazy("This version is not finished"),
        gettext_lazy("Only a finished version can be shown or judged."),
        gettext_lazy("Wait until it is done."),
    ),
    "preset_name_taken": Wording(
        gettext_lazy("The name is taken"),
        gettext_lazy("Another preset of yours has this name."),
        gettext_lazy("Choose another name, or change that preset."),
    ),
    "too_many_presets": Wording(
        gettext_lazy("Too many presets"),
        gettext_lazy("You have as many presets as one person can have."),
        gettext_lazy("Delete some."),
    ),
    "missing_mix": Wording(gettext_lazy("No mix"), gettext_lazy("Choose your mix.")),
    "missing_reference": Wording(gettext_lazy("No reference"), gettext_lazy("Choose a reference.")),
    "not_exportable": Wording(
        gettext_lazy("Nothing to make"),
        gettext_lazy("Choose at least one format; the version must be finished."),
    ),
    "too_many_exports": Wording(
        gettext_lazy("Too many files at once"),
        gettext_lazy("Many of your files still wait to be made."),
        gettext_lazy("Wait until some are done."),
    ),
    "invalid_cover": Wording(
        gettext_lazy("The cover cannot be used"),
        gettext_lazy("A cover is a JPEG or PNG of up to 5 MB, with 64 to 6000 pixels a side."),
        gettext_lazy("Export the picture again."),
    ),
    "too_many_attempts": Wording(
        gettext_lazy("Too many tries"),
        gettext_lazy("The password was wrong too often."),
        gettext_lazy("Wait ten minutes, then try again."),
    ),
    "too_many_notes": Wording(
        gettext_lazy("Too many comments"),
        gettext_lazy("Much was said here already."),
        gettext_lazy("Wait ten minutes, then try again."),
    ),
    "profile_unsupported": Wording(
        gettext_lazy("The reference was measured by an older version"),
        gettext_lazy("Its measurements can no longer be read."),
        gettext_lazy("Upload the reference again."),
    ),
    "invalid_settings": Wording(
        gettext_lazy("Settings out of range"),
        gettext_lazy("One of the settings is outside what the engine takes."),
        gettext_lazy("Render a version with other settings."),
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    label: str
    state: Literal["done", "live", "todo"]


def steps_of(version: Version) -> list[Step]:
    """Return the steps that people see, and where the version is among them."""
    shown = STEPS[:-1]
    if not version.is_open:
        live = len(shown) if version.has_succeeded else -1
    elif version.is_waiting:
        live = 0
    else:
        live = shown.index(version.step) if version.step in shown else 1
    return [
        Step(
            name,
            _label(name, version),
            "live" if place == live else "done" if place < live else "todo",
        )
        for place, name in enumerate(shown)
    ]


def left_words(end: datetime | None) -> str:
    """Say how long a version should still take; nothing where that is not known."""
    if end is None:
        return ""
    seconds = (end - timezone.now()).total_seconds()
    if seconds < LEAST_LEFT_SECONDS:
        return gettext("Done in a moment")
    if seconds < 60 - LEAST_LEFT_SECONDS / 2:
        rounded = LEAST_LEFT_SECONDS * round(seconds / LEAST_LEFT_SECONDS)
        return gettext("About %(count)s seconds left") % {"count": rounded}
    minutes = max(round(seconds / 60), 1)
    text = ngettext("About a minute left", "About %(count)s minutes left", minutes)
    return text % {"count": minutes}


def failure_message(code: str) -> Message:
    """Return what to say where a master was refused, or a version failed."""
    return message(FAILURES, code, severity="refusal")


def _label(name: str, version: Version) -> str:
    master = version.master
    if name == "queued" and version.is_waiting and (master.mix.is_open or master.reference.is_open):
        return gettext("Waiting until both tracks are measured")
    return str(STEP_LABELS[name])
