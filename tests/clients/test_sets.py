"""Profiles, blends, several references, frozen settings and albums, by the client and command."""

import json
from pathlib import Path
from typing import Any

import pytest
from lacquer import Lacquer, NotFound, cli, exits

from mastering.models import Album, Master
from references.models import Reference
from tests.clients.conftest import work
from tests.references.test_profiles import document
from tests.studio import wav

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.enable_socket,
]


def test_a_reference_is_tagged_exported_and_imported(site: Lacquer, reference: Path):
    audio = site.audio.upload(reference, kind="reference")
    entry = next(site.references.list())
    told = site.references.update(entry, tags=["warm", "late"])
    assert told.tags == ("warm", "late")
    assert [each.id for each in site.references.list(tag="warm", sort="title")] == [entry.id]
    assert list(site.references.list(tag="cold")) == []
    site.audio.wait(audio)
    assert site.references.get(entry).trust_level == "full"
    brought = site.references.import_profile(json.loads(document()), states_rights=True)
    assert (brought.kind, brought.has_sound, brought.tags) == ("profile", False, ("warm",))
    work()
    assert site.references.export_profile(brought)["title"] == "Night Bus"
    assert site.references.drop_sound(entry).has_sound is False


def test_a_blend_of_a_starter_is_made(site: Lacquer, reference: Path):
    site.audio.wait(site.audio.upload(reference, kind="reference"))
    entry, starter = next(site.references.list()), site.references.use_starter("pop")
    work()
    made = site.references.blend("Warm", {entry.id: {"tone": 0.2}, starter.id: {}})
    assert (made.kind, made.title) == ("blend", "Warm")
    assert [part["weights"]["tone"] for part in made.parts] == [0.2, 1.0]


def test_several_references_are_compared_and_one_is_applied(
    site: Lacquer, mix: Path, reference: Path, tmp_path: Path
):
    (tmp_path / "b.wav").write_bytes(wav(0.05))
    song = site.audio.upload(mix, kind="mix")
    toward = [site.audio.upload(path, kind="reference") for path in (reference, tmp_path / "b.wav")]
    made = site.masters.create_several(mix=song, references=toward, settings={"amount": 0.5})
    for master in made:
        site.masters.wait(master)
    compared = site.masters.compare(made[0])
    assert [each.master for each in compared] == [master.id for master in made]
    assert {each.status for each in compared} == {"succeeded"}
    (tmp_path / "instrumental.wav").write_bytes(wav(0.06))
    other = site.audio.upload(tmp_path / "instrumental.wav", kind="mix")
    quote = site.versions.estimate_apply(compared[0].version, other)
    assert (quote.would_be_accepted, quote.cost.credits, quote.left) == (True, 0, 5)
    applied = site.versions.apply(compared[0].version, other, title="Instrumental")
    assert (applied.frozen_from, applied.title) == (compared[0].version, "Instrumental")


def test_an_album_is_mastered_and_fetched_by_the_command(
    site: Lacquer, working: Any, key: str, tmp_path: Path, monkeypatch, capsys, settings
):
    settings.MAX_RUNNING_PER_PERSON = 10
    monkeypatch.setenv("LACQUER_API_KEY", key)
    monkeypatch.setenv("LACQUER_URL", site._transport.url)
    names = []
    for number, name in enumerate(("one.wav", "two.wav", "toward.wav")):
        (tmp_path / name).write_bytes(wav(0.02 + 0.01 * number))
        names.append(str(tmp_path / name))
    out = tmp_path / "album.zip"
    wish = ["album", "Nine Rooms", *names[:2], "-r", names[2], "-o", str(out), "-q"]
    assert cli.main(wish) == exits.OK, capsys.readouterr().err
    assert out.read_bytes() == b"PK"
    album = Album.objects.get()
    assert album.pk in capsys.readouterr().out
    assert Master.objects.count() == 2
    assert [each.title for each in site.albums.list()] == ["Nine Rooms"]
    assert site.albums.estimate(album.pk).cost.credits == 0
    told = site.albums.update(album.pk, order=[site.albums.get(album.pk).songs[1].id])
    assert [song.title for song in told.songs] == ["two", "one"]
    site.albums.delete(album.pk)
    with pytest.raises(NotFound):
        site.albums.get(album.pk)


def test_a_profile_is_carried_by_the_command(
    site: Lacquer, working, key, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LACQUER_API_KEY", key)
    monkeypatch.setenv("LACQUER_URL", site._transport.url)
    (tmp_path / "night.json").write_bytes(document())
    assert cli.main(["profile", str(tmp_path / "night.json"), "-q"]) == exits.OK
    entry = Reference.objects.get()
    assert capsys.readouterr().out.startswith(entry.pk)
    work()
    assert cli.main(["profile", entry.pk, "-o", str(tmp_path / "out.json")]) == exits.OK
    assert json.loads((tmp_path / "out.json").read_text())["title"] == "Night Bus"
