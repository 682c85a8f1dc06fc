"""Parts of the shapes of the API: ids, what may be shown in full in place of an id, moments."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

ID_LENGTH = 24


class IdField(serializers.RegexField):
    """The id of something: its prefix tells of what."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        # Anything short will do, since an id that is none of one's own is a 404 however it looks.
        options.setdefault("help_text", f"An id such as `{prefix}_7k3m9c2x8w4n5q6r7t2v3y4z`.")
        super().__init__(rf"^{prefix}_[a-z0-9]{{{ID_LENGTH}}}$", **options)


class Text(serializers.CharField):
    """A text, and nothing that could be read as one."""

    def to_internal_value(self, sent: Any) -> str:
        if not isinstance(sent, str):
            self.fail("invalid")
        return super().to_internal_value(sent)


class Moment(serializers.DateTimeField):
    """A time, ISO 8601 in UTC."""


class Choices(serializers.ChoiceField):
    """A choice that is told in lower case, as the API does, of one that rows keep in upper."""

    def to_representation(self, value: Any) -> str:
        return str(value).lower()


class Expandable(serializers.Field[Any, Any, Any, Any]):
    """The id of a row, or the row itself where ``expand`` names this field."""

    def __init__(self, shape: type[serializers.Serializer[Any]], prefix: str, **options: Any):
        self.shape = shape
        self.prefix = prefix
        super().__init__(read_only=True, **options)

    def get_attribute(self, instance: Any) -> Any:
        if self._is_asked():
            return super().get_attribute(instance)
        return getattr(instance, f"{self.source}_id")

    def to_representation(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        return self.shape(value, context=self.context).data

    def _is_asked(self) -> bool:
        return self.field_name in self.context.get("expand", ())


__all__ = ["Choices", "Expandable", "IdField", "Moment", "Text", "extend_schema_field"]
