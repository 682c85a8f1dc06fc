"""The library in words: how far to trust an entry, and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from references.messages.wording import Text, Wording
from references.models import Reference
from references.models.figures import Flag
from references.templatetags.audio import quantity

RIGHTS: Final = _(
    "I may use the tracks that I add here: they are mine, or I own a copy to listen to and to "
    "measure."
)

TRUST: Final[Mapping[str, tuple[Text, str]]] = {  # and how it is marked
    "full": (_("Trust it"), "good"),
    "part": (_("Trust it in part"), "note"),
    "little": (_("Little to go by"), "warning"),
}

FLAGS: Final[Mapping[str, Wording]] = {
    "lossy": Wording(_("Lossy"), _("The sound ends at {value}: its top end says nothing.")),
    "lossy_mild": Wording(
        _("Lossy, good quality"), _("It was compressed with loss; above {value} there is nothing.")
    ),
    "clipped": Wording(
        _("Clipped"), _("Peaks are cut flat: its peaks and loudness are no goal to copy in full.")
    ),
    "turned_down": Wording(
        _("Turned down"),
        _("Held peaks end at {value}: the file is quieter than its release. Set the loudness."),
    ),
    "crushed": Wording(
        _("Crushed"), _("In its densest tenth, peaks stand {value} over the loudness around them.")
    ),
    "unchecked": Wording(
        _("Not checked"),
        _("It came as measurements, without a word on whether its sound was clean."),
    ),
    "narrow_band": Wording(
        _("Narrow band"), _("The top end is missing; what it says of brightness is too little.")
    ),
    "dead_channel": Wording(_("One side is silent"), _("Width and level cannot be read from it.")),
    "inverted_channel": Wording(
        _("One side is upside down"), _("Its width is none that anyone would want.")
    ),
    "dropouts": Wording(_("Gaps"), _("The sound stops for instants, as in a broken copy.")),
    "few_bits": Wording(_("Few bits"), _("Its quiet parts are grainy.")),
    "mono": Wording(_("Mono"), _("It says nothing of width; that stage follows it to the middle.")),
    "cut_short": Wording(_("Cut short"), _("The file ends before it says it does.")),
    "short": Wording(
        _("Short"), _("{value} are little of a song; quiet and loud parts may be missing.")
    ),
}
UNITS: Final[Mapping[str, str]] = {
    "lossy": "kHz",
    "lossy_mild": "kHz",
    "turned_down": "dBFS",
    "crushed": "dB",
    "short": "s",
}


@dataclass(frozen=True, slots=True)
class FlagWords:
    code: str
    title: str
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Health:
    """How far an entry is to be trusted, in words; without a level it is not measured."""

    level: str
    title: str
    severity: str
    flags: list[FlagWords]
    is_told: bool  # by the document that it came as, and not looked for here


def health_words(reference: Reference) -> Health:
    title, severity = TRUST.get(reference.trust_level, ("", ""))
    flags = [flag_words(flag) for flag in reference.flags]
    is_unchecked = any(flag.code == "unchecked" for flag in flags)
    is_told = reference.origin == Reference.Origin.PROFILE and not is_unchecked
    return Health(reference.trust_level, str(title), severity, flags, is_told)


def flag_words(flag: Flag) -> FlagWords:
    wording = FLAGS[flag.code]
    value = quantity(flag.value, UNITS.get(flag.code, ""))
    text = str(wording.text).replace("{value}", value)
    return FlagWords(flag.code, str(wording.title), text, flag.confidence)
