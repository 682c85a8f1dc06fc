"""Path converters: what cannot be an id of ours is no path of ours either."""

from django.urls import register_converter


class PublicIdConverter:
    regex = "[a-z]{3}_[a-z0-9]{1,36}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PublicIdConverter, "id")
