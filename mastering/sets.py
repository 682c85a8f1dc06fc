"""How far the songs of an album are, and how they came to stand to each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from mastering.errors import MasterRefused
from mastering.models import Album, AlbumTrack, Version
from mastering.services import fits, goals_of

KEPT_WITHIN_LU = 0.3


@dataclass(frozen=True, slots=True)
class SongResult:
    """One song: what it was, what it is to be, and what it is."""

    track: AlbumTrack
    version: Version | None
    goal_lufs: float | None
    off_lu: float | None  # from where it stands to the others, or to its goal
    is_as_asked: bool

    @property
    def is_open(self) -> bool:
        return self.track.mix.is_open or (self.version is not None and self.version.is_open)

    @property
    def is_kept(self) -> bool:
        return self.off_lu is not None and abs(self.off_lu) <= KEPT_WITHIN_LU


@dataclass(frozen=True, slots=True)
class AlbumResults:
    songs: Sequence[SongResult]
    is_settling: bool
    packing: bool

    @property
    def is_open(self) -> bool:
        """Whether anything is still to come of itself."""
        return self.is_settling or self.packing or any(song.is_open for song in self.songs)

    @property
    def made(self) -> int:
        return sum(1 for song in self.songs if song.version and song.version.has_succeeded)

    @property
    def is_outdated(self) -> bool:
        """Whether something is mastered otherwise than the album says by now."""
        return any(
            song.version is not None and song.version.has_succeeded and not song.is_as_asked
            for song in self.songs
        )


def results_of(album: Album) -> AlbumResults:
    """Return how far an album is, its songs in order."""
    tracks = list(album.tracks.all())
    try:
        goals = goals_of(album, tracks)
    except MasterRefused:
        goals = {}
    songs = [_result(album, track, goals.get(track.pk)) for track in tracks]
    packing = album.archives.open().exists()
    is_settling = album.is_settling and any(song.version for song in songs)
    return AlbumResults(songs, is_settling=is_settling, packing=packing)


def _result(album: Album, track: AlbumTrack, goal_lufs: float | None) -> SongResult:
    version = track.version
    off_lu, is_as_asked = None, False
    if version and goal_lufs is not None and version.loudness_lufs is not None:
        off_lu = version.loudness_lufs - goal_lufs
        same_direction = version.master.reference_id == album.reference_id
        is_as_asked = same_direction and fits(album, version, goal_lufs)
    return SongResult(track, version, goal_lufs, off_lu, is_as_asked)
