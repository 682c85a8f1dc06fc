"""Guides: how reference mastering works, and how to prepare, choose and judge."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mastering.messages.guides import GUIDES


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    return render(request, "mastering/guides/index.html", {"guides": GUIDES})


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in GUIDES:
        raise Http404
    others = {other: about for other, about in GUIDES.items() if other != slug}
    context = {"about": GUIDES[slug], "slug": slug, "others": others}
    return render(request, f"mastering/guides/{slug}.html", context)
