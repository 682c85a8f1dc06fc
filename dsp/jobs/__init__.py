"""Whole pieces of work on files: what a worker's box and the command line run."""

from dsp.jobs.commands import (
    check_file,
    find_sections,
    master_files,
    measure_file,
    suit_files,
    warm_up,
    write_profile,
)
from dsp.jobs.exports import RELEASE_NAME, check_release, convert, export, pack
from dsp.jobs.listening import WAVEFORM_NAME
from dsp.jobs.masters import RECIPE_NAME, mix_references, preview, render
from dsp.jobs.uploads import inspect, inspect_profile, renew_profile

__all__ = [
    "RECIPE_NAME",
    "RELEASE_NAME",
    "WAVEFORM_NAME",
    "check_file",
    "check_release",
    "convert",
    "export",
    "find_sections",
    "inspect",
    "inspect_profile",
    "master_files",
    "measure_file",
    "mix_references",
    "pack",
    "preview",
    "render",
    "renew_profile",
    "suit_files",
    "warm_up",
    "write_profile",
]
