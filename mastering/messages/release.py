"""The check before a release in words: peaks of file and lossy copies, mono, platforms."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dsp.formats import WRITABLE
from mastering.models import Release, ReleaseCheck, Version, current_platforms
from references.templatetags.audio import db, dbtp, lu, lufs, number, seconds, signed_db

MUCH_LOST_LU = 3.0  # as where the channels have nothing in common
NOTED_LOST_LU = 1.5
BROADCAST_LUFS = -23.0  # EBU R 128
STAYS_DB = 0.05  # a gain that reads as none


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked: its number, what that means, and how grave it is."""

    name: str
    value: str
    text: str
    severity: str  # good, note or warning


@dataclass(frozen=True, slots=True)
class Played:
    """A platform: by how much it turns the master up or down, and by which rule."""

    name: str
    gain: str
    lufs: str
    rule: str
    source: str
    dated: str
    is_measured: bool


def release_lines(check: ReleaseCheck) -> list[Checked]:
    """Return what was found, the file first."""
    found = check.found
    return [_file(check), *(_codec(each) for each in found["codecs"]), _mono(found["mono"])]


def safe_ceiling(check: ReleaseCheck) -> str | None:
    """Return the ceiling that keeps every lossy copy whole; None where this one does."""
    ceiling = check.found["safe_ceiling_dbtp"]
    return None if ceiling is None else dbtp(ceiling)


def ceiling_cannot_help(check: ReleaseCheck) -> bool:
    """Tell whether the peaks are the mix's own, since every amount is at 0."""
    return check.version.chosen.is_identity


def platform_lines(version: Version) -> list[Played]:
    """Return how loud each platform plays a version, by the rules of today."""
    loudness, peak = version.loudness_lufs, version.true_peak_dbtp
    if loudness is None or peak is None:
        return []
    lines = []
    for rule in current_platforms():
        gain = rule.gain_db(loudness_lufs=loudness, true_peak_dbtp=peak)
        lines.append(
            Played(
                name=rule.name,
                gain=_("as it is") if abs(gain) < STAYS_DB else signed_db(gain),
                lufs=lufs(loudness + gain),
                rule=_(rule.rule) if rule.rule else "",
                source=rule.source,
                dated=rule.dated,
                is_measured=rule.kind_of_source == "measured",
            )
        )
    return lines


def context_line(version: Version) -> str:
    """Return what the numbers mean where the song will be heard, if that was said."""
    loudness, peak = version.loudness_lufs, version.true_peak_dbtp
    place = version.master.release
    if loudness is None or peak is None or not place:
        return ""
    gains = [
        rule.gain_db(loudness_lufs=loudness, true_peak_dbtp=peak) for rule in current_platforms()
    ]
    values = {
        "lufs": lufs(loudness),
        "most": db(-min(gains)),
        "broadcast": signed_db(BROADCAST_LUFS - loudness),
        "reference": lufs(version.master.reference.loudness_lufs),
    }
    turned_down = min(gains) < -STAYS_DB
    return str(_told_of(place, turned_down=turned_down) % values)


def _told_of(place: str, *, turned_down: bool) -> str:
    if place == Release.STREAMING:
        if turned_down:
            return _(
                "On streaming services: they turn this down by up to %(most)s, so its loudness "
                "gains nothing there. More room for the peaks would cost nothing either."
            )
        return _("On streaming services: none turns it down, so you hear what you made.")
    if place == Release.VIDEO:
        return _(
            "In videos: many hear it on one small loudspeaker. Look at the mono line here, and "
            "listen in mono in the player."
        )
    if place == Release.CLUB:
        return _(
            "In a set: nothing brings songs to one level. This one is at %(lufs)s; the reference, "
            "which it may follow, is at %(reference)s. Check the low end in mono."
        )
    if place == Release.DISC:
        return _(
            "On disc and as a download: it is played as it is, at %(lufs)s. With other songs "
            "beside it, make an album, which keeps their loudness in order."
        )
    if place == Release.BROADCAST:
        return _(
            "On air: broadcasters bring programmes to −23 LUFS (EBU R 128), this one by "
            "%(broadcast)s. Loudness is lost there; lively dynamics are kept."
        )
    return _("As a demo: it need not be louder than it is good to hear, at %(lufs)s.")


def _file(check: ReleaseCheck) -> Checked:
    peak, ceiling = check.found["true_peak_dbtp"], check.version.chosen.ceiling_dbtp
    if peak is not None and peak > 0.0:
        text = _("Above full scale between the samples: converters may clip.")
        return Checked(_("The file"), dbtp(peak), text, "warning")
    text = _("The highest true peak; the ceiling is %(ceiling)s.") % {"ceiling": dbtp(ceiling)}
    return Checked(_("The file"), dbtp(peak), text, "good")


def _codec(copy: dict[str, Any]) -> Checked:
    name, peak = WRITABLE[copy["format"]].label, copy["true_peak_dbtp"]
    if peak is not None and peak > 0.0:
        values = {"over": db(copy["overshoot_db"]), "overs": number(copy["overs"], 0)}
        text = (
            _("Encoding adds %(over)s to the peaks; %(overs)s samples clip in many players.")
            if copy["overs"]
            else _("Encoding adds %(over)s to the peaks; converters may clip between samples.")
        )
        return Checked(name, dbtp(peak), text % values, "warning")
    return Checked(name, dbtp(peak), _("Stays below full scale when it is decoded."), "good")


def _mono(mono: dict[str, Any]) -> Checked:
    name, loss = _("In mono"), mono["loss_lu"]
    if mono["channels"] == 1:
        return Checked(name, lu(0.0), _("The master is mono already."), "good")
    if loss is None:
        return Checked(name, lu(loss), _("There is nothing left of it in mono."), "warning")
    values = {"worst": lu(mono["worst_loss_lu"]), "at": seconds(mono["worst_at_seconds"])}
    text = _("So much quieter on one loudspeaker; most of all at %(at)s, by %(worst)s.") % values
    if mono["worst_loss_lu"] is None:
        text = _("So much quieter on one loudspeaker.")
    grave = max(loss, mono["worst_loss_lu"] or 0.0)
    severity = (
        "warning" if grave > MUCH_LOST_LU + 0.5 else "note" if loss > NOTED_LOST_LU else "good"
    )
    return Checked(name, lu(-loss), text, severity)
