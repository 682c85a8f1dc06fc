"""Which app answers which path."""

from django.contrib import admin
from django.urls import include, path

from config import development

urlpatterns = [
    path("account/", include("allauth.urls")),
    path("account/", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("references.urls")),
    path("admin/", admin.site.urls),
    path("development/mail/", development.mail, name="development-mail"),
    path("", include("mastering.urls")),
]
