"""A track's profile: every number of it that is shown or matched."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from dsp.audio import Audio
from dsp.character import GROUP_COUNT, PRINT_STEPS, find_character, fingerprint
from dsp.codes import Codes, by_difference, coded_moments, decoded_db, printed
from dsp.cutoff import find_cutoff_hz
from dsp.distribution import (
    MICRO_SECONDS,
    MOMENTARY_SECONDS,
    QUANTILES,
    onsets_per_second,
    peak_to_short_term,
    quantiles,
    window_loudness,
)
from dsp.errors import ProfileInvalid, SilentAudio, TooShort
from dsp.loudness import (
    SHORT_TERM_SECONDS,
    WeightedEnergies,
    loudness_range_lu,
    measure_loudness,
    weighted_energies,
)
from dsp.peaks import require_finite, window_and_sample_peaks
from dsp.profiles import MOST_MOMENTS, PROFILE_VERSION, check_profile
from dsp.sections import Section, find_sections
from dsp.spectrum import (
    BAND_COUNT,
    QUIETEST_DB,
    THIRD_OCTAVES_HZ,
    Doubles,
    band_spectrogram,
    third_octaves,
    to_db,
)

SHORTEST_SECONDS: Final = 3.0  # one short-term loudness window (EBU Tech 3341)
CURVE_POINTS: Final = 400
OF_GROUPS: Final = ("activity_db", "variation_db", "detail_db")


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Everything the engine knows of a track once its audio is gone.

    Values are rounded when measured, so that a profile read back from JSON is the same profile.

    Attributes
    ----------
    rate_hz, frames, channels : int
        Of the audio measured.
    integrated_lufs, max_momentary_lufs, max_short_term_lufs : float
        BS.1770-5 and EBU Tech 3341.
    loudness_range_lu : float or None
        EBU Tech 3342; None under a minute of gated audio.
    loudness_spread_lu : float
        The same however short the audio.
    true_peak_dbtp, sample_peak_dbfs, plr_db : float
        Highest levels; true peak less integrated loudness.
    psr_db : tuple of float
        Peak over short-term loudness, at ``PSR_PERCENTS`` of the track's 3-s windows; see
        :mod:`dsp.distribution`.
    mid_db, side_db : ndarray, shape (BAND_COUNT,)
        Mean power per band, dB.
    floor_db : ndarray, shape (BAND_COUNT,)
        Level per band under which the track spends a twentieth of its time, dB; no level per
        band is lower than ``QUIETEST_DB`` under the integrated loudness.
    correlation : ndarray, shape (BAND_COUNT,)
        Of left and right per band, -1 to 1.
    micro_quantiles_lu, momentary_quantiles_lu : ndarray, shape of ``QUANTILES``
        Distribution of 50 ms and 400 ms loudness, relative to integrated.
    cutoff_hz : float or None
        Where a lossy codec or a resampler ended the spectrum.
    onsets_per_second : float
    tempo_bpm : float or None
    tempo_confidence : float, 0 to 1
    density : float, 0 to 1
    activity_db, variation_db, detail_db : ndarray, shape (GROUP_COUNT,)
        What kind of music it is; see :class:`dsp.character.Character`.
    fingerprint : ndarray of uint8, shape (steps, 2)
        By which the audio is recognised; see :func:`dsp.character.fingerprint`.
    sections : tuple of Section
    loudness_curve_lufs : ndarray
        Short-term loudness over time, at most ``CURVE_POINTS`` points, evenly spaced.
    moments_mid, moments_side : ndarray of uint8, shape (moments, BAND_COUNT)
        Short-time band levels under ``MOMENT_TOP_DB`` over the integrated loudness, in steps of
        ``MOMENT_STEP_DB``, so that a track's gain does not change them.
    moments_seconds : ndarray
        Centre of each moment.
    groups : ndarray of int64, shape (moments,), or None
        Moments to be compared with those of the same group only; see :mod:`dsp.passages`. Never
        stored.
    """

    rate_hz: int
    frames: int
    channels: int
    integrated_lufs: float
    loudness_range_lu: float | None
    loudness_spread_lu: float
    max_momentary_lufs: float
    max_short_term_lufs: float
    true_peak_dbtp: float
    sample_peak_dbfs: float
    plr_db: float
    psr_db: tuple[float, ...]
    mid_db: Doubles
    side_db: Doubles
    floor_db: Doubles
    correlation: Doubles
    micro_quantiles_lu: Doubles
    momentary_quantiles_lu: Doubles
    cutoff_hz: float | None
    onsets_per_second: float
    tempo_bpm: float | None
    tempo_confidence: float
    density: float
    activity_db: Doubles
    variation_db: Doubles
    detail_db: Doubles
    fingerprint: Codes
    sections: tuple[Section, ...]
    loudness_curve_lufs: Doubles
    moments_mid: Codes
    moments_side: Codes
    moments_seconds: Doubles
    groups: npt.NDArray[np.int64] | None = None

    @property
    def duration_seconds(self) -> float:
        """Length of the track."""
        return self.frames / self.rate_hz

    @property
    def is_mono(self) -> bool:
        """True where the side is silent or 60 dB under the mid."""
        mid, side = (np.sum(10.0 ** (level / 10.0)) for level in (self.mid_db, self.side_db))
        return bool(side < 1e-6 * mid)

    def moments_db(self) -> tuple[Doubles, Doubles]:
        """Return the mid and side levels of the moments over the integrated loudness, dB."""
        return decoded_db(self.moments_mid), decoded_db(self.moments_side)

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as JSON-ready values."""
        values = {name: getattr(self, name) for name in STORED}
        for name in ("moments_mid", "moments_side"):
            packed = zlib.compress(by_difference(values[name]).tobytes(), 9)
            values[name] = base64.b64encode(packed).decode("ascii")
        values["fingerprint"] = printed(self.fingerprint)
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                values[name] = value.tolist()
        values["sections"] = [asdict(section) for section in self.sections]
        values["psr_db"] = list(self.psr_db)
        return {"version": PROFILE_VERSION, **values}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the profile made by :meth:`to_dict`.

        Raises
        ------
        ProfileUnsupported
            For another version, or anything that is not a whole profile.
        """
        check_profile(values)
        try:
            return cls(**_read(values))
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            zlib.error,
            binascii.Error,
        ) as error:
            raise ProfileInvalid("This profile is damaged or incomplete.") from error

    def summary(self) -> dict[str, Any]:
        """Return the plain numbers that pages show and the library ranks by, a few kB of JSON."""
        mid, side = (10.0 ** (level / 10.0) for level in (self.mid_db, self.side_db))
        mid_thirds, side_thirds = third_octaves(mid), third_octaves(side)
        shares = third_octaves(10.0 ** (self.correlation * 0.1)) - third_octaves(
            np.zeros(BAND_COUNT)
        )
        weights = third_octaves(np.ones(BAND_COUNT))
        correlation = 10.0 * np.log10(np.maximum(shares / weights, 1e-3))
        plain = (
            "rate_hz",
            "channels",
            "duration_seconds",
            "integrated_lufs",
            "loudness_range_lu",
            "max_momentary_lufs",
            "max_short_term_lufs",
            "true_peak_dbtp",
            "sample_peak_dbfs",
            "plr_db",
            "cutoff_hz",
            "onsets_per_second",
            "loudness_spread_lu",
            "tempo_bpm",
            "tempo_confidence",
            "density",
        )
        return {
            **{name: getattr(self, name) for name in plain},
            "psr_db": dict(zip(("p10", "p50", "p90"), self.psr_db, strict=True)),
            "is_mono": self.is_mono,
            "third_octaves_hz": np.round(THIRD_OCTAVES_HZ, 1).tolist(),
            "mid_db": np.round(to_db(mid_thirds), 2).tolist(),
            "side_db": np.round(to_db(side_thirds), 2).tolist(),
            "width_db": np.round(to_db(side_thirds) - to_db(mid_thirds), 2).tolist(),
            "correlation": np.round(correlation, 3).tolist(),
            **{name: getattr(self, name).tolist() for name in OF_GROUPS},
            "fingerprint": printed(self.fingerprint),
            "sections": [asdict(section) for section in self.sections],
        }


STORED: Final = tuple(field.name for field in fields(Profile) if field.name != "groups")


def measure(
    audio: Audio,
    *,
    energies: WeightedEnergies | None = None,
    progress: Callable[[float], None] | None = None,
) -> Profile:
    """Return the profile of a track.

    Parameters
    ----------
    audio : Audio
    energies : WeightedEnergies, optional
        Of this audio, where it has been found finite and they have been measured before.
    progress : callable, optional
        Told the share done, 0 to 1.

    Raises
    ------
    TooShort
        Under ``SHORTEST_SECONDS``.
    NotFinite
        NaN, infinite or absurd samples.
    SilentAudio
        Nothing above the absolute loudness gate of BS.1770.
    """
    if audio.duration_seconds < SHORTEST_SECONDS:
        raise TooShort(f"A track must last at least {SHORTEST_SECONDS:g} seconds to be measured.")
    if energies is None:
        require_finite(audio)
    weighted = energies or weighted_energies(audio)
    levels = measure_loudness(weighted)
    if not np.isfinite(levels.integrated_lufs):
        raise SilentAudio("The track is silent: nothing in it is above -70 LUFS.")
    spectrogram = band_spectrogram(audio, progress=progress)
    steps, step = weighted.energies, weighted.step_seconds
    window_peaks, sample_peak = window_and_sample_peaks(audio)
    true_peak = float(window_peaks.max())
    loudness = levels.integrated_lufs
    integrated = round(loudness, 3)
    short_term = window_loudness(steps, step, SHORT_TERM_SECONDS)
    floor = np.percentile(spectrogram.mid + spectrogram.side, 5.0, axis=0)
    mid, side = (
        spectrogram.mid.mean(axis=0, dtype=np.float64),
        spectrogram.side.mean(axis=0, dtype=np.float64),
    )
    moments_mid, moments_side, moments_seconds = coded_moments(spectrogram, loudness)
    character = find_character(spectrogram, steps, step, decoded_db(moments_mid))
    return Profile(
        rate_hz=audio.rate_hz,
        frames=audio.frames,
        channels=audio.channels,
        integrated_lufs=integrated,
        loudness_range_lu=None if levels.range_lu is None else round(levels.range_lu, 3),
        loudness_spread_lu=round(loudness_range_lu(weighted), 3),
        max_momentary_lufs=round(levels.max_momentary_lufs, 3),
        max_short_term_lufs=round(levels.max_short_term_lufs, 3),
        true_peak_dbtp=round(true_peak, 3),
        sample_peak_dbfs=round(sample_peak, 3),
        plr_db=round(true_peak - loudness, 3),
        psr_db=peak_to_short_term(window_peaks, levels),
        mid_db=_levels_db(mid, loudness),
        side_db=_levels_db(side, loudness),
        floor_db=_levels_db(floor, loudness),
        correlation=np.round(_correlation(mid, side, spectrogram.cross), 4),
        micro_quantiles_lu=quantiles(steps, step, MICRO_SECONDS, loudness),
        momentary_quantiles_lu=quantiles(steps, step, MOMENTARY_SECONDS, loudness),
        cutoff_hz=find_cutoff_hz(spectrogram, loudness),
        onsets_per_second=onsets_per_second(steps, step),
        tempo_bpm=character.tempo_bpm,
        tempo_confidence=character.tempo_confidence,
        density=character.density,
        activity_db=character.activity_db,
        variation_db=character.variation_db,
        detail_db=character.detail_db,
        fingerprint=fingerprint(spectrogram),
        sections=find_sections(
            spectrogram, steps, step_seconds=step, duration_seconds=audio.duration_seconds
        ),
        loudness_curve_lufs=np.round(_thinned(short_term), 2),
        moments_mid=moments_mid,
        moments_side=moments_side,
        moments_seconds=np.round(moments_seconds, 3),
    )


def _levels_db(power: Doubles, integrated_lufs: float) -> Doubles:
    """Return powers in dB, floored and rounded as they stand to the loudness.

    So a gain on the track adds to all of them alike, and changes nothing that is read from them.
    """
    relative = to_db(power, lowest_db=integrated_lufs - QUIETEST_DB) - integrated_lufs
    rounded: Doubles = np.round(np.round(relative, 3) + round(integrated_lufs, 3), 3)
    return rounded


def _correlation(mid: Doubles, side: Doubles, cross: Doubles) -> Doubles:
    """Return the correlation of left (mid + side) and right (mid - side); 1 in silence."""
    total = np.square(mid + side) - 4.0 * np.square(cross)
    ratio = (mid - side) / np.sqrt(np.maximum(total, 1e-30))
    return np.where(total > 1e-30, np.clip(ratio, -1.0, 1.0), 1.0)


def _thinned(curve: Doubles) -> Doubles:
    places = np.linspace(0, curve.size - 1, min(CURVE_POINTS, curve.size))
    return curve[np.round(places).astype(np.int64)]


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """Return checked constructor arguments from JSON values."""
    read = {name: values[name] for name in STORED}
    for name in ("rate_hz", "frames", "channels"):
        read[name] = int(read[name])
    for name in ("moments_mid", "moments_side"):
        raw = zlib.decompressobj().decompress(
            base64.b64decode(read[name], validate=True), MOST_MOMENTS * BAND_COUNT + 1
        )
        steps = np.frombuffer(raw, dtype=np.uint8).reshape(-1, BAND_COUNT)
        read[name] = np.cumsum(steps, axis=1, dtype=np.uint8)
    raw = base64.b64decode(read["fingerprint"], validate=True)
    read["fingerprint"] = np.frombuffer(raw[: 2 * PRINT_STEPS], dtype=np.uint8).reshape(-1, 2)
    shapes = dict.fromkeys(("mid_db", "side_db", "floor_db", "correlation"), (BAND_COUNT,))
    shapes |= dict.fromkeys(("micro_quantiles_lu", "momentary_quantiles_lu"), QUANTILES.shape)
    shapes |= dict.fromkeys(OF_GROUPS, (GROUP_COUNT,))
    shapes["moments_seconds"] = (read["moments_mid"].shape[0],)
    for name in (*shapes, "loudness_curve_lufs"):
        read[name] = np.array(read[name], dtype=np.float64)
        if not np.all(np.isfinite(read[name])) or read[name].shape != shapes.get(
            name, read[name].shape
        ):
            raise ValueError(name)
    if read["moments_mid"].shape != read["moments_side"].shape or not len(read["moments_mid"]):
        raise ValueError("moments")
    for name in ("loudness_range_lu", "cutoff_hz", "tempo_bpm"):
        read[name] = None if read[name] is None else float(read[name])
    read["sections"] = tuple(Section(**section) for section in read["sections"])
    read["psr_db"] = tuple(float(value) for value in read["psr_db"])
    return read
