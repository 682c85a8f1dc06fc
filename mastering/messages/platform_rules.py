"""The platforms' rules as they are shipped, for translators: what pages show of them is data."""

from typing import Final

from django.utils.translation import gettext_noop as _

SHIPPED: Final = (
    _(
        "Louder masters are turned down to −14 LUFS. Quieter ones are turned up, as far as 1 "
        "dB of true-peak headroom is left. Listeners may choose −11 or −19 LUFS instead; only"
        " the loud setting uses a limiter."
    ),
    _(
        "Sound Check plays at about −16 LUFS. Quieter masters are turned up only as far as "
        "their peaks allow; no limiter is used. Albums keep the relations between their "
        "songs."
    ),
    _(
        "Louder uploads are turned down to −14 LUFS; quieter ones stay as they are. YouTube "
        "Music does the same."
    ),
    _("Albums are turned down so that their loudest song plays at −14 LUFS; nothing is turned up."),
    _("Louder masters are turned down to −14 LUFS; quieter ones stay as they are."),
    _("Louder masters are turned down to −15 LUFS; quieter ones stay as they are."),
)
