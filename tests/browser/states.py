"""Every page in every state worth looking at: a name, and how to come there."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User
from mastering.models import Master, Version
from references.models import AudioFile
from tests.browser import scene

LONG_NAME = "A_very_long_file_name_that_exports_produce_(final_final_3)_[24-96]_master_bus_off.wav"

MIX, REFERENCE = AudioFile.Kind.MIX, AudioFile.Kind.REFERENCE
Arrange = Callable[[User, scene.Made], str]


@dataclass(frozen=True)
class State:
    name: str
    arrange: Arrange
    signed_in: bool = True


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


def _references(user: User, made: scene.Made) -> str:
    _new_library(user, made)
    return reverse("references:list")


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
    _at("masters-empty", view="mastering:list"),
    State("masters", _history),
    _at("references-empty", view="references:list"),
    State("references", _references),
]
