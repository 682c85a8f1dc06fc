"""Every page in every state worth looking at: a name, and how to come there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts import services as accounts
from accounts.models import SCOPES, EventType, User, Webhook
from accounts.services import create_key, revoke_key
from mastering import services
from mastering.messages.guides import GUIDES
from mastering.models import Master, ReleaseCheck, Version
from references.models import AudioFile, Reference
from references.services import drop_sound
from tests.browser import scene, sets
from tests.browser.sets import LONG_NAME

MIX, REFERENCE = AudioFile.Kind.MIX, AudioFile.Kind.REFERENCE
Arrange = Callable[[User, scene.Made], str]


@dataclass(frozen=True)
class State:
    name: str
    arrange: Arrange
    signed_in: bool = True
    complains: bool = False  # the browser notes that the page is an error


def _at(name: str, *, signed_in: bool = True, view: str) -> State:
    return State(name, lambda _user, _made: reverse(view), signed_in)


def _new_chosen(user: User, made: scene.Made) -> str:
    mix = scene.measured(user, made, MIX, "Night drive (mix 7).wav")
    reference = scene.measured(user, made, REFERENCE, LONG_NAME)
    return f"{reverse('mastering:new')}?mix={mix.pk}&reference={reference.pk}"


def _new_library(user: User, made: scene.Made) -> str:
    for title in ("Harbour Lights.flac", "Slow Tide.wav", LONG_NAME):
        scene.measured(user, made, REFERENCE, title)
    return reverse("mastering:new")


def _new_measuring(user: User, _made: scene.Made) -> str:
    mix = scene.unmeasured(user, MIX, "Night drive (mix 7).wav")
    reference = scene.unmeasured(user, REFERENCE, LONG_NAME)
    return f"{reverse('mastering:new')}?mix={mix.pk}&reference={reference.pk}"


def _new_rejected(user: User, made: scene.Made) -> str:
    mix = scene.unmeasured(
        user, MIX, LONG_NAME, status=AudioFile.Status.REJECTED, error_code="decode_failed"
    )
    reference = scene.measured(user, made, REFERENCE, "Slow Tide.wav")
    return f"{reverse('mastering:new')}?mix={mix.pk}&reference={reference.pk}"


def _master(user: User, made: scene.Made) -> Master:
    return scene.master(user, made, mix="Night drive (mix 7).wav", reference="Slow Tide.wav")


def _result(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    scene.rendered(master, made, number=1)
    scene.rendered(master, made, number=2)
    return reverse("mastering:detail", args=[master.pk])


def _released(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    scene.released(scene.rendered(master, made), made)
    return reverse("mastering:detail", args=[master.pk])


def _check_failed(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    services.request_check(version=scene.rendered(master, made))
    claimed = ReleaseCheck.objects.claim_next(worker="a worker")
    assert claimed is not None
    ReleaseCheck.objects.fail(claimed, code="too_slow")
    return reverse("mastering:detail", args=[master.pk])


def _tags(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    scene.released(scene.rendered(master, made), made)
    return reverse("mastering:tags", args=[master.pk])


def _tags_empty(user: User, made: scene.Made) -> str:
    return reverse("mastering:tags", args=[_master(user, made).pk])


def _webhooks(user: User, _made: scene.Made) -> str:
    accounts.add_webhook(user=user, url="https://example.com/lacquer", description=LONG_NAME)
    accounts.add_webhook(user=user, url="https://example.com/" + "a" * 200, types=["audio.ready"])
    return reverse("accounts:webhooks")


def _webhook(user: User, _made: scene.Made) -> str:
    webhook = accounts.add_webhook(user=user, url="https://example.com/" + "a" * 200)
    for answer in ({"status_code": 500, "answer": "<html>" + "x" * 300}, {"status_code": 410}):
        accounts.record(user.pk, EventType.MASTER_SUCCEEDED, subject="mst_x")
        held = Webhook.objects.claim_next()
        assert held is not None
        gone = answer["status_code"] == 410
        accounts.note_answer(
            held, is_taken=False, is_gone=gone, error_code="not_taken", duration_ms=90, **answer
        )
    return reverse("accounts:webhook", args=[webhook.pk])


def _shares(user: User, made: scene.Made) -> str:
    version = scene.rendered(_master(user, made), made)
    scene.shared(version, password="sesame", includes_reference=True, allows_lossless=True)
    services.revoke_share(share=scene.shared(version))
    return reverse("mastering:shares", args=[version.master_id, version.number])


def _shares_empty(user: User, made: scene.Made) -> str:
    version = scene.rendered(_master(user, made), made)
    return reverse("mastering:shares", args=[version.master_id, version.number])


def _share(**options: bool | str) -> Arrange:
    def arrange(user: User, made: scene.Made) -> str:
        version = scene.rendered(_master(user, made), made)
        share = scene.shared(version, **options)
        return reverse("mastering:share", args=[share.token])

    return arrange


def _share_closed(user: User, made: scene.Made) -> str:
    share = scene.shared(scene.rendered(_master(user, made), made))
    services.revoke_share(share=share)
    return reverse("mastering:share", args=[share.token])


def _compared(user: User, made: scene.Made) -> str:
    return f"{_result(user, made)}?version=2&with=1"


def _matrix(*titles: str) -> Arrange:
    def arrange(user: User, made: scene.Made) -> str:
        master = _master(user, made)
        scene.rendered(master, made)
        for title in titles:
            reference = scene.measured(user, made, REFERENCE, title)
            toward = Master.objects.create(
                user=user, title=master.title, mix=master.mix, reference=reference
            )
            scene.rendered(toward, made)
        scene.measured(user, made, REFERENCE, "Glass.wav")
        return reverse("mastering:matrix", args=[master.pk])

    return arrange


def _provenance(user: User, made: scene.Made) -> str:
    version = scene.rendered(_master(user, made), made)
    return reverse("mastering:provenance", args=[version.master_id, version.number])


def _second_mix(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    master.previous = scene.master(user, made, mix="Night drive (mix 6).wav", reference="Tide.wav")
    master.save()
    scene.rendered(master, made)
    return reverse("mastering:detail", args=[master.pk])


def _guide(slug: str) -> Arrange:
    return lambda _user, _made: reverse("mastering:guide", args=[slug])


def _queued(user: User, made: scene.Made) -> str:
    scene.unrendered(_master(user, made))
    master = _master(user, made)
    scene.unrendered(master)
    return reverse("mastering:detail", args=[master.pk])


def _ended(status: Version.Status, error_code: str = "") -> Arrange:
    def arrange(user: User, made: scene.Made) -> str:
        master = _master(user, made)
        scene.unrendered(master, status=status, error_code=error_code)
        return reverse("mastering:detail", args=[master.pk])

    return arrange


def _running(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    scene.run(scene.unrendered(master), step="dynamics")
    return reverse("mastering:detail", args=[master.pk])


def _history(user: User, made: scene.Made) -> str:
    for number, mix in enumerate(("Night drive (mix 7).wav", LONG_NAME, "Ålesund blues.wav")):
        master = scene.master(user, made, mix=mix, reference=f"Slow Tide {number}.wav")
        scene.rendered(master, made)
    scene.unrendered(_master(user, made))
    scene.unrendered(
        _master(user, made), status=Version.Status.FAILED, error_code="profile_unsupported"
    )
    return reverse("mastering:list")


def _keys(user: User, _made: scene.Made) -> str:
    create_key(user=user, name="Nightly batch", scopes=SCOPES)
    old = create_key(user=user, name=LONG_NAME[:80], scopes=["masters:read"])
    revoke_key(key=old.key)
    return reverse("accounts:keys")


_SHELF: tuple[tuple[Any, ...], ...] = (
    ("Night Bus", "The Larches", "rock", ["warm", "female voice"], -8.6, 7.9, -9.2, -17.1, 1.0),
    ("Slow Tide", "Ana Mirela", "acoustic", ["warm"], -14.2, 13.4, -14.0, -22.3, 0.86),
    ("Harbour Lights", "", "electronic", ["club"], -7.1, 6.2, -6.5, -13.8, 0.62),
    (LONG_NAME, "An artist with quite a long name & the Symphony Orchestra of Somewhere", "", [],
     -11.0, 9.9, -8.8, -19.0, 0.41),
)  # fmt: skip


def _shelf(user: User, made: scene.Made) -> list[Reference]:
    entries = []
    for title, artist, genre, tags, lufs, plr, width, brightness, trust in _SHELF:
        entry = scene.shelved(
            user, made, title, artist=artist, genre=genre, tags=tags, loudness_lufs=lufs,
            plr_db=plr, width_db=width, brightness_db=brightness, trust=trust,
        )  # fmt: skip
        tilt = brightness + 17.0
        entry.tone_db = [round(v + tilt * (n / 14 - 1.0), 1) for n, v in enumerate(entry.tone_db)]
        flags = [{"code": "lossy", "confidence": 0.99, "value": 16.1}] if trust < 0.8 else []
        flags += [{"code": "clipped", "confidence": 0.8, "value": 31.0}] if trust < 0.5 else []
        entry.health = flags
        entry.save()
        entries.append(entry)
    Reference.objects.filter(pk=entries[2].pk).update(same_as=entries[0], likeness=0.93)
    drop_sound(reference=entries[1])
    scene.unmeasured(user, REFERENCE, "Fresh from the disc.flac")
    fresh = AudioFile.objects.get(filename="Fresh from the disc.flac")
    Reference.objects.create(user=user, audio=fresh, title=fresh.title)
    return entries


def _references(user: User, made: scene.Made) -> str:
    _shelf(user, made)
    scene.measured(user, made, MIX, "Night drive (mix 7).wav")
    return reverse("references:list")


def _references_ranked(user: User, made: scene.Made) -> str:
    _shelf(user, made)
    mix = scene.measured(user, made, MIX, "Night drive (mix 7).wav")
    return f"{reverse('references:list')}?mix={mix.pk}&plr_db_min=2"


def _reference(number: int) -> Arrange:
    def arrange(user: User, made: scene.Made) -> str:
        return reverse("references:detail", args=[_shelf(user, made)[number].pk])

    return arrange


def _new_ranked(user: User, made: scene.Made) -> str:
    _shelf(user, made)
    mix = scene.measured(user, made, MIX, "Night drive (mix 7).wav")
    return f"{reverse('mastering:new')}?mix={mix.pk}"


def _result_of_profile(user: User, made: scene.Made) -> str:
    master = _master(user, made)
    scene.rendered(master, made)
    drop_sound(reference=Reference.objects.get(audio=master.reference))
    return reverse("mastering:detail", args=[master.pk])


STATES = [
    _at("home", view="mastering:home", signed_in=False),
    _at("login", view="account_login", signed_in=False),
    _at("signup", view="account_signup", signed_in=False),
    _at("password-reset", view="account_reset_password", signed_in=False),
    _at("password-reset-done", view="account_reset_password_done", signed_in=False),
    _at("verification-sent", view="account_email_verification_sent", signed_in=False),
    State(
        "link-expired",
        lambda _u, _m: reverse("account_confirm_email", args=["gone"]),
        signed_in=False,
    ),
    State(
        "reset-link-expired",
        lambda _u, _m: reverse("account_reset_password_from_key", args=["a", "b-c"]),
        signed_in=False,
    ),
    _at("account", view="accounts:detail"),
    _at("email", view="account_email"),
    _at("password-change", view="account_change_password"),
    _at("logout", view="account_logout"),
    _at("notices", view="accounts:notices"),
    _at("sessions", view="accounts:sessions"),
    _at("data", view="accounts:data"),
    _at("erase", view="accounts:erase"),
    _at("webhooks-empty", view="accounts:webhooks"),
    State("webhooks", _webhooks),
    State("webhook", _webhook),
    _at("keys-empty", view="accounts:keys"),
    State("keys", _keys),
    *(
        _at(f"developers-{page}", view=f"developers:{page}", signed_in=False)
        for page in ("start", "reference", "errors", "changelog")
    ),
    _at("two-factor", view="mfa_index"),
    _at("pricing", view="billing:pricing", signed_in=False),
    _at("billing", view="billing:detail"),
    _at("ledger", view="billing:ledger"),
    _at("invoices", view="billing:invoices"),
    _at("new", view="mastering:new"),
    State("new-library", _new_library),
    State("new-measuring", _new_measuring),
    State("new-rejected", _new_rejected),
    State("new-chosen", _new_chosen),
    State("master-queued", _queued),
    State("master-running", _running),
    State("master-failed", _ended(Version.Status.FAILED, "worker_lost")),
    State("master-canceled", _ended(Version.Status.CANCELED)),
    State("master-result", _result),
    State("master-released", _released),
    State("master-check-failed", _check_failed),
    State("tags", _tags),
    State("tags-empty", _tags_empty),
    State("shares", _shares),
    State("shares-empty", _shares_empty),
    State("share", _share(includes_reference=True, allows_lossless=True), signed_in=False),
    State("share-without-reference", _share(), signed_in=False),
    State("share-gate", _share(password="sesame"), signed_in=False),
    State("share-closed", _share_closed, signed_in=False, complains=True),
    State("master-compared", _compared),
    State("master-matrix", _matrix("Harbour Lights.flac", LONG_NAME)),
    State("matrix-full", _matrix("Harbour Lights.flac", LONG_NAME, "Paper Moon.wav", "Ferry.mp3")),
    State("master-second-mix", _second_mix),
    State("provenance", _provenance),
    _at("verify", view="mastering:verify", signed_in=False),
    _at("guides", view="mastering:guides", signed_in=False),
    *(State(f"guide-{slug}", _guide(slug), signed_in=False) for slug in GUIDES),
    _at("masters-empty", view="mastering:list"),
    State("masters", _history),
    _at("references-empty", view="references:list"),
    State("references", _references),
    State("references-ranked", _references_ranked),
    State("reference", _reference(0)),
    State("reference-doubtful", _reference(3)),
    State("reference-profile", _reference(1)),
    State("new-ranked", _new_ranked),
    State("master-of-profile", _result_of_profile),
    State("blend-form", sets.blend_form),
    _at("blend-form-empty", view="references:new_blend"),
    State("blend", sets.blend),
    State("blend-failed", sets.blend_failed),
    State("new-several", sets.new_several),
    State("matrix-running", sets.matrix_running),
    State("frozen-form", sets.frozen_form),
    State("frozen", sets.frozen),
    State("albums", sets.albums),
    _at("albums-empty", view="mastering:albums"),
    State("album-begun", sets.album_begun),
    State("album", sets.album),
    State("album-running", sets.album_running),
]
