"""Where rows of uploads and masters find their primary keys, and migrations look for them."""

from accounts.models.ids import PublicIdField

__all__ = ["PublicIdField"]
