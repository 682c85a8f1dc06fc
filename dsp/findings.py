"""What a check may find, by stable codes; free of numpy, for the web process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["note", "warning"]
Ranges = tuple[tuple[float, float], ...]

# Of one file (dsp.checks), in the order in which findings of one severity are told.
FILE_CODES: Final = (
    "clipping",  # under a confidence of 0.7: possibly
    "already_limited",
    "lossy_source",
    "upsampled",
    "low_sample_rate",
    "dead_channel",
    "inverted_channel",
    "out_of_phase",
    "low_end_out_of_phase",
    "wide_low_end",
    "narrow_low_end",
    "heavy_low_end",
    "thin_low_end",
    "heavy_low_mids",
    "thin_low_mids",
    "heavy_vocal_range",
    "thin_vocal_range",
    "heavy_top_end",
    "thin_top_end",
    "subsonic",
    "hum",
    "noise",
    "dropout",
    "cut_off_start",
    "cut_off_tail",
    "silence_at_start",
    "silence_at_end",
    "dc_offset",
    "little_headroom",
    "mono",
    "dual_mono",
    "low_bit_depth",
)

# Of a mix with a reference (dsp.suitability).
PAIR_CODES: Final = (
    "same_audio",
    "swapped",
    "too_loud_to_master",
    "reference_lossy",
    "reference_mono",
    "reference_limited",
    "reference_short",
    "more_low_end",
    "less_low_end",
    "more_low_mids",
    "less_low_mids",
    "more_vocal_range",
    "less_vocal_range",
    "more_top_end",
    "less_top_end",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in an upload, or between two.

    Attributes
    ----------
    code : str
        Stable name: of ``FILE_CODES`` or ``PAIR_CODES``.
    severity : "note" or "warning"
        A warning will be heard in the master; a note explains.
    confidence : float, 0 to 1
    value : float or None
        The number that was found, in ``unit``.
    unit : str
    ranges : tuple of (start, end)
        Where, in seconds, to within 50 ms; empty where it is the whole file.
    """

    code: str
    severity: Severity
    confidence: float
    value: float | None = None
    unit: str = ""
    ranges: Ranges = ()
