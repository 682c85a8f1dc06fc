"""Paths of the API, below /api/v1/."""

from django.urls import include, path, re_path

from config.api import problems

app_name = "api"
urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("references.api.urls")),
    path("", include("mastering.api.urls")),
    re_path("", problems.unknown_path),
]
