"""Shared versions: what their owner keeps of them, and what people with the link see."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedRequest
from mastering import services
from mastering.deliverables import download_name
from mastering.errors import MasterRefused
from mastering.forms.release import NoteForm, PasswordForm, ShareForm
from mastering.http import output_name, shared_player
from mastering.models import Share, ShareNote, Version
from mastering.views.found import made_version, told
from references.http import deliver
from references.models import AudioFile

KEYS = "shares"  # in a listener's session: what opens shares with a password
SEEN = "shares_seen"
SIGNED_SECONDS = 60  # so that a closed link closes its audio too, wherever that lies

SharedView = Callable[..., HttpResponseBase]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def shares(request: AuthenticatedRequest, master_id: str, number: int) -> HttpResponse:
    """Show a version's links with all that was said there, and open a new one."""
    version = made_version(request, master_id, number)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if not version.master.reference.has_sound:
        del form.fields["includes_reference"]
    if request.method == "POST" and form.is_valid():
        services.create_share(version=version, **form.cleaned_data)
        messages.success(request, _("The link is open."))
        return redirect("mastering:shares", master_id, number)
    found = Share.objects.of(request.user).filter(version__master=master_id)
    context = {
        "master": version.master,
        "version": version,
        "form": form,
        "shares": sorted(found.prefetch_related("notes"), key=lambda share: not share.is_open),
        "site": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "mastering/shares.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: AuthenticatedRequest, master_id: str, share_id: str) -> HttpResponse:
    mine = Share.objects.of(request.user)
    share = get_object_or_404(mine, pk=share_id, version__master=master_id)
    services.revoke_share(share=share)
    messages.success(request, _("The link is closed. Nobody can listen by it any more."))
    return redirect("mastering:shares", master_id, share.version.number)


def shared(*, gate: bool = False) -> Callable[[SharedView], SharedView]:
    """Give a view the share that its address names; closed ones are 410, made-up ones 404.

    Behind a password, a page shows the gate, and everything else does not exist.
    """

    def decorate(view: SharedView) -> SharedView:
        @wraps(view)
        def of_share(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> Any:
            share = Share.objects.by_token(token)
            if share is None:
                raise Http404
            if not share.is_open:
                return _private(render(request, "mastering/share_closed.html", status=410))
            if not _is_unlocked(request, share):
                if not gate:
                    raise Http404
                return _private(_gate(request, share, token))
            return _private(view(request, share, *args, **kwargs))

        return of_share

    return decorate


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@shared(gate=True)
def share(request: HttpRequest, share: Share) -> HttpResponse:
    if request.method == "POST":  # the gate's form, sent twice
        return redirect("mastering:share", share.token)
    _count_view(request, share)
    return _page(request, share, NoteForm())


@require_POST
@shared()
def note(request: HttpRequest, share: Share) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, share, form)
    said = form.cleaned_data
    kinds = ShareNote.Kind
    try:
        services.add_note(
            share=share,
            kind=kinds.APPROVAL if said["approve"] else kinds.COMMENT,
            author=said["author"],
            text=said["text"],
            at_seconds=said["at_seconds"],
            client=_client(request),
        )
    except MasterRefused as refusal:
        form.add_error(None, told(refusal.code))
        return _page(request, share, form)
    messages.success(
        request,
        _("Approved. The owner sees it.") if said["approve"] else _("Your comment is kept."),
    )
    return redirect("mastering:share", share.token)


@require_safe
@shared()
def share_listen(request: HttpRequest, share: Share, key: str) -> HttpResponseBase:
    """Answer with the small copy of a track, never with a lossless one."""
    track = _track(share, key)
    return _delivered(request, track, track.proxy_name)


@require_safe
@shared()
def share_waveform(request: HttpRequest, share: Share, key: str) -> HttpResponseBase:
    return _delivered(request, _track(share, key), "waveform.json")


@require_safe
@shared()
def share_download(request: HttpRequest, share: Share) -> HttpResponseBase:
    if not share.allows_lossless:
        raise Http404
    version = share.version
    return _delivered(
        request, version, output_name("wav24"), download_as=download_name(version, "wav")
    )


def _page(request: HttpRequest, share: Share, form: NoteForm) -> HttpResponse:
    context = {
        "share": share,
        "master": share.version.master,
        "version": share.version,
        "player": shared_player(share),
        "notes": share.notes.all(),
        "form": form,
    }
    return render(request, "mastering/share.html", context, status=422 if form.errors else 200)


def _gate(request: HttpRequest, share: Share, token: str) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            key = services.unlock(
                share=share, password=form.cleaned_data["password"], client=_client(request)
            )
        except MasterRefused as refusal:
            form.add_error(None, told(refusal.code))
        else:
            if key:
                request.session[KEYS] = request.session.get(KEYS, {}) | {share.pk: key}
                return redirect("mastering:share", token)
            form.add_error("password", _("This is not the password."))
    status = 422 if form.errors else 200
    return render(request, "mastering/share_gate.html", {"form": form}, status=status)


def _is_unlocked(request: HttpRequest, share: Share) -> bool:
    key = request.session.get(KEYS, {}).get(share.pk, "")
    return services.is_unlocked_by(share=share, key=key)


def _count_view(request: HttpRequest, share: Share) -> None:
    """Count each listener's session once, and not the owner."""
    seen = request.session.get(SEEN, [])
    if share.pk in seen or share.version.user_id == request.user.pk:
        return
    request.session[SEEN] = [*seen, share.pk]
    Share.objects.count_view(share)


def _track(share: Share, key: str) -> AudioFile | Version:
    version = share.version
    tracks: dict[str, AudioFile | Version] = {"original": version.master.mix, "master": version}
    if share.includes_reference and version.master.reference.has_sound:
        tracks["reference"] = version.master.reference
    if key not in tracks:
        raise Http404
    return tracks[key]


def _delivered(
    request: HttpRequest, track: AudioFile | Version, name: str | None, *, download_as: str = ""
) -> HttpResponseBase:
    if name is None or name not in track.outputs:
        raise Http404
    return deliver(
        request,
        track.key(name),
        sha256=track.outputs[name]["sha256"],
        download_as=download_as,
        signed_seconds=SIGNED_SECONDS,
    )


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Keep a share out of indexes, and of caches that outlive it."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    return response


def _client(request: HttpRequest) -> str:
    address: str = get_adapter().get_client_ip(request)
    return address
