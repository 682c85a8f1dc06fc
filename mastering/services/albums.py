"""Albums: gathering mixes in an order, mastering them toward one direction, keeping relations.

Where relations are kept, each song's goal is the album's, less what its mix is quieter than the
loudest mix. A limit may hold one song back from its goal; then all goals are lowered by that, and
what is too loud by now is rendered again, which costs nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.dispatch import receiver

from accounts.models import EventType, Notice, User
from accounts.services import notify, record
from dsp.settings import LOUDNESS_LUFS, MasterSettings
from mastering.errors import AlbumUnready, AudioUnusable, MasterRefused, TooManyTracks
from mastering.models import (
    GAP_SECONDS,
    LONGEST_ALBUM_SECONDS,
    MOST_TRACKS,
    OFFSET_LU,
    Album,
    AlbumTrack,
    Version,
)
from mastering.services.archives import delete_archives
from mastering.services.credits import cost_of_all
from mastering.services.masters import render_version, submit_master
from references.errors import Busy
from references.models import AudioFile, Reference, Settled, settled
from references.services import remove_audio

HELD_BACK_LU = 0.1  # a song this far under its goal is held back by a limit
MOST_ROUNDS = 3


def create_album(*, user: User, title: str, artist: str = "", is_test: bool = False) -> Album:
    """Begin an album without songs."""
    return Album.objects.create(
        user=user,
        title=title,
        artist=artist,
        settings=MasterSettings().as_dict(),
        is_test=is_test,
    )


def direct_album(
    *,
    album: Album,
    reference: AudioFile | None,
    mode: str,
    settings: MasterSettings,
    title: str,
    artist: str = "",
) -> Album:
    """Say where an album is to go; what is mastered already stays until it is mastered anew.

    Raises
    ------
    AudioUnusable
    """
    if reference is not None and (
        reference.user_id != album.user_id or not _is_usable(album, reference)
    ):
        raise AudioUnusable
    chosen = {"mode": Album.Mode(mode), "settings": settings.as_dict()}
    columns: dict[str, Any] = {"title": title, "artist": artist, "reference": reference, **chosen}
    with transaction.atomic():
        locked = _lock(album)
        moved = (locked.reference_id, locked.mode, locked.settings) != (
            reference and reference.pk,
            chosen["mode"],
            chosen["settings"],
        )
        if moved:
            columns |= {"lowered_lu": 0.0, "rounds": 0}
        Album.objects.filter(pk=album.pk).update(**columns)
    album.refresh_from_db()
    return album


def add_track(*, album: Album, mix: AudioFile, title: str = "") -> AlbumTrack:
    """Put a mix at the end of an album; once it is there, that one.

    Raises
    ------
    AudioUnusable, TooManyTracks
    """
    with transaction.atomic():
        _lock(album)
        found = AudioFile.objects.of(album.user).select_for_update().filter(pk=mix.pk).first()
        if found is None or not found.has_sound or not _is_usable(album, found):
            raise AudioUnusable
        tracks = album.tracks.select_related("mix")
        if known := tracks.filter(mix=mix).first():
            return known
        if tracks.count() >= MOST_TRACKS:
            raise TooManyTracks
        last = tracks.aggregate(last=Max("place"))["last"]
        return AlbumTrack.objects.create(
            album=album,
            mix=mix,
            place=0 if last is None else last + 1,
            title=(title or mix.title)[:200],
        )


def edit_track(*, track: AlbumTrack, title: str, gap_seconds: float, offset_lu: float) -> None:
    """Name a song, and set the pause after it and its own part in the album's loudness."""
    offset_lu = min(max(offset_lu, OFFSET_LU[0]), OFFSET_LU[1])
    with transaction.atomic():
        if offset_lu != _lock_track(track).offset_lu:
            _raise_again(track.album_id)
        AlbumTrack.objects.filter(pk=track.pk).update(
            title=title,
            gap_seconds=min(max(gap_seconds, GAP_SECONDS[0]), GAP_SECONDS[1]),
            offset_lu=offset_lu,
        )


def move_track(*, track: AlbumTrack, by: int) -> None:
    """Let a song change places with those before or behind it."""
    with transaction.atomic():
        _lock(track.album)
        order = list(track.album.tracks.values_list("pk", flat=True))
        place = order.index(track.pk)
        order.insert(min(max(place + by, 0), len(order) - 1), order.pop(place))
        _put_in_order(order)


def order_tracks(*, album: Album, ids: Sequence[str]) -> None:
    """Put songs in an order; those that are not named follow as they were."""
    with transaction.atomic():
        _lock(album)
        known = list(album.tracks.values_list("pk", flat=True))
        named = [pk for pk in dict.fromkeys(ids) if pk in known]
        _put_in_order([*named, *(pk for pk in known if pk not in named)])


def remove_track(*, track: AlbumTrack) -> None:
    """Take a song out of an album; its master stays, its mix goes where nothing needs it."""
    mix = track.mix
    with transaction.atomic():
        _lock(track.album)
        track.delete()
        _raise_again(track.album_id)
        _drop_unused([mix])


def delete_album(*, album: Album) -> None:
    """Delete an album and its ZIPs; the masters stay among all masters."""
    with transaction.atomic():
        mixes = [track.mix for track in album.tracks.select_related("mix")]
        delete_archives(album=album)
        album.delete()
        _drop_unused(mixes)


def submit_album(*, album: Album) -> list[AlbumTrack]:
    """Master what is not mastered as the album says by now; all of it, or nothing.

    A song costs as its pair does; what was paid before is rendered again for nothing. One song
    that fails later holds nothing else up.

    Raises
    ------
    MasterRefused, Busy
        With nothing stored.
    """
    with transaction.atomic():
        Album.objects.filter(pk=_lock(album).pk).update(rounds=0)
        album.refresh_from_db()
        tracks = list(album.tracks.select_related("mix", "master__reference"))
        goals = goals_of(album, tracks)
        submitted = [track for track in tracks if _bring_up_to_date(album, track, goals)]
        Album.objects.filter(pk=album.pk).update(is_settling=True)
        transaction.on_commit(partial(settle_album, album_id=album.pk), robust=True)
    return submitted


def cost_of_album(*, album: Album) -> int:
    """Return what mastering an album would cost now."""
    if album.reference is None:
        return 0 if album.is_test else album.tracks.count()
    mixes = [track.mix for track in album.tracks.select_related("mix")]
    return cost_of_all(user=album.user, pairs=[(mix, album.reference) for mix in mixes])


def goals_of(album: Album, tracks: Sequence[AlbumTrack]) -> dict[str, float]:
    """Return the loudness that each song is brought to, LUFS.

    Raises
    ------
    AlbumUnready
    """
    reference, settings = album.reference, album.chosen
    if not tracks or reference is None or not reference.is_ready:
        raise AlbumUnready
    levels = [track.mix.loudness_lufs for track in tracks if track.mix.is_ready]
    measured = [level for level in levels if level is not None]
    if len(measured) < len(tracks):
        raise AlbumUnready
    if sum(track.mix.duration_seconds or 0.0 for track in tracks) > LONGEST_ALBUM_SECONDS:
        raise TooManyTracks
    loudest = max(measured)
    aim = reference.loudness_lufs if settings.loudness == "reference" else settings.loudness
    share = settings.effective_loudness_amount
    top = loudest + share * (float(aim or 0.0) - loudest) - album.lowered_lu
    goals = {}
    for track, level in zip(tracks, measured, strict=True):
        under = loudest - level if album.mode == Album.Mode.KEEP else 0.0
        goal = top - under + track.offset_lu
        goals[track.pk] = round(min(max(goal, LOUDNESS_LUFS[0]), LOUDNESS_LUFS[1]), 2)
    return goals


def settings_of(album: Album, goal_lufs: float) -> MasterSettings:
    """Return the settings of a song with a goal."""
    return replace(album.chosen, loudness=goal_lufs, loudness_amount=None)


def fits(album: Album, version: Version, goal_lufs: float) -> bool:
    """Tell whether a finished version is what an album asks for, or reached that another way.

    One that was asked for just this, and that a limit held back, is as it can be.
    """
    asked = settings_of(album, goal_lufs).as_dict()
    if version.settings == asked:
        return True
    if version.loudness_lufs is None or version.settings | {"loudness": asked["loudness"]} != asked:
        return False
    return abs(version.loudness_lufs - goal_lufs) <= HELD_BACK_LU


def settle_album(*, album_id: str) -> None:
    """Once all songs have ended, lower the album where a limit held one back, and let it be."""
    with transaction.atomic():
        album = Album.objects.select_for_update().settling().filter(pk=album_id).first()
        if album is None:
            return
        tracks = list(album.tracks.select_related("mix", "master__reference"))
        versions = {track.pk: track.master.latest for track in tracks if track.master}
        if any(version.is_open for version in versions.values()):
            return
        shortfall_lu = _shortfall_lu(album, tracks, versions)
        if shortfall_lu <= HELD_BACK_LU or album.rounds >= MOST_ROUNDS:
            Album.objects.filter(pk=album.pk).update(is_settling=False)
            _tell(album, list(versions.values()))
            return
        Album.objects.filter(pk=album.pk).update(
            lowered_lu=F("lowered_lu") + shortfall_lu, rounds=F("rounds") + 1
        )
        album.refresh_from_db()
        goals = goals_of(album, tracks)
        for track in tracks:
            version, goal_lufs = versions.get(track.pk), goals[track.pk]
            if version is None or not version.has_succeeded or fits(album, version, goal_lufs):
                continue
            render_version(master=version.master, settings=settings_of(album, goal_lufs))


def settle_albums() -> None:
    """Settle what a crash left unsettled."""
    for pk in Album.objects.settling().values_list("pk", flat=True):
        try:
            settle_album(album_id=pk)
        except (MasterRefused, Busy):  # the next sweep tries again
            continue


@receiver(settled, sender=Version)
def song_settled(rows: list[Settled], **_: Any) -> None:
    """Look at the albums of what has ended, once that is certain."""
    ended = [row.pk for row in rows]
    albums = Album.objects.settling().filter(tracks__master__versions__in=ended)
    for pk in albums.distinct().values_list("pk", flat=True):
        transaction.on_commit(partial(settle_album, album_id=pk), robust=True)


def _tell(album: Album, versions: Sequence[Version]) -> None:
    """Tell of an album that has ended, and write to its person, once each time it was mastered."""
    if not versions:
        return
    newest = max(versions, key=lambda version: (version.created, version.pk))
    failed = [version for version in versions if version.has_failed]
    made = sum(1 for version in versions if version.has_succeeded)
    reason = f"album_done:{album.pk}:{newest.pk}"
    record(
        album.user_id,
        EventType.ALBUM_FINISHED,
        subject=album.pk,
        content={"succeeded": made, "failed": len(failed)},
        reason=reason,
        is_test=album.is_test,
    )
    if album.is_test:
        return
    notify(
        album.user,
        kind=Notice.MASTER_DONE,
        template="emails/album_done",
        reason=reason,
        album=album,
        made=made,
        failed=len(failed),
    )


def _shortfall_lu(
    album: Album, tracks: Sequence[AlbumTrack], versions: dict[str, Version]
) -> float:
    """Return how far the song that is held back most lies under its goal, LU."""
    if album.mode != Album.Mode.KEEP:
        return 0.0
    try:
        goals = goals_of(album, tracks)
    except MasterRefused:  # changed meanwhile: whoever changed it masters it anew
        return 0.0
    missing = [0.0]
    for track in tracks:
        version = versions.get(track.pk)
        if version is None or version.loudness_lufs is None:
            continue
        asked = settings_of(album, goals[track.pk]).as_dict()
        if version.settings == asked:  # not one that its person made otherwise
            missing.append(goals[track.pk] - version.loudness_lufs)
    return round(max(missing), 2)


def _bring_up_to_date(album: Album, track: AlbumTrack, goals: dict[str, float]) -> bool:
    """Queue what a song lacks; tell whether anything was queued."""
    if album.reference is None:
        raise AlbumUnready
    settings = settings_of(album, goals[track.pk])
    master = track.master
    if master is None or master.reference_id != album.reference_id or master.is_frozen:
        made = submit_master(
            user=album.user,
            mix=track.mix,
            reference=album.reference,
            settings=settings,
            title=track.title,
        )
        AlbumTrack.objects.filter(pk=track.pk).update(master=made)
        return True
    latest = master.latest
    waits = latest.is_open and latest.settings == settings.as_dict()
    if waits or (latest.has_succeeded and fits(album, latest, goals[track.pk])):
        return False
    render_version(master=master, settings=settings)
    return True


def _is_usable(album: Album, audio: AudioFile) -> bool:
    """Tell whether a track may belong to an album; what test keys sent, to one of theirs only."""
    return not audio.has_failed and audio.is_test == album.is_test


def _lock(album: Album) -> Album:
    return Album.objects.select_for_update().get(pk=album.pk)


def _lock_track(track: AlbumTrack) -> AlbumTrack:
    _lock(track.album)
    return AlbumTrack.objects.get(pk=track.pk)


def _raise_again(album_id: str) -> None:
    """Let an album be as loud as it may, now that another song may be the one held back."""
    Album.objects.filter(pk=album_id).update(lowered_lu=0.0)


def _put_in_order(ids: Sequence[str]) -> None:
    for place, pk in enumerate(ids):
        AlbumTrack.objects.filter(pk=pk).update(place=place)


def _drop_unused(mixes: Sequence[AudioFile]) -> None:
    for mix in mixes:
        if not Reference.objects.filter(audio=mix).exists():
            remove_audio(audio=mix)
