"""Mutated files by the door that people use: none makes the site fail, all get a verdict.

``LACQUER_FUZZ_HTTP`` sets how many (a release tries 500), ``LACQUER_FUZZ_SEED`` which.
"""

import os
from collections import Counter

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dsp import box
from mastering.management.invariants import broken_invariants
from references.models import AudioFile
from references.tasks import measure_next
from tests.dsp.test_fuzz import mutated
from tests.hostile import encoded, id3, mp4

pytestmark = pytest.mark.slow

FILES = int(os.environ.get("LACQUER_FUZZ_HTTP", "60"))
SEED = int(os.environ.get("LACQUER_FUZZ_SEED", "1"))
AT_A_TIME = 6


@pytest.mark.django_db(transaction=True)  # the heart of an attempt beats beside it
def test_no_mutated_file_makes_the_site_fail(as_alice: Client, settings):
    settings.ALLOW_WEAK_SANDBOX = True
    as_alice.raise_request_exception = False
    seeds = [
        encoded("WAV", "PCM_24"),
        encoded("AIFF", "PCM_16"),
        encoded("FLAC", "PCM_16"),
        encoded("OGG", "VORBIS"),
        id3(100, bytes(100)) + encoded("MP3"),
        mp4(),
    ]
    random = np.random.default_rng(SEED)
    answers: Counter[int] = Counter()
    try:
        for number in range(FILES):
            file = SimpleUploadedFile("song.wav", mutated(seeds[number % len(seeds)], random))
            sent = {"kind": "MIX", "file": file}
            answer = as_alice.post("/audio/", sent, headers={"HX-Request": "true"})
            answers[answer.status_code] += 1
            if number % AT_A_TIME == AT_A_TIME - 1 or number == FILES - 1:
                while measure_next():
                    pass
                AudioFile.objects.waiting().update(run_at="2000-01-01T00:00Z")  # no back-off
                while measure_next():
                    AudioFile.objects.waiting().update(run_at="2000-01-01T00:00Z")
    finally:
        box.close()
    assert set(answers) <= {201, 422}, answers
    assert answers[201] > FILES / 4, "most look like audio at first"
    verdicts = Counter(AudioFile.objects.values_list("status", "error_code"))
    print(f"seed {SEED}: {dict(answers)} {dict(verdicts)}")  # noqa: T201
    assert not AudioFile.objects.open().exists(), "each has its verdict"
    for page in ("/new/", "/references/"):
        assert as_alice.get(page).status_code == 200
    assert broken_invariants(deep=True, pause_seconds=0.0) == []
