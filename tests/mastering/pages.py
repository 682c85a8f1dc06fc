"""Addresses of a version's pages and files, and settings as a form sends them."""

from typing import Any

from django.urls import reverse

from mastering.models import Version

CHOSEN = {
    "amount": "70",
    "loudness": "reference",
    "ceiling_dbtp": "-1.0",
    "max_limiting_db": "6.0",
}


def page(name: str, version: Version, *more: Any) -> str:
    return reverse(f"mastering:{name}", args=[version.master_id, *more])


def file(name: str, version: Version, *more: Any) -> str:
    return page(name, version, version.number, *more)
