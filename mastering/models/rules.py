"""Rules of platforms that the operator corrected since the data was last looked over."""

import json
from dataclasses import replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsp.platforms import Platform, platforms

EXAMPLE: Final = frozenset({"loudness_lufs", "true_peak_dbtp", "played_lufs"})


def current_platforms() -> tuple[Platform, ...]:
    """Return every platform's rule as it holds now, the most used platform first."""
    changed = {rule.code: rule for rule in PlatformRule.objects.all()}
    return tuple(
        changed[known.code].over(known) if known.code in changed else known for known in platforms()
    )


def known_codes() -> list[tuple[str, str]]:
    return [(known.code, known.name) for known in platforms()]


class PlatformRule(models.Model):
    """One platform's rule, instead of the one in the data; deleted, that one holds again."""

    class Source(models.TextChoices):
        PLATFORM = "platform", _("the platform's own words")
        MEASURED = "measured", _("measured by engineers")

    code = models.CharField("platform", max_length=40, primary_key=True, choices=known_codes)
    target_lufs = models.FloatField(
        validators=[MinValueValidator(-30.0), MaxValueValidator(-5.0)],
        help_text="Integrated loudness at which it plays what is loud enough.",
    )
    turns_up = models.BooleanField(default=False, help_text="Raises what is quieter.")
    headroom_dbtp = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-6.0), MaxValueValidator(0.0)],
        help_text="True peak up to which it raises; empty where nothing holds it.",
    )
    limits = models.BooleanField(default=False, help_text="Raises beyond that with a limiter.")
    by_default = models.BooleanField(default=True, help_text="Heard without switching it on.")
    rule = models.CharField(max_length=500, help_text="The rule in a sentence, for everyone.")
    source = models.URLField(max_length=500, help_text="Where it was read; https.")
    kind_of_source = models.CharField(max_length=10, choices=Source, default=Source.PLATFORM)
    dated = models.DateField(help_text="Of which day the source is.")
    example = models.JSONField(
        null=True,
        blank=True,
        help_text="The source's own example, if it has one; the rule must come to it: "
        '{"loudness_lufs": -20, "true_peak_dbtp": -5, "played_lufs": -16}',
    )
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return dict(known_codes()).get(self.code, self.code)

    def over(self, known: Platform) -> Platform:
        """Return the rule of the data with the operator's in its place."""
        return replace(
            known,
            target_lufs=self.target_lufs,
            turns_up=self.turns_up,
            headroom_dbtp=self.headroom_dbtp,
            limits=self.limits,
            by_default=self.by_default,
            rule=self.rule,
            source=self.source,
            kind_of_source=self.kind_of_source,
            dated=self.dated.isoformat(),
            example=self.example,
        )

    def clean(self) -> None:
        wrong: dict[str, Any] = {}
        if self.source and urlsplit(self.source).scheme != "https":
            wrong["source"] = _("The source must be an https address.")
        dated: date | None = self.dated  # none where it was no day
        if dated and dated > timezone.now().date():
            wrong["dated"] = _("The source cannot be of a day to come.")
        if not self.turns_up and self.headroom_dbtp is not None:
            wrong["headroom_dbtp"] = _("Headroom means nothing where nothing is turned up.")
        if self.limits and not self.turns_up:
            wrong["limits"] = _("A limiter means nothing where nothing is turned up.")
        if self.example is not None and (problem := self._wrong_example()):
            wrong["example"] = problem
        if wrong:
            raise ValidationError(wrong)

    def _wrong_example(self) -> str:
        """Try the rule on its own example, as the test of the data does."""
        example = self.example
        if not isinstance(example, dict) or set(example) != EXAMPLE:
            return str(_("The example needs exactly these: %s.") % ", ".join(sorted(EXAMPLE)))
        if not all(type(value) in (int, float) for value in example.values()):
            return str(_("The example's values must be numbers."))
        known = next((each for each in platforms() if each.code == self.code), None)
        given: tuple[object, ...] = (known, self.target_lufs, self.dated)
        if known is None or None in given:
            return ""  # told of at their own fields
        played = self.over(known).played_lufs(
            loudness_lufs=example["loudness_lufs"], true_peak_dbtp=example["true_peak_dbtp"]
        )
        if abs(played - example["played_lufs"]) > 0.05:
            return str(
                _("By this rule the example plays at %(here)s LUFS, not at %(there)s.")
                % {"here": json.dumps(round(played, 2)), "there": example["played_lufs"]}
            )
        return ""
