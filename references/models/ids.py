"""Public ids, under the path by which migrations know them."""

from accounts.models.ids import PublicIdField

__all__ = ["PublicIdField"]
