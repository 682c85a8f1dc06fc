"""What the band plays: four songs, two of them mixed badly on purpose."""

from dataclasses import dataclass

from mastering.management.band import Mix, Song


@dataclass(frozen=True)
class Track:
    title: str
    song: Song
    mix: Mix


HARBOUR = Track(  # boomy and dull
    "Harbour lights",
    Song(seed=1, beats_per_minute=104.0, key_hz=55.0, chords=(0, 5, 2, 6)),
    Mix({"bass": 2.0, "chords": -4.0}, bass_db=4.0, treble_db=-7.0, reverb_db=-18.0),
)
PAPER = Track(  # thin, with a kick that jumps out
    "Paper trains",
    Song(seed=2, beats_per_minute=92.0, key_hz=49.0, chords=(0, 3, 5, 4)),
    Mix({"kick": 4.0, "bass": -5.0}, bass_db=-5.0, treble_db=2.0, reverb_db=-12.0),
)
NIGHT = Track(  # loud, bright and wide
    "Night drive",
    Song(seed=3, beats_per_minute=118.0, key_hz=61.7, chords=(0, 3, 5, 4)),
    Mix({"chords": 2.0}, bass_db=1.0, treble_db=2.0, reverb_db=-8.0, drive_db=4.5, peak_dbfs=-0.3),
)
GLASS = Track(  # softer, in a large room
    "Glass city",
    Song(seed=4, beats_per_minute=110.0, key_hz=51.9, chords=(5, 3, 0, 6)),
    Mix({"kick": -2.0}, bass_db=0.0, treble_db=0.0, reverb_db=-4.0, drive_db=2.0, peak_dbfs=-1.0),
)
