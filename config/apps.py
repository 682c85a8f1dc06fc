"""Makes config.admin the default admin site."""

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    default_site = "config.admin.AdminSite"
