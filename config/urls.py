"""Which app answers which path."""

from django.contrib import admin
from django.urls import include, path

from config import development

handler500 = "config.api.problems.server_error"
urlpatterns = [
    path("api/v1/", include("config.api.urls")),
    path("developers/", include("config.api.pages")),
    path("account/", include("accounts.urls")),  # before allauth's: it has a page of sessions too
    path("account/", include("allauth.urls")),
    path("", include("billing.urls")),
    path("", include("references.urls")),
    path("admin/", admin.site.urls),
    path("development/mail/", development.mail, name="development-mail"),
    path("", include("mastering.urls")),
]
