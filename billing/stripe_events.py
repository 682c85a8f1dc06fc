"""Where Stripe tells of what happened: verified and kept, and answered at once."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import gateway, services

MAX_BYTES = 1_000_000


@csrf_exempt  # it is signed
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    if not gateway.is_set_up():
        return HttpResponse(status=404)
    if int(request.headers.get("Content-Length") or 0) > MAX_BYTES:
        return HttpResponse(status=413)
    try:
        event = gateway.verified_event(request.body, request.headers.get("Stripe-Signature", ""))
    except gateway.ForgedEvent:
        return HttpResponse(status=400)
    services.receive_event(event)
    return HttpResponse(status=200)
