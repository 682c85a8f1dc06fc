"""The plots of docs/engine.md, drawn from measurements made here and now.

python -m bench.plots --music DIR [--peer PYTHON] [--every N]

Writes docs/plots/*.svg and prints the figures behind them.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyebur128
import soundfile

from bench.limiter_grid import CEILING_DBTP, thd_n_db
from dsp.audio import Audio
from dsp.equalizer import filter_mid_side, plan_tone
from dsp.likeness import suitability
from dsp.loudness import integrated_lufs, weighted_energies
from dsp.measure import measure
from dsp.spectrum import BAND_CENTRES_HZ

OUT = Path("docs/plots")
FIGURES = Path("bench/SOUND.json")
TONES_HZ = (30, 50, 100, 200, 1_000, 5_000)
WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 44
COLOURS = ("#2563eb", "#d97706", "#6b7280", "#0d9488")

HYRAX = """
import json, math, sys
import numpy as np
from matchering import Config
from matchering.limiter import limit
rate, config, told = 44100, Config(), []
t = np.arange(4 * rate) / rate
for hz in json.loads(sys.argv[1]):
    tone = config.threshold * 10 ** (6 / 20) * np.sin(2 * np.pi * hz * t)
    limited = limit(np.stack([tone, tone], axis=1), config)[2 * rate : 3 * rate, 0]
    span = 2 * np.pi * hz * t[2 * rate : 3 * rate]
    parts = np.stack([np.sin(span), np.cos(span)], axis=1)
    fitted = parts @ np.linalg.lstsq(parts, limited, rcond=None)[0]
    told.append(10 * math.log10(np.sum((limited - fitted) ** 2) / np.sum(fitted**2)))
print(json.dumps(told))
"""

Line = tuple[str, Sequence[float], Sequence[float]]


def main() -> None:
    """Measure and draw everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--music", type=Path, required=True, help="folder of finished tracks")
    parser.add_argument("--peer", type=Path, help="Python of an environment with Matchering")
    parser.add_argument("--every", type=int, default=1, help="use every N-th track only")
    options = parser.parse_args()
    tracks = sorted(p for p in options.music.iterdir() if p.suffix in (".ogg", ".flac", ".mp3"))
    OUT.mkdir(parents=True, exist_ok=True)
    loudness(tracks[:: options.every])
    limiter(options.peer)
    recovery(FIGURES)
    tone(next((t for t in tracks if t.name.startswith("rock")), tracks[0]))


def loudness(tracks: list[Path]) -> None:
    """Draw the difference to libebur128 on music."""
    readings = []
    for track in tracks:
        audio = loaded(track)
        theirs = pyebur128.R128State(
            audio.channels, audio.rate_hz, pyebur128.MeasurementMode.MODE_I
        )
        frames = np.ascontiguousarray(audio.samples.T).reshape(-1)
        theirs.add_frames(frames, audio.frames)
        lufs = pyebur128.get_loudness_global(theirs)
        readings.append((lufs, integrated_lufs(weighted_energies(audio)) - lufs))
    readings.sort()
    worst = max(abs(apart) for _, apart in readings)
    print(f"loudness: {len(readings)} tracks, furthest from libebur128 {worst:.0e} LU")
    draw(
        "loudness",
        f"Integrated loudness less libebur128's, {len(readings)} tracks",
        ("LUFS", "LU"),
        [("difference", [a for a, _ in readings], [b for _, b in readings])],
        y_range=(-0.02, 0.02),
        dots=True,
    )


def limiter(peer: Path | None) -> None:
    """Draw distortion of tones 6 dB over the ceiling."""
    lines: list[Line] = [("Lacquer", TONES_HZ, [thd_n_db(hz, 6) for hz in TONES_HZ])]
    if peer is not None:
        done = subprocess.run(
            [peer, "-c", HYRAX, json.dumps(TONES_HZ)], check=True, capture_output=True, text=True
        )
        lines.append(("Matchering's limiter", TONES_HZ, json.loads(done.stdout)))
    for name, _, values in lines:
        told = ", ".join(f"{hz} Hz {value:.0f}" for hz, value in zip(TONES_HZ, values, strict=True))
        print(f"THD+N at +6 dB, {name}: {told} dB")
    draw(
        "limiter",
        f"THD+N of a tone 6 dB over the ceiling ({CEILING_DBTP:g} dBTP here)",
        ("Hz", "dB"),
        lines,
        y_range=(-160.0, 0.0),
    )


def recovery(figures: Path) -> None:
    """Draw how far takes are from the truth by the size of the damage, as the last page told."""
    if not figures.exists():
        print(f"{figures} is not there: make bench-sound first")
        return
    medians = json.loads(figures.read_text())["medians"]
    sizes = [size for size in range(4) if f"same all x{size}" in medians]
    names = ("Lacquer 0.7", "Matchering", "untouched", "Lacquer 1")
    lines = [
        (name, sizes, [medians[f"same all x{size}"][name]["log_stft"] for size in sizes])
        for name in names
        if all(name in medians[f"same all x{size}"] for size in sizes)
    ]
    for name, _, values in lines:
        print(f"recovery, {name}: {', '.join(f'{value:.2f}' for value in values)} dB")
    draw(
        "recovery",
        "log-STFT distance to the truth by size of the damage, median",
        ("times what mixes get wrong", "dB"),
        lines,
        y_range=(0.0, 6.0),
    )


def tone(track: Path) -> None:
    """Draw a known error, and what the engine would do about it."""
    whole = loaded(track)
    half = min(60 * whole.rate_hz, whole.frames // 2)
    first, second = (
        Audio(np.ascontiguousarray(whole.samples[:, start : start + half]), whole.rate_hz)
        for start in (0, half)
    )
    octaves = np.log2(BAND_CENTRES_HZ / 1_000.0)
    bells = ((-3.5, 3.0, 0.8), (-0.5, -2.5, 0.7), (3.0, 2.5, 1.0))
    error = sum(gain * np.exp(-0.5 * ((octaves - at) / wide) ** 2) for at, gain, wide in bells)
    mix = measure(filter_mid_side(first, error, error))
    lines: list[Line] = [("needed", BAND_CENTRES_HZ, _levelled(-error))]
    for name, music in (("the same programme", first), ("another part of it", second)):
        reference = measure(music)
        plan = plan_tone(mix, reference, amount=0.7)
        found = _levelled(plan.applied_db)
        heard = (BAND_CENTRES_HZ > 60.0) & (BAND_CENTRES_HZ < 12_000.0)
        rms = [float(np.sqrt(np.mean(np.square(x[heard])))) for x in (error, found + error)]
        print(f"tone, reference {name}: error {rms[0]:.2f} dB, left {rms[1]:.2f} dB")
        lines.append((f"found from {name}", BAND_CENTRES_HZ, found))
    draw(
        "tone",
        "A mix with a known error, amount 0.7",
        ("Hz", "dB"),
        [lines[1], lines[2], lines[0]],
        y_range=(-6.0, 6.0),
    )


def loaded(track: Path) -> Audio:
    """Read a track as the engine holds it."""
    samples, rate = soundfile.read(track, dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples.T[:2]), rate)


def _levelled(curve_db: np.ndarray) -> np.ndarray:
    """Return a curve without its mean over 100 Hz to 8 kHz, which is level and not tone."""
    inner = (BAND_CENTRES_HZ > 100.0) & (BAND_CENTRES_HZ < 8_000.0)
    return curve_db - curve_db[inner].mean()


def draw(
    name: str,
    title: str,
    units: tuple[str, str],
    lines: list[Line],
    *,
    y_range: tuple[float, float],
    dots: bool = False,
) -> None:
    """Write a plot of lines or dots, in SVG; a horizontal axis in Hz is logarithmic."""
    logarithmic = units[0] == "Hz"
    scale = math.log10 if logarithmic else float
    everything = [scale(x) for _, xs, _ in lines for x in xs]
    low, high = min(everything), max(everything)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (scale(x) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
        share = (min(max(y, y_range[0]), y_range[1]) - y_range[0]) / (y_range[1] - y_range[0])
        return round(across, 1), round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#374151">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="13">{title}</text>',
    ]
    steps = 6 if dots else round(high - low) + 1
    marks = [30, 100, 300, 1_000, 3_000, 10_000] if logarithmic else np.linspace(low, high, steps)
    for mark in (m for m in marks if low - 1e-9 <= scale(m) <= high + 1e-9):
        across, _ = place(mark, y_range[0])
        label = f"{mark:g}" if logarithmic else f"{mark:.0f}"
        parts.append(
            f'<text x="{across}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label}</text>'
        )
    for mark in np.linspace(*y_range, 5):
        _, down = place(lines[0][1][0], float(mark))
        parts.append(
            f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>'
            f'<text x="{LEFT - 6}" y="{down + 4}" text-anchor="end">{mark:g}</text>'
        )
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">{units[0]}</text>'
        f'<text x="{LEFT - 6}" y="18" text-anchor="end">{units[1]}</text>'
    )
    for (_, xs, ys), colour in zip(lines, COLOURS, strict=False):
        points = [place(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        if dots or len(points) < 20:
            parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        if not dots:
            path = "L".join(f"{x} {y}" for x, y in points)
            parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    if len(lines) > 1:
        across = LEFT
        for (label, _, _), colour in zip(lines, COLOURS, strict=False):
            parts.append(f'<text x="{across}" y="{HEIGHT - 10}" fill="{colour}">{label}</text>')
            across += 7 * len(label)
    (OUT / f"{name}.svg").write_text("\n".join([*parts, "</svg>\n"]))


if __name__ == "__main__":
    main()
