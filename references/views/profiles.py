"""Profiles without their sound, starters, and references kept from finished masters."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import AuthenticatedRequest
from dsp.errors import AudioError
from references import services
from references.errors import LibraryRefused, UploadRefused
from references.http import receives_files, turns_away_when_busy
from references.messages import refusal_message
from references.models import AudioFile, Reference


@login_required
@require_POST
def drop_sound(request: AuthenticatedRequest, reference_id: str) -> HttpResponse:
    reference = get_object_or_404(Reference.objects.of(request.user), pk=reference_id)
    try:
        services.drop_sound(reference=reference)
    except LibraryRefused as refusal:
        messages.error(request, _told(refusal.code))
    else:
        messages.success(request, _("The sound is deleted. Its measurements are kept."))
    return redirect("references:detail", reference.pk)


@login_required
@require_GET
def export(request: AuthenticatedRequest, reference_id: str) -> HttpResponse:
    """Answer with the measurements as a file."""
    reference = get_object_or_404(Reference.objects.of(request.user), pk=reference_id)
    try:
        content = services.export_profile(reference=reference)
    except (LibraryRefused, UploadRefused, AudioError) as refusal:
        messages.error(request, _told(refusal.code))
        return redirect("references:detail", reference.pk)
    name = services.clean_filename(f"{reference.title} (Lacquer profile).json")
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = content_disposition_header(True, name)  # noqa: FBT003
    response["Cache-Control"] = "private"
    return response


@login_required
@require_POST
@receives_files(at_most=2)  # the button may stand in the form of a new master
@turns_away_when_busy
def starter(request: AuthenticatedRequest, code: str) -> HttpResponse:
    """Put a starter into the library, and go on with it to the new master."""
    mix = {"mix": request.POST["mix"]} if request.POST.get("mix") else {}
    try:
        reference = services.use_starter(user=request.user, code=code)
    except KeyError as unknown:
        raise Http404 from unknown
    except UploadRefused as refusal:
        messages.error(request, _told(refusal.code))
        return redirect(f"{reverse('mastering:new')}?{urlencode(mix)}")
    chosen = mix | {"reference": reference.audio_id}
    return redirect(f"{reverse('mastering:new')}?{urlencode(chosen)}")


@login_required
@require_POST
def keep(request: AuthenticatedRequest, audio_id: str) -> HttpResponse:
    """Enter the reference of a finished master into the library again."""
    audio = get_object_or_404(AudioFile.objects.of(request.user), pk=audio_id)
    reference = services.keep_reference(user=request.user, audio=audio)
    return redirect("references:detail", reference.pk)


def _told(code: str) -> str:
    told = refusal_message(code)
    return f"{told.title}. {told.text} {told.advice}".strip()
