"""What every endpoint of the API stands on: who may, how often, once only, page by page."""

from accounts.rest.fields import Choices, Expandable, IdField, Moment, Text
from accounts.rest.once import idempotent
from accounts.rest.paging import Page, page_of
from accounts.rest.schema import Raw, describe, listed
from accounts.rest.views import ApiRequest, ApiView

__all__ = [
    "ApiRequest",
    "ApiView",
    "Choices",
    "Expandable",
    "IdField",
    "Moment",
    "Page",
    "Raw",
    "Text",
    "describe",
    "idempotent",
    "listed",
    "page_of",
]
