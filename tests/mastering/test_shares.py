"""Links for people without an account: what they open, and that closed ones open nothing."""

from datetime import timedelta

import pytest
from django.core import signing
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mastering import services
from mastering.errors import NotExportable, TooManyAttempts, TooManyNotes
from mastering.models import Share, ShareNote, Version
from mastering.services import shares
from tests.studio import PlayedEngine, content_of, submitted

TITLE = "mix"  # of the song that the studio uploads
PARTS = ("original", "master", "reference")


def shared(version: Version, **options) -> Share:
    return services.create_share(version=version, **({"days": 30} | options))


def at(share: Share, name: str = "share", *more: str) -> str:
    return reverse(f"mastering:{name}", args=[share.token, *more])


def pages_of(share: Share) -> list[str]:
    listened = [at(share, f"share-{what}", key) for what in ("listen", "waveform") for key in PARTS]
    return [at(share), at(share, "share-download"), *listened]


def test_whoever_has_the_link_listens_without_an_account(finished: Version, client: Client):
    share = shared(finished)
    page = client.get(at(share))
    assert page.status_code == 200
    assert TITLE in page.content.decode()
    for key in ("original", "master"):
        assert at(share, "share-listen", key) in page.content.decode()
        assert content_of(client.get(at(share, "share-listen", key)))
        assert content_of(client.get(at(share, "share-waveform", key)))


def test_only_small_copies_are_played(finished: Version, client: Client):
    share = shared(finished)
    answer = client.get(at(share, "share-listen", "master") + "?lossless=1")
    assert content_of(answer).startswith(b"proxy.")
    assert client.get(at(share, "share-download")).status_code == 404


def test_a_download_is_there_where_it_is_allowed(finished: Version, client: Client):
    share = shared(finished, allows_lossless=True)
    answer = client.get(at(share, "share-download"))
    assert content_of(answer).startswith(b"wav24")
    assert 'filename="mix (Lacquer master v1).wav"' in answer["Content-Disposition"]


def test_the_reference_is_heard_only_where_it_is_meant_to(finished: Version, client: Client):
    kept, given = shared(finished), shared(finished, includes_reference=True)
    assert client.get(at(kept, "share-listen", "reference")).status_code == 404
    assert 'value="reference"' not in client.get(at(kept)).content.decode()
    assert content_of(client.get(at(given, "share-listen", "reference")))
    assert 'value="reference"' in client.get(at(given)).content.decode()


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_closed_link_opens_nothing_and_tells_no_title(finished: Version, client: Client, how):
    share = shared(finished, allows_lossless=True, includes_reference=True, label="For Bob")
    assert client.get(at(share)).status_code == 200
    if how == "revoked":
        services.revoke_share(share=share)
    else:
        Share.objects.update(expires=Now() - timedelta(seconds=1))
    for path in pages_of(share):
        answer = client.get(path)
        assert answer.status_code == 410
        assert TITLE not in answer.content.decode().replace("mixes", "")
        assert "For Bob" not in answer.content.decode()
    said = client.post(at(share, "share-note"), {"author": "Eve", "text": "Hello"})
    assert said.status_code == 410
    assert not ShareNote.objects.exists()


def test_a_link_cannot_be_made_up(finished: Version, client: Client):
    share = shared(finished)
    forged = signing.Signer(salt="mastering.other", sep=".").sign(share.pk)
    for token in (share.pk, f"{share.pk}.", share.token[:-1], share.token + "a", forged, "nothing"):
        assert client.get(f"/s/{token}/").status_code == 404


def test_a_link_stays_when_its_key_is_renewed(finished: Version, client: Client, settings):
    path = at(shared(finished))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 50
    signer = signing.Signer(salt="mastering.share", sep=".")
    assert signer.unsign(path.split("/")[2])


def test_a_share_is_kept_out_of_indexes_and_caches(finished: Version, client: Client):
    share = shared(finished)
    for path in (at(share), at(share, "share-listen", "master")):
        answer = client.get(path)
        assert content_of(answer)
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "no-store" in answer["Cache-Control"]
    assert 'name="robots" content="noindex' in client.get(at(share)).content.decode()


def test_a_password_opens_for_one_session_only(finished: Version, client: Client):
    share = shared(finished, password="open sesame")
    assert "sesame" not in Share.objects.get().password
    gate = client.get(at(share))
    assert gate.status_code == 200
    assert "Night" not in gate.content.decode()
    assert "ab-player" not in gate.content.decode()
    assert {client.get(path).status_code for path in pages_of(share)[1:]} == {404}
    wrong = client.post(at(share), {"password": "open"})
    assert wrong.status_code == 422
    assert client.post(at(share), {"password": "open sesame"}).status_code == 302
    assert "ab-player" in client.get(at(share)).content.decode()
    assert content_of(client.get(at(share, "share-listen", "master")))
    assert client.get(at(shared(finished, password="other"))).content.count(b"ab-player") == 0
    assert "ab-player" not in Client().get(at(share)).content.decode()


def test_passwords_cannot_be_tried_without_end(finished: Version, client: Client):
    share = shared(finished, password="open sesame")
    for _ in range(shares.ATTEMPTS_A_WINDOW):
        assert services.unlock(share=share, password="wrong", client="1.2.3.4") is None
    with pytest.raises(TooManyAttempts):
        services.unlock(share=share, password="open sesame", client="1.2.3.4")
    assert services.unlock(share=share, password="open sesame", client="5.6.7.8")
    for _ in range(shares.ATTEMPTS_A_WINDOW + 1):
        answer = client.post(at(share), {"password": "wrong"})
    assert "wrong too often" in answer.content.decode()


def test_one_password_cannot_be_tried_from_everywhere(finished: Version, monkeypatch):
    monkeypatch.setattr(shares, "ATTEMPTS_OF_ALL_A_WINDOW", 3)
    share = shared(finished, password="open sesame")
    for number in range(3):
        services.unlock(share=share, password="wrong", client=str(number))
    with pytest.raises(TooManyAttempts):
        services.unlock(share=share, password="open sesame", client="another")


def test_comments_and_approvals_reach_the_owner(
    finished: Version, client: Client, as_alice: Client
):
    share = shared(finished, label="For the band")
    said = {"author": "Bea", "text": "The <b>snare</b>!", "at_seconds": "12.5"}
    assert client.post(at(share, "share-note"), said).status_code == 302
    client.post(at(share, "share-note"), {"author": "Cy", "approve": "1", "at_seconds": "3"})
    assert ShareNote.objects.get(author="Cy").at_seconds is None  # the whole is approved
    page = client.get(at(share)).content.decode()
    assert "&lt;b&gt;snare&lt;/b&gt;" in page
    assert 'data-seek="12.5"' in page
    owners = as_alice.get(reverse("mastering:shares", args=[finished.master_id, 1]))
    told = owners.content.decode()
    for text in ("For the band", "Bea", "at 0:13", "Cy", "approved this version", "heard by one"):
        assert text in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"author": "Bea", "text": ""},
        {"author": "", "text": "Good"},
        {"author": "Bea", "text": "x" * 1001},
        {"author": "Bea", "text": "Good", "at_seconds": "soon"},
        {"author": "Bea", "text": "Good", "at_seconds": "-1"},
        {"author": "Bea", "text": "Good", "at_seconds": "nan"},
    ],
)
def test_what_is_no_comment_is_refused(finished: Version, client: Client, wrong):
    assert client.post(at(shared(finished), "share-note"), wrong).status_code == 422
    assert not ShareNote.objects.exists()


def test_one_listener_cannot_fill_a_page(finished: Version):
    share = shared(finished)
    kind = ShareNote.Kind.COMMENT
    for _ in range(shares.NOTES_A_WINDOW):
        services.add_note(share=share, kind=kind, author="Eve", text="a", client="1.2.3.4")
    with pytest.raises(TooManyNotes):
        services.add_note(share=share, kind=kind, author="Eve", text="a", client="1.2.3.4")


def test_all_listeners_together_cannot_fill_a_page(finished: Version, monkeypatch):
    monkeypatch.setattr(shares, "MAX_NOTES", 1)
    share = shared(finished)
    kind = ShareNote.Kind.COMMENT
    services.add_note(share=share, kind=kind, author="Eve", text="a", client="1")
    with pytest.raises(TooManyNotes):
        services.add_note(share=share, kind=kind, author="Eve", text="a", client="2")


def test_each_listener_is_counted_once_and_the_owner_never(
    finished: Version, client: Client, as_alice: Client
):
    share = shared(finished)
    for visitor in (client, client, Client(), as_alice):
        visitor.get(at(share))
    share.refresh_from_db()
    assert share.views == 2
    assert share.last_viewed is not None


def test_the_owner_opens_and_closes_links(finished: Version, as_alice: Client):
    page = reverse("mastering:shares", args=[finished.master_id, 1])
    opened = as_alice.post(page, {"days": "7", "label": "For Bob", "password": "sesame"})
    assert opened.status_code == 302
    share = Share.objects.get()
    assert share.is_open
    assert at(share) in as_alice.get(page).content.decode()
    as_alice.post(reverse("mastering:revoke", args=[finished.master_id, share.pk]))
    assert not Share.objects.get().is_open
    assert at(share) not in as_alice.get(page).content.decode()


def test_a_wrong_form_opens_nothing(finished: Version, as_alice: Client):
    page = reverse("mastering:shares", args=[finished.master_id, 1])
    assert as_alice.post(page, {"days": "0"}).status_code == 422
    assert not Share.objects.exists()


def test_closing_twice_keeps_the_first_time(finished: Version):
    share = shared(finished)
    services.revoke_share(share=share)
    first = Share.objects.get().revoked
    services.revoke_share(share=share)
    assert Share.objects.get().revoked == first


def test_an_unfinished_version_is_not_shared(alice: User, engine: PlayedEngine, as_alice: Client):
    version = submitted(alice)
    with pytest.raises(NotExportable):
        shared(version)
    page = reverse("mastering:shares", args=[version.master_id, 1])
    assert as_alice.get(page).status_code == 404


def test_strangers_find_no_links(finished: Version, as_bob: Client):
    share = shared(finished)
    page = reverse("mastering:shares", args=[finished.master_id, 1])
    assert as_bob.get(page).status_code == 404
    assert as_bob.post(page, {"days": "7"}).status_code == 404
    revoke = reverse("mastering:revoke", args=[finished.master_id, share.pk])
    assert as_bob.post(revoke).status_code == 404
    assert Share.objects.get().is_open
    assert Client().get(page).status_code == 302
