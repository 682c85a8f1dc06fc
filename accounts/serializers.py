"""Shapes of people, their keys, events and webhooks in the API."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.errors import WebhookRefused
from accounts.gateway.addresses import LONGEST_URL, checked_url
from accounts.messages import call_failure, refusal
from accounts.models import SCOPES, ApiKey, EventType, Webhook, WebhookDelivery
from accounts.rest import Choices, Moment, Page, Text
from accounts.services import told
from accounts.services.keys import LONGEST

KEY_ID = "An id such as `key_7k3m9c2x8w4n5q6r7t2v3y4z`."


class Me(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = Text()
    joined = Moment()
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices)
    scopes = serializers.ListField(child=Text())


class KeyShape(serializers.Serializer[Any]):
    id = Text(help_text=KEY_ID)
    name = Text()
    mode = serializers.ChoiceField(choices=ApiKey.Mode.choices)
    shown = Text(help_text="How the secret begins.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    state = serializers.ChoiceField(choices=["active", "expired", "revoked"])
    created = Moment()
    expires = Moment(allow_null=True)
    last_used = Moment(allow_null=True, help_text="To the minute.")


class NewKeyShape(KeyShape):
    secret = Text(allow_null=True, help_text="Told this once. Keep it where secrets are kept.")


class KeyForm(serializers.Serializer[Any]):
    """A key to be made."""

    name = Text(max_length=80)
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


class EventData(serializers.Serializer[Any]):
    """Ids and states by which to ask for more; which of them, depends on the type."""

    id = Text(required=False, help_text="What it is about.")
    master = Text(required=False)
    version = Text(required=False)
    number = serializers.IntegerField(required=False, help_text="Of the version.")
    error_code = Text(required=False, help_text="Why it failed.")
    credits = serializers.IntegerField(required=False)
    available = serializers.IntegerField(required=False, help_text="Credits that are left.")
    expires_at = Moment(required=False, allow_null=True)
    attempt = serializers.IntegerField(required=False, help_text="Of a payment.")
    plan = Text(required=False, allow_blank=True)
    status = Text(required=False, help_text="Of a subscription.")
    ends_at_period_end = serializers.BooleanField(required=False)


class EventShape(serializers.Serializer[Any]):
    """The very object that webhooks get."""

    id = Text(help_text="An id such as `evt_7k3m9c2x8w4n5q6r7t2v3y4z`.")
    type = serializers.ChoiceField(choices=EventType.values)
    timestamp = Moment()
    data = EventData()  # type: ignore[assignment]  # a field, as the metaclass sees it

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return told(instance)


class EventQuery(Page):
    type = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.values),
        required=False,
        help_text="These types only.",
    )
    subject = Text(
        required=False, max_length=40, help_text="Of this upload, master, export … only."
    )


class WebhookShape(serializers.Serializer[Any]):
    id = Text(help_text="An id such as `whk_7k3m9c2x8w4n5q6r7t2v3y4z`.")
    url = Text()
    description = Text()
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.values), help_text="Empty: all."
    )
    state = serializers.ChoiceField(choices=["active", "failing", "disabled"])
    disabled_reason = serializers.ChoiceField(
        choices=Webhook.Disabled.values, allow_null=True, source="why_disabled"
    )
    failing_since = Moment(allow_null=True)
    created = Moment()


class NewWebhookShape(WebhookShape):
    secret = Text(
        allow_null=True, help_text="Verifies each call. Told this once; rotate it for another."
    )


class WebhookForm(serializers.Serializer[Any]):
    """Where to call, and when."""

    url = Text(max_length=LONGEST_URL, help_text="HTTPS on port 443 of a public server.")
    description = Text(max_length=100, required=False, allow_blank=True)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=EventType.values),
        required=False,
        max_length=len(EventType),
        help_text="None: all.",
    )

    def validate_url(self, value: str) -> str:
        try:
            return checked_url(value)
        except WebhookRefused as refused:
            raise serializers.ValidationError(refusal(refused.code), refused.code) from refused


class WebhookChange(WebhookForm):
    """What to change; the rest stays."""

    url = Text(max_length=LONGEST_URL, required=False)
    enabled = serializers.BooleanField(
        required=False, help_text="False: call it no more. True: again, from now on."
    )


class DeliveryShape(serializers.Serializer[Any]):
    """A call: one that was made, or one that waits for its time."""

    id = Text(help_text="An id such as `dlv_7k3m9c2x8w4n5q6r7t2v3y4z`.")
    event = Text(source="event_id")
    type = serializers.ChoiceField(choices=EventType.values, source="event.type")
    attempt = serializers.IntegerField(help_text="Each is a call of its own; at most 10.")
    status = Choices(choices=[value.lower() for value in WebhookDelivery.Status.values])
    due = Moment(source="run_at", help_text="Not before.")
    called = Moment(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True, help_text="What was answered.")
    error_code = Text(allow_null=True)
    error = Text(allow_null=True, source="error_code", help_text="A sentence for people.")
    answer = Text(help_text="How what was answered begins.")
    created = Moment()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        code = instance.error_code
        return shown | {"error_code": code or None, "error": call_failure(code) or None}
