"""The engine on the command line: ``python -m dsp master MIX REFERENCE -o MASTER``.

Exit codes: 0 done, 2 wrong usage, 3 the audio or settings cannot be used (a JSON object with a
stable code on standard error), 4 our fault.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from dsp import jobs
from dsp.errors import AudioError
from dsp.formats import WRITABLE
from dsp.settings import ENGINE_VERSION, MasterSettings

EXIT_USAGE, EXIT_AUDIO, EXIT_INTERNAL = 2, 3, 4


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        result = options.run(options)
    except AudioError as error:
        json.dump({"code": error.code, "detail": error.detail}, sys.stderr)
        sys.stderr.write("\n")
        return EXIT_AUDIO
    except FileNotFoundError as error:
        sys.stderr.write(f"{error.filename}: no such file\n")
        return EXIT_USAGE
    except Exception:  # noqa: BLE001 - the edge: told whole, with its own exit code
        traceback.print_exc()
        return EXIT_INTERNAL
    if result is not None:
        json.dump(result, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dsp", description="Reference-based mastering of audio files."
    )
    parser.add_argument("--version", action="version", version=ENGINE_VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    master = commands.add_parser("master", help="master a mix toward a reference")
    master.add_argument("target", type=Path, help="the finished stereo mix")
    master.add_argument("reference", type=Path, help="a track, or its profile (.json, .json.gz)")
    master.add_argument("-o", "--output", type=Path, required=True, metavar="OUT")
    master.add_argument("--report", type=Path, metavar="JSON", help="write the report here")
    master.add_argument("--amount", type=float, help="how far to go, 0 to 1 (default 0.7)")
    master.add_argument("--tone", type=float, help="amount of the tone stage, 0 to 1")
    master.add_argument("--dynamics", type=float, help="amount of the dynamics stage, 0 to 1")
    master.add_argument("--width", type=float, help="amount of the width stage, 0 to 1")
    master.add_argument(
        "--loudness", type=_loudness, metavar="reference|LUFS", help="the goal (default reference)"
    )
    master.add_argument("--ceiling", type=float, metavar="DBTP", help="default -1.0")
    master.add_argument("--max-limiting", type=float, metavar="DB", help="default 6")
    master.add_argument(
        "--format", choices=sorted(WRITABLE), help="default by OUT's ending, else wav24"
    )
    master.set_defaults(run=_master)

    for name, run, text in (
        ("measure", jobs.measure_file, "print every measured number of a track"),
        ("check", jobs.check_file, "print what is wrong with a mix, if anything"),
        ("sections", jobs.find_sections, "print the sections of a track"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("file", type=Path)
        command.set_defaults(run=lambda options, run=run: run(options.file))

    suit = commands.add_parser("suit", help="print how well a reference suits a mix")
    suit.add_argument("target", type=Path)
    suit.add_argument("reference", type=Path)
    suit.set_defaults(run=lambda options: jobs.suit_files(options.target, options.reference))

    profile = commands.add_parser("profile", help="write a track's profile, to master toward")
    profile.add_argument("file", type=Path)
    profile.add_argument("-o", "--output", type=Path, required=True)
    profile.set_defaults(run=lambda options: jobs.write_profile(options.file, options.output))

    warm_up = commands.add_parser("warm-up", help="compile and cache the kernels")
    warm_up.set_defaults(run=lambda _options: jobs.warm_up())
    return parser


def _loudness(text: str) -> float | str:
    return text if text == "reference" else float(text)


def _master(options: argparse.Namespace) -> None:
    chosen: dict[str, Any] = {
        "amount": options.amount,
        "tone": options.tone,
        "dynamics": options.dynamics,
        "width": options.width,
        "loudness": options.loudness,
        "ceiling_dbtp": options.ceiling,
        "max_limiting_db": options.max_limiting,
    }
    settings = MasterSettings.from_dict({k: v for k, v in chosen.items() if v is not None})
    report = jobs.master_files(
        options.target,
        options.reference,
        options.output,
        settings=settings,
        output_format=options.format,
    )
    if options.report is not None:
        options.report.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
