"""How well references suit a mix: of one, and of a person's library."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from dsp.suitability import compare, rank
from references.models import AudioFile, Reference
from references.services.starters import STARTERS, starter_summaries

MOST_RANKED = 500  # of a library, the newest, where ranking is not what was asked for
MOST_RANKED_AT_ALL = 10_000
BETTER = 0.1  # a score this much higher is worth telling of


@dataclass(frozen=True, slots=True)
class Ranked:
    """A reference, or a starter that is not in the library yet, and how well it suits."""

    reference: Reference | None
    starter: str  # its code; empty for what is in the library
    score: float
    comparison: Mapping[str, Any]


def suitability_of(mix: AudioFile, reference: AudioFile, *, genre: str = "") -> dict[str, Any]:
    """Return the comparison of two measured tracks; ``genre`` is what the person says of the mix.

    A genre counts only where the reference has one too: neither is ever guessed.
    """
    known = Reference.objects.filter(audio=reference).exclude(genre="").first()
    context = _context(known.genre, genre) if known else {}
    return compare(mix.summary, reference.summary, context=context).as_dict()


def rank_library(
    mix: AudioFile,
    *,
    among: QuerySet[Reference] | None = None,
    genre: str = "",
    most: int = 10,
    with_starters: bool = False,
) -> list[Ranked]:
    """Return the most suitable references of a person's for their mix, the best first.

    ``among`` are those that are ranked, where not all. Reasons and numbers are told of what is
    returned.
    """
    mine = Reference.objects.of(mix.user_id).of_mode(is_test=mix.is_test).unlike(mix)
    library = (mine if among is None else among).filter(audio__status=AudioFile.Status.READY)
    library = library.exclude(audio=mix.pk).exclude(audio__summary={})
    rows = library.order_by("-created", "-pk").values_list("pk", "genre", "audio__summary")
    summaries: dict[str, dict[str, Any]] = {}
    genres: dict[str, str] = {}
    for key, known, summary in rows[:MOST_RANKED_AT_ALL].iterator(chunk_size=500):
        summaries[key], genres[key] = summary, known
    if with_starters:
        taken = Reference.objects.filter(user=mix.user_id).exclude(starter="")
        at_hand = set(taken.values_list("starter", flat=True))
        for code, summary in starter_summaries():
            if code not in at_hand:
                summaries[code], genres[code] = summary, STARTERS[code].genre
    contexts = {
        key: context for key, known in genres.items() if (context := _context(known, genre))
    }
    best = rank(mix.summary, summaries.items(), contexts=contexts)[:most]
    found = Reference.objects.of(mix.user_id).light().in_bulk([key for key, _, _ in best])
    return [
        Ranked(
            reference=found.get(key),
            starter="" if key in found else key,
            score=score,
            comparison=compare(
                mix.summary, summaries[key], context=contexts.get(key, {})
            ).as_dict(),
        )
        for key, score, _ in best
        if key in found or key in STARTERS
    ]


def better_reference(mix: AudioFile, reference: AudioFile, *, score: float) -> Reference | None:
    """Return the most suitable other reference of the person's own, if it is clearly better."""
    mine = Reference.objects.of(mix.user).of_mode(is_test=mix.is_test)
    others = mine.usable().unlike(mix).exclude(audio=reference.pk)
    newest = others.order_by("-created", "-pk").values("pk")[:MOST_RANKED]
    among = mine.filter(pk__in=newest)
    best = rank_library(mix, among=among, most=1)
    if not best or best[0].score < score + BETTER:
        return None
    return best[0].reference


def _context(known: str, said: str) -> dict[str, Any]:
    return {"same_genre": known.casefold() == said.casefold()} if known and said else {}
