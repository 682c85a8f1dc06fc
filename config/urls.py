"""Which app answers which path."""

from django.contrib import admin
from django.urls import include, path

from config import development

urlpatterns = [
    path("account/", include("accounts.urls")),  # before allauth's: it has a page of sessions too
    path("account/", include("allauth.urls")),
    path("", include("billing.urls")),
    path("", include("references.urls")),
    path("admin/", admin.site.urls),
    path("development/mail/", development.mail, name="development-mail"),
    path("", include("mastering.urls")),
]
