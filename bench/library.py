"""What the library's pages cost with many references: CPU seconds, and queries.

``python -m bench.library [references ...]``
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

TIMES = 3
WORDS = tuple(f"word{number}" for number in range(400))


def fill(user: Any, count: int) -> None:
    from references.models import AudioFile, Reference
    from references.models.figures import figures_of
    from references.models.library import searched
    from tests.references.shelf import summary

    audio = [
        AudioFile(
            user=user, kind="REFERENCE", status="READY", filename=f"{n}.wav", format="wav",
            size_bytes=1, sha256=f"{n:064}", pcm_sha256=f"{n:064}", attempts=1, profile_version=2,
            outputs={"profile.json.gz": {}}, summary=summary(seed=n, seconds=60.0 + n % 300),
        )
        for n in range(count)
    ]  # fmt: skip
    AudioFile.objects.bulk_create(audio, batch_size=200)
    entries = []
    for number, one in enumerate(audio):
        words = [WORDS[number * factor % len(WORDS)] for factor in (1, 7, 11, 13)]
        entry = Reference(
            user=user, audio=one, title=" ".join(words[:3]), artist=words[3],
            tags=[WORDS[number % 40], WORDS[number % 37]], trust=number / count,
            **figures_of(one.summary),
        )  # fmt: skip
        entry.search = searched(entry)
        entries.append(entry)
    Reference.objects.bulk_create(entries, batch_size=200)


def cost(name: str, act: Callable[[], Any]) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    best, queries = float("inf"), 0
    for _ in range(TIMES):
        with CaptureQueriesContext(connection) as captured:
            before = time.process_time()
            act()
            best = min(best, time.process_time() - before)
        queries = len(captured)
    print(f"| {name} | {best:.3f} s | {queries} |")


def look(count: int) -> None:
    from django.urls import reverse

    from references.ranking import rank_library
    from tests.conftest import browser_of, member
    from tests.references.shelf import make_audio

    user = member(f"{count}@example.com")
    fill(user, count)
    mix = make_audio(user, "My mix", seed=count + 1)
    page = partial(browser_of(user).get, reverse("references:list"))
    if page().status_code != 200:
        raise RuntimeError("the page is not shown")
    print(f"\n| {count} references | CPU | queries |\n| --- | --- | --- |")
    asked = {
        "the page": {},
        "sorted by loudness": {"sort": "loudest"},
        "sorted by use": {"sort": "used"},
        "two words": {"q": "word1 word7"},
        "by numbers": {"loudness_lufs_min": -11, "plr_db_max": 9.6},
        "ranked for a mix": {"mix": mix.pk},
    }
    for name, query in asked.items():
        cost(name, partial(page, query))
    cost("ranking alone", partial(rank_library, mix, most=5))


def main(counts: list[int]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        for count in counts:
            look(count)
    finally:
        runner.teardown_databases(databases)
    print("\nnumpy is", "loaded" if "numpy" in sys.modules else "not loaded")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [500, 5_000])
