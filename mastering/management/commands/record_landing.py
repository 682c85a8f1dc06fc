"""The recordings of the landing page: a mix of the demo's band, its reference, and the master."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand

from dsp import files
from dsp.audio import Audio
from dsp.chain import master
from dsp.measure import measure
from dsp.report import describe
from dsp.settings import MasterSettings
from mastering.management.band import play
from mastering.management.songs import HARBOUR, NIGHT

EXCERPT_SECONDS: Final = 24.0
FADE_SECONDS: Final = 0.4
KBITS: Final = 256  # of AAC
LOUDEST_SECTION_SHARE: Final = 0.36  # of the song, where its loudest part begins


class Command(BaseCommand):
    help = "Play, master and record the landing page's example into config/static/audio."

    def handle(self, *_: Any, **__: Any) -> None:
        folder = settings.BASE_DIR / "config" / "static" / "audio"
        folder.mkdir(exist_ok=True)
        mix, reference = (play(track.song, track.mix) for track in (HARBOUR, NIGHT))
        mastered = master(mix, measure(reference), MasterSettings())
        tracks = {"original": mix, "master": mastered.audio, "reference": reference}
        excerpts = {key: _excerpt(audio) for key, audio in tracks.items()}
        loudness = {key: measure(audio).integrated_lufs for key, audio in excerpts.items()}
        quietest = min(loudness.values())
        sources = []
        for key, audio in excerpts.items():
            _record(audio, folder / key)
            sources.append(
                {
                    "key": key,
                    "url": f"{key}.m4a",
                    "lossless_url": None,
                    "waveform_url": f"{key}.json",
                    "lufs": loudness[key],
                    "gain_db": round(quietest - loudness[key], 2),
                }
            )
        described = {
            "duration_seconds": EXCERPT_SECONDS,
            "mix": HARBOUR.title,
            "reference": NIGHT.title,
            "preview_kbits": KBITS,
            "sections": [],
            "sources": sources,
            "report": _told(describe(mastered)),
        }
        (folder / "demo.json").write_text(json.dumps(described, indent=2) + "\n")


def _told(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the page says of a report in words and numbers: no curves."""
    kept = {key: report[key] for key in ("verdict", "numbers", "ranges", "loudness")}
    for stage in ("dynamics", "limiting"):
        kept[stage] = {
            key: value for key, value in report[stage].items() if not isinstance(value, list | dict)
        }
    return kept


def _excerpt(audio: Audio) -> Audio:
    start = round(LOUDEST_SECTION_SHARE * audio.frames)
    samples = audio.samples[:, start : start + round(EXCERPT_SECONDS * audio.rate_hz)].copy()
    fade = np.linspace(0.0, 1.0, round(FADE_SECONDS * audio.rate_hz), dtype=np.float32)
    samples[:, : fade.size] *= fade
    samples[:, -fade.size :] *= fade[::-1]
    return Audio(np.ascontiguousarray(samples), audio.rate_hz)


def _record(audio: Audio, path: Path) -> None:
    outline = {"duration_seconds": audio.duration_seconds, "channels": files.peaks(audio)}
    path.with_suffix(".json").write_text(json.dumps(outline, separators=(",", ":")))
    files.write(path.with_suffix(".m4a"), audio, format=f"aac-{KBITS}")
