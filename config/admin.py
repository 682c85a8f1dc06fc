"""The operator's site."""

from django.contrib import admin


class AdminSite(admin.AdminSite):
    site_title = site_header = "Lacquer"
    index_title = "Operations"
