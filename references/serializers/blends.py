"""Shapes of what entries of the library are made from: starters and blends."""

from typing import Any

from rest_framework import serializers

from accounts.rest import IdField, Text
from dsp.weights import FEWEST_PARTS, MOST_PARTS
from references.serializers.library import ReferenceShape


class StarterSource(serializers.Serializer[Any]):
    """A track that a starter is averaged from."""

    title = Text()
    artist = Text(allow_blank=True)
    licence = Text()


class StarterShape(serializers.Serializer[Any]):
    """A profile of this site, to begin with."""

    code = Text()
    title = Text()
    text = Text()
    genre = Text()
    tracks = StarterSource(many=True)
    reference = IdField("ref", allow_null=True, help_text="Your entry of it, once it is used.")


class Starters(serializers.Serializer[Any]):
    data = StarterShape(many=True)  # type: ignore[assignment]  # a field


class Rights(serializers.Serializer[Any]):
    stated = serializers.BooleanField()
    statement = Text(help_text="What `states_rights` states.")


def _weight() -> serializers.FloatField:
    return serializers.FloatField(
        min_value=0, max_value=1, default=1.0, help_text="Of this one, beside the others'."
    )


class PartForm(serializers.Serializer[Any]):
    """One reference of a blend."""

    reference = IdField("ref")
    tone = _weight()
    dynamics = _weight()
    width = _weight()
    loudness = _weight()


class BlendForm(serializers.Serializer[Any]):
    """Two to five references of the library, and how much each is to count."""

    title = Text(max_length=200)
    parts = PartForm(  # type: ignore[call-arg]  # of its list
        many=True, min_length=FEWEST_PARTS, max_length=MOST_PARTS
    )


class Shares(serializers.Serializer[Any]):
    tone = serializers.FloatField()
    dynamics = serializers.FloatField()
    width = serializers.FloatField()
    loudness = serializers.FloatField()


class PartShape(serializers.Serializer[Any]):
    reference = IdField("ref", allow_null=True, help_text="Null where it was deleted since.")
    title = Text(help_text="As it was called when it was mixed in.")
    weights = Shares()
    shares = Shares(help_text="The weights, as shares of 1.")


class BlendShape(ReferenceShape):
    """A blend: an entry of the library, and what it is made of."""

    parts = PartShape(many=True)
