"""The operator's site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.utils.decorators import method_decorator


@method_decorator(secure_admin_login, name="login")
class AdminSite(admin.AdminSite):
    """Staff log in by the front door, where the rate limits stand."""

    site_title = site_header = "Lacquer"
    index_title = "Operations"
