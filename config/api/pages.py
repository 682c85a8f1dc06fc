"""The pages for developers: a start, the reference, the errors, what changed."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from config.api.changes import CHANGES
from config.api.document import chapters, document
from config.api.examples import PYTHON_HEAD
from config.api.problems import codes


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    site = f"{request.scheme}://{request.get_host()}"
    return render(request, "developers/start.html", {"site": site})


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    context = {"chapters": chapters(), "python_head": PYTHON_HEAD}
    return render(request, "developers/reference.html", context)


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    return render(request, "developers/errors.html", {"codes": codes()})


@require_safe
def changelog(request: HttpRequest) -> HttpResponse:
    return render(request, "developers/changelog.html", {"changes": CHANGES})


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return JsonResponse(document(), headers=headers)


app_name = "developers"
urlpatterns = [
    path("", start, name="start"),
    path("reference/", reference, name="reference"),
    path("errors/", errors, name="errors"),
    path("changelog/", changelog, name="changelog"),
    path("openapi.json", openapi, name="openapi"),
]
