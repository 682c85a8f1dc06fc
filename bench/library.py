"""What the library's pages cost with many references: CPU seconds, and queries.

    python -m bench.library [references ...]
"""

import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection
from django.test import Client
from django.test.runner import DiscoverRunner
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from references.models import AudioFile, Reference
from references.models.figures import figures_of
from references.models.library import searched
from references.ranking import rank_library
from tests.conftest import browser_of, member
from tests.references.shelf import make_audio, summary

TIMES = 3


def fill(user: Any, count: int) -> None:
    rng = random.Random(0)
    words = [f"word{n}" for n in range(400)]
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
    for one in audio:
        entry = Reference(
            user=user, audio=one, title=" ".join(rng.sample(words, 3)), artist=rng.choice(words),
            tags=rng.sample(words[:40], 2), trust=rng.random(), **figures_of(one.summary),
        )  # fmt: skip
        entry.search = searched(entry)
        entries.append(entry)
    Reference.objects.bulk_create(entries, batch_size=200)


def cost(name: str, act: Callable[[], Any]) -> None:
    best, queries = float("inf"), 0
    for _ in range(TIMES):
        with CaptureQueriesContext(connection) as captured:
            before = time.process_time()
            act()
            best = min(best, time.process_time() - before)
        queries = len(captured)
    print(f"| {name} | {best:.3f} s | {queries} |")


def page(client: Client, **asked: Any) -> None:
    assert client.get(reverse("references:list"), asked).status_code == 200


def main(counts: list[int]) -> None:
    runner = DiscoverRunner(verbosity=0)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        for count in counts:
            user = member(f"{count}@example.com")
            fill(user, count)
            mix = make_audio(user, "My mix", seed=count + 1)
            client = browser_of(user)
            page(client)
            print(f"\n| {count} references | CPU | queries |\n| --- | --- | --- |")
            cost("the page", lambda: page(client))
            cost("sorted by loudness", lambda: page(client, sort="loudest"))
            cost("sorted by use", lambda: page(client, sort="used"))
            cost("two words", lambda: page(client, q="word1 word2"))
            cost("by numbers", lambda: page(client, loudness_lufs_min=-11, plr_db_max=9.6))
            cost("ranked for a mix", lambda: page(client, mix=mix.pk))
            cost("ranking alone", lambda: rank_library(mix, most=5))
    finally:
        runner.teardown_databases(databases)
    print("\nnumpy is", "loaded" if "numpy" in sys.modules else "not loaded")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [500, 5_000])
