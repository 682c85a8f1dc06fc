"""What may be chosen for a master, as the API takes and tells it."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest import IdField, Moment, Text
from dsp.errors import InvalidSettings
from dsp.platforms import platforms
from dsp.settings import (
    CEILING_DBTP,
    LOUDNESS_LUFS,
    MAX_LIMITING_DB,
    SECTION_CHOICES,
    MasterSettings,
)

REFERENCE: Final = "reference"
MOST_SECTIONS: Final = 1_000  # of one track
_PAIR: Final = {
    "type": "array",
    "items": {"type": "integer", "minimum": 0, "maximum": MOST_SECTIONS},
    "minItems": 2,
    "maxItems": 2,
}


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": [REFERENCE, *(rule.code for rule in platforms())]},
            {"type": "number", "minimum": LOUDNESS_LUFS[0], "maximum": LOUDNESS_LUFS[1]},
        ],
        "description": "As the reference, what a platform plays at, or a number in LUFS.",
        "default": REFERENCE,
    }
)
class LoudnessField(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, said: Any) -> float | str:
        if said == REFERENCE:
            return REFERENCE
        if isinstance(said, str):
            rule = next((rule for rule in platforms() if rule.code == said), None)
            said = rule.target_lufs if rule else _number(said)
        if isinstance(said, bool) or not isinstance(said, int | float):
            raise serializers.ValidationError("Not a loudness.", "invalid")
        low, high = LOUDNESS_LUFS
        if not low <= said <= high:
            raise serializers.ValidationError(f"From {low:g} to {high:g} LUFS.", "out_of_range")
        return float(said)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": list(SECTION_CHOICES)},
            {"type": "array", "items": _PAIR, "minItems": 1, "maxItems": 1000, "uniqueItems": True},
        ],
        "description": (
            "What is compared with what: `automatic`, `whole`, `loudest`, or pairs of section "
            "numbers, one of the mix and one of the reference, from 0."
        ),
        "default": "automatic",
    }
)
class SectionsField(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, said: Any) -> Any:
        try:
            chosen = MasterSettings(sections=said).sections
        except InvalidSettings as wrong:
            raise serializers.ValidationError(str(wrong), "invalid") from wrong
        if not isinstance(chosen, str) and any(max(pair) > MOST_SECTIONS for pair in chosen):
            raise serializers.ValidationError("There is no such section.", "out_of_range")
        return chosen

    def to_representation(self, value: Any) -> Any:
        return value


def _amount(help_text: str) -> serializers.FloatField:
    return serializers.FloatField(
        min_value=0, max_value=1, required=False, allow_null=True, help_text=help_text
    )


class Settings(serializers.Serializer[Any]):
    """What is not said stays at its default, or as it was in the version that is built upon."""

    amount = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        help_text="How far to go toward the reference, where a stage says nothing of its own.",
    )
    tone = _amount("Null follows `amount`.")
    dynamics = _amount("Null follows `amount`.")
    width = _amount("Null follows `amount`.")
    loudness = LoudnessField(required=False)
    loudness_amount = _amount("How far to go to that loudness. Null lets the engine choose.")
    ceiling_dbtp = serializers.FloatField(
        min_value=CEILING_DBTP[0], max_value=CEILING_DBTP[1], required=False
    )
    max_limiting_db = serializers.FloatField(
        min_value=MAX_LIMITING_DB[0],
        max_value=MAX_LIMITING_DB[1],
        required=False,
        help_text="Loudness gives way before the last stage does more than this.",
    )
    sections = SectionsField(required=False)


def settings_from(
    said: dict[str, Any] | None, *, based_on: MasterSettings | None = None
) -> MasterSettings:
    """Return settings with what is said in place of what was."""
    base = (based_on or MasterSettings()).as_dict()
    try:
        return MasterSettings.from_dict(base | dict(said or {}))
    except InvalidSettings as wrong:
        raise serializers.ValidationError({"settings": str(wrong)}) from wrong


class PresetForm(serializers.Serializer[Any]):
    name = Text(max_length=80)
    settings = Settings()


class PresetChanges(serializers.Serializer[Any]):
    name = Text(max_length=80, required=False)
    settings = Settings(required=False)


class PresetShape(serializers.Serializer[Any]):
    """Settings under a name."""

    id = IdField("pst")
    name = Text()
    settings = Settings()
    created = Moment()


def _number(text: str) -> Any:
    try:
        return float(text)  # as forms send it
    except ValueError:
        return None
