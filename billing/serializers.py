"""Shapes of credits in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import Choices, Moment, Text
from billing.models import Entry, Pool


class Credits(serializers.Serializer[Any]):
    available = serializers.IntegerField(help_text="To spend.")
    reserved = serializers.IntegerField(help_text="Set aside for masters that are on their way.")
    monthly = serializers.IntegerField(help_text="Of what is available: it ends with its month.")
    one_off = serializers.IntegerField(help_text="Of what is available: it never ends.")
    plan = Text()
    renews_at = Moment()
    is_frozen = serializers.BooleanField(help_text="A payment was taken back, or is disputed.")


class EntryShape(serializers.Serializer[Any]):
    """A line of the ledger; the sums of `available` and `reserved` are the balance."""

    id = serializers.SerializerMethodField()
    kind = Choices(choices=[kind.lower() for kind in Entry.Kind.values])
    pool = Choices(choices=[pool.lower() for pool in Pool.values])
    available = serializers.IntegerField(help_text="By how much it changed.")
    reserved = serializers.IntegerField(help_text="By how much it changed.")
    subject = Text(allow_blank=True, help_text="What it was for: a master’s id.")
    expires = Moment(source="expires_at", allow_null=True)
    created = Moment()

    @extend_schema_field(Text())
    def get_id(self, entry: Entry) -> str:
        return f"ent_{entry.public_id}"
