"""How well references suit a mix: of one, and of a person's library."""

from collections.abc import Iterable
from typing import Any

from dsp.suitability import compare, rank
from references.models import AudioFile, Reference

MOST_RANKED = 500  # of a library, the newest
BETTER = 0.1  # a score this much higher is worth telling of


def suitability_of(mix: AudioFile, reference: AudioFile, *, genre: str = "") -> dict[str, Any]:
    """Return the comparison of two measured tracks; ``genre`` is what the person says of the mix.

    A genre counts only where the reference has one too: neither is ever guessed.
    """
    known = Reference.objects.filter(audio=reference).exclude(genre="").first()
    context = {"same_genre": known.genre.casefold() == genre.casefold()} if known and genre else {}
    return compare(mix.summary, reference.summary, context=context).as_dict()


def rank_library(
    mix: AudioFile, library: Iterable[Reference]
) -> list[tuple[Reference, float, list[str]]]:
    """Return the measured references with their scores and reasons, the most suitable first."""
    entries = {entry.pk: entry for entry in library if entry.audio.is_ready}
    ranked = rank(mix.summary, [(key, entry.audio.summary) for key, entry in entries.items()])
    return [(entries[key], score, reasons) for key, score, reasons in ranked]


def better_reference(mix: AudioFile, reference: AudioFile, *, score: float) -> Reference | None:
    """Return the most suitable other reference of the person's own, if it is clearly better."""
    others = (
        Reference.objects.of(mix.user)
        .of_mode(is_test=mix.is_test)
        .usable()
        .exclude(audio=reference.pk)
        .exclude(audio__pcm_sha256=mix.pcm_sha256)[:MOST_RANKED]
    )
    library = {other.pk: other for other in others}
    ranked = rank(mix.summary, [(key, other.audio.summary) for key, other in library.items()])
    if not ranked or ranked[0][1] < score + BETTER:
        return None
    return library[ranked[0][0]]
