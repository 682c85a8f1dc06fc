"""Shapes of people and their keys in the API."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.models import SCOPES, ApiKey
from accounts.rest import Moment
from accounts.services.keys import LONGEST

KEY_ID = "An id such as `key_7k3m9c2x8w4n5q6r7t2v3y4z`."


class Me(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField()
    joined = Moment()
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices)
    scopes = serializers.ListField(child=serializers.CharField())


class KeyShape(serializers.Serializer[Any]):
    id = serializers.CharField(help_text=KEY_ID)
    name = serializers.CharField()
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices)
    shown = serializers.CharField(help_text="How the secret begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    state = serializers.ChoiceField(choices=["active", "expired", "revoked"])
    created = Moment()
    expires = Moment(allow_null=True)
    last_used = Moment(allow_null=True, help_text="To the minute.")


class NewKeyShape(KeyShape):
    secret = serializers.CharField(
        allow_null=True, help_text="Told this once. Keep it where secrets are kept."
    )


class KeyForm(serializers.Serializer[Any]):
    """A key to be made."""

    name = serializers.CharField(max_length=80)
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices, default=ApiKey.Mode.LIVE)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    expires = Moment(required=False, allow_null=True, help_text="At most a year ahead.")

    def validate_expires(self, value: Any) -> Any:
        now = timezone.now()
        if value is not None and not now < value <= now + LONGEST:
            raise serializers.ValidationError("Between now and a year ahead.", "out_of_range")
        return value
