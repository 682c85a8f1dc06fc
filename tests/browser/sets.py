"""Pages of sets of references and of songs, in every state worth looking at."""

from django.urls import reverse

from accounts.models import User
from dsp.settings import MasterSettings
from dsp.weights import BLEND_FORMAT
from mastering import services
from mastering.models import Album, AlbumArchive, Master, Version
from references.models import AudioFile, Blend, BlendPart, Reference
from tests.browser import scene

LONG_NAME = "A_very_long_file_name_that_exports_produce_(final_final_3)_[24-96]_master_bus_off.wav"
MIX, REFERENCE = AudioFile.Kind.MIX, AudioFile.Kind.REFERENCE
SONGS = ("Door", LONG_NAME, "Slow water", "Last light")


def blend_form(user: User, made: scene.Made) -> str:
    for title in ("Harbour Lights.flac", "Slow Tide.wav", LONG_NAME):
        scene.measured(user, made, REFERENCE, title)
    entries = Reference.objects.of(user)[:2]
    named = "&".join(f"reference={entry.pk}" for entry in entries)
    return f"{reverse('references:new_blend')}?{named}"


def blend(user: User, made: scene.Made, **columns: str) -> str:
    parts = [scene.measured(user, made, REFERENCE, title) for title in ("Slow Tide.wav", LONG_NAME)]
    audio = AudioFile.objects.create(
        user=user,
        kind=REFERENCE,
        filename="Tide, brighter",
        format=BLEND_FORMAT,
        sound=AudioFile.Sound.NONE,
        size_bytes=0,
        summary=parts[0].summary,
        profile_version=parts[0].profile_version,
        **{"status": AudioFile.Status.READY} | columns,
    )
    mixed = Blend.objects.create(audio=audio, identity="x")
    for place, part in enumerate(parts):
        BlendPart.objects.create(
            blend=mixed,
            place=place,
            audio=part if place else None,
            title=part.title,
            tone=1.0 if place else 0.25,
            dynamics=1.0,
            width=float(place),
            loudness=0.5,
        )
    entry = Reference.objects.create(user=user, audio=audio, title=audio.title)
    return reverse("references:blend", args=[entry.pk])


def blend_failed(user: User, made: scene.Made) -> str:
    return blend(user, made, status=AudioFile.Status.REJECTED, error_code="not_blendable")


def new_several(user: User, made: scene.Made) -> str:
    for title in ("Harbour Lights.flac", "Glass.wav", LONG_NAME):
        scene.measured(user, made, REFERENCE, title)
    mix = scene.measured(user, made, MIX, "Night drive (mix 7).wav")
    reference = scene.measured(user, made, REFERENCE, "Slow Tide.wav")
    return f"{reverse('mastering:new')}?mix={mix.pk}&reference={reference.pk}"


def matrix_running(user: User, made: scene.Made) -> str:
    master = scene.master(user, made, mix="Night drive (mix 7).wav", reference="Slow Tide.wav")
    scene.rendered(master, made)
    for number, title in enumerate(("Harbour Lights.flac", LONG_NAME)):
        reference = scene.measured(user, made, REFERENCE, title)
        toward = Master.objects.create(
            user=user, title=master.title, mix=master.mix, reference=reference
        )
        version = scene.unrendered(toward)
        if number == 0:
            scene.run(version, step="limiting")
    return reverse("mastering:matrix", args=[master.pk])


def frozen_form(user: User, made: scene.Made) -> str:
    master = scene.master(user, made, mix="Night drive (mix 7).wav", reference="Slow Tide.wav")
    scene.measured(user, made, MIX, "Night drive (instrumental).wav")
    scene.rendered(master, made)
    return reverse("mastering:apply", args=[master.pk, 1])


def frozen(user: User, made: scene.Made) -> str:
    master = scene.master(user, made, mix="Night drive (mix 7).wav", reference="Slow Tide.wav")
    source = scene.rendered(master, made)
    applied = Master.objects.create(
        user=user,
        title="Night drive (instrumental)",
        mix=scene.measured(user, made, MIX, "Night drive (instrumental).wav"),
        reference=master.reference,
        recipe={"recipe": 1},
        frozen_from=source,
    )
    version = scene.rendered(applied, made)
    odd = [
        {"code": "length_differs", "mix": 181.2, "file": 164.0},
        {"code": "rate_differs", "mix": 44_100, "file": 48_000},
    ]
    told: dict[str, object] = {"recipe_sha256": "0" * 64, "oddities": odd}
    return _told(version, applied, told)


def album_begun(user: User, _made: scene.Made) -> str:
    album = services.create_album(user=user, title="Nine Rooms", artist="Lore")
    return reverse("mastering:album", args=[album.pk])


def album(user: User, made: scene.Made) -> str:
    album = _album(user, made)
    assert album.reference
    tracks = list(album.tracks.all())
    for number, track in enumerate(tracks[:3]):
        master = Master.objects.create(
            user=user, title=track.title, mix=track.mix, reference=album.reference
        )
        type(track).objects.filter(pk=track.pk).update(master=master)
        if number == 2:
            scene.unrendered(master, status=Version.Status.FAILED, error_code="internal")
        else:
            scene.rendered(master, made)
    archive = services.request_archive(album=album)
    AlbumArchive.objects.filter(pk=archive.pk).update(
        status=AlbumArchive.Status.FAILED, error_code="internal"
    )
    services.edit_track(track=tracks[1], title=tracks[1].title, gap_seconds=0.5, offset_lu=-1.5)
    return reverse("mastering:album", args=[album.pk])


def album_running(user: User, made: scene.Made) -> str:
    album = _album(user, made)
    assert album.reference
    for number, track in enumerate(album.tracks.all()):
        master = Master.objects.create(
            user=user, title=track.title, mix=track.mix, reference=album.reference
        )
        type(track).objects.filter(pk=track.pk).update(master=master)
        if number == 0:
            scene.rendered(master, made)
            continue
        version = scene.unrendered(master)
        if number == 1:
            scene.run(version, step="limiting")
    return reverse("mastering:album", args=[album.pk])


def albums(user: User, made: scene.Made) -> str:
    _album(user, made)
    services.create_album(user=user, title=LONG_NAME)
    return reverse("mastering:albums")


def _album(user: User, made: scene.Made) -> Album:
    album = services.create_album(user=user, title="Nine Rooms", artist="Lore")
    for title in SONGS:
        mix = scene.measured(user, made, MIX, f"{title}.wav")
        services.add_track(album=album, mix=mix)
    scene.measured(user, made, MIX, "Bonus.wav")
    return services.direct_album(
        album=album,
        reference=scene.measured(user, made, REFERENCE, "Slow Tide.wav"),
        mode=Album.Mode.KEEP,
        settings=MasterSettings(),
        title=album.title,
        artist=album.artist,
    )


def _told(version: Version, master: Master, told: dict[str, object]) -> str:
    """Make a like version whose report tells of frozen settings; a finished one never changes."""
    Version.objects.filter(pk=version.pk).delete()
    version.report = version.report | {"frozen": told}
    version.save(force_insert=True)
    return reverse("mastering:detail", args=[master.pk])
