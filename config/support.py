"""A person's account as support sees it: what they have and did, never what they made sound."""

import uuid
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import note
from accounts.models import AuditEntry, Mail, User
from accounts.services import end_all_sessions, subject_of, take_factors_away
from billing import services as billing
from billing.messages import label_of
from billing.models import Account, Entry, Payment
from mastering.models import Export, Farewell, Master, Receipt, Version
from references.models import AudioFile, stored_bytes_of
from references.models.limits import most_stored_bytes

LINES: Final = 25
MOST_CREDITS: Final = 1_000  # at once; a slip of the finger is not a million
FACTORS: Final = {
    Authenticator.Type.TOTP: gettext_lazy("Authenticator app"),
    Authenticator.Type.WEBAUTHN: gettext_lazy("Passkey or security key"),
    Authenticator.Type.RECOVERY_CODES: gettext_lazy("Recovery codes"),
}


class GrantForm(forms.Form):
    credits = forms.IntegerField(label=gettext_lazy("Credits"), min_value=1, max_value=MOST_CREDITS)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=10,
        max_length=200,
        help_text=gettext_lazy("For the audit log: what happened, and no personal data."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class LostFactorForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("How they proved who they are"),
        min_length=10,
        max_length=200,
        help_text=gettext_lazy("For the audit log: what you checked, and no personal data."),
    )


def person(request: Any, user_id: int, context: dict[str, Any]) -> HttpResponse:
    """Show an account, and give credits; looking is written down like doing."""
    if not request.user.has_perm("accounts.view_user"):
        raise PermissionDenied
    user = get_object_or_404(User, pk=user_id)
    form = GrantForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not request.user.has_perm("billing.grant_credits"):
            raise PermissionDenied
        if form.is_valid():
            _grant(request, user, **form.cleaned_data)
            return redirect("admin:support-person", user_id)
    else:
        note(request, "support.look", subject=user)
    context |= {"title": f"#{user.pk} {user.email}", "person": user, "form": form}
    context |= _of_everyone(request.user, user)
    if request.user.has_perm("accounts.support_user"):
        context |= _of_support(user)
    if request.user.has_perm("mastering.view_version"):
        context |= _of_work(user)
    if request.user.has_perm("billing.view_entry"):
        context |= _of_money(user)
    if request.user.has_perm("accounts.view_auditentry"):
        context["acts"] = AuditEntry.objects.filter(subject=subject_of(user))[:LINES]
    return render(request, "admin/person.html", context, status=422 if form.errors else 200)


def end_sessions(request: Any, user_id: int) -> HttpResponse:
    """Log a person out everywhere; of staff, only who may do everything does that."""
    if not request.user.has_perm("accounts.end_sessions"):
        raise PermissionDenied
    user = get_object_or_404(User, pk=user_id)
    if not _reaches(request.user, user):
        raise PermissionDenied
    with transaction.atomic():
        end_all_sessions(user)
        note(request, "support.end_sessions", subject=user)
    messages.success(request, _("%(email)s is logged out everywhere.") % {"email": user.email})
    return redirect("admin:support-person", user_id)


def lost_factor(request: Any, user_id: int, context: dict[str, Any]) -> HttpResponse:
    """Show someone's second factors, and take them away once it is sure who asks for it.

    Nobody does that for themselves: who is logged in changes their own on their own pages.
    """
    if not request.user.has_perm("accounts.take_factors"):
        raise PermissionDenied
    user = get_object_or_404(User, pk=user_id)
    if user == request.user or not _reaches(request.user, user):
        raise PermissionDenied
    form = LostFactorForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    if form.is_valid():
        if _take_factors(request, user, **form.cleaned_data):
            return redirect("admin:support-person", user_id)
        status = 409
    if request.method != "POST":
        note(request, "support.look", subject=user)
    factors = Authenticator.objects.filter(user=user).order_by("created_at")
    context |= {
        "title": _("Lost second factor: %(email)s") % {"email": user.email},
        "person": user,
        "form": form,
        "factors": [(FACTORS[Authenticator.Type(factor.type)], factor) for factor in factors],
    }
    return render(request, "admin/lost_factor.html", context, status=status)


def _take_factors(request: HttpRequest, user: User, *, reason: str) -> bool:
    with transaction.atomic():
        kinds = take_factors_away(user)
        if not kinds:
            return False
        note(request, "support.take_factors", subject=user, detail={"reason": reason, "of": kinds})
        get_adapter().send_notification_mail("mfa/email/taken_away", user, email=user.email)
    told = _("The second factor of %(email)s is taken away.") % {"email": user.email}
    messages.success(request, told)
    return True


def _reaches(staff: User, user: User) -> bool:
    """Tell whether staff may touch an account: of their own kind, who may do everything does."""
    return staff.is_superuser or not user.is_staff


def _grant(request: HttpRequest, user: User, *, credits: int, reason: str, key: uuid.UUID) -> None:
    """Give credits once for each form that was shown, however often it is sent."""
    try:
        with transaction.atomic():
            entry = billing.grant_credits(user=user, credits=credits, reason=f"gift:{key}")
            detail = {"credits": credits, "reason": reason, "entry": entry.pk}
            note(request, "billing.grant_credits", subject=user, detail=detail)
    except IntegrityError:
        messages.info(request, _("These credits were given already."))
        return
    messages.success(request, _("%(credits)d credits were given.") % {"credits": credits})


def _of_everyone(staff: User, user: User) -> dict[str, Any]:
    account = Account.objects.get(user=user)
    return {
        "account": account,
        "standing": billing.standing_of(account),
        "balance": billing.balance_of(account),
        "is_frozen": billing.is_frozen(account),
        "may_end_sessions": staff.has_perm("accounts.end_sessions") and _reaches(staff, user),
        "may_take_factors": staff.has_perm("accounts.take_factors")
        and _reaches(staff, user)
        and staff != user,
        "may_grant": staff.has_perm("billing.grant_credits"),
    }


def _of_support(user: User) -> dict[str, Any]:
    return {
        "is_supported": True,
        "stored_bytes": stored_bytes_of(user),
        "most_bytes": most_stored_bytes(user),
        "masters": Master.objects.of(user).as_listed()[:LINES],
        "farewells": Farewell.objects.of(user)[:LINES],
        "receipts": Receipt.objects.of(user)[:LINES],
        "mails": Mail.objects.filter(user=user).order_by("-created")[:LINES],
        "sessions": UserSession.objects.filter(user=user).order_by("-last_seen_at")[:LINES],
    }


def _of_work(user: User) -> dict[str, Any]:
    kinds = ((Version, "mastering_version"), (AudioFile, "references_audiofile"),
             (Export, "mastering_export"))  # fmt: skip
    found: list[tuple[Any, str]] = []
    for kind, name in kinds:
        rows = kind._default_manager.filter(user=user).order_by("-created")[:LINES]
        found += [(row, f"admin:{name}_change") for row in rows]
    found.sort(key=lambda each: each[0].created, reverse=True)
    return {"works": found[:LINES]}


def _of_money(user: User) -> dict[str, Any]:
    account = Account.objects.get(user=user)
    return {
        "entries": [(entry, label_of(entry)) for entry in Entry.objects.of(account)[:LINES]],
        "payments": Payment.objects.filter(account=account).order_by("-pk")[:LINES],
    }
