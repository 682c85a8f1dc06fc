"""The command: ``lacquer master mix.wav --reference reference.wav -o out.wav``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lacquer import commands
from lacquer.errors import LacquerError
from lacquer.exits import EXIT_CODES, OK, STOPPED, exit_code_of
from lacquer.terminal import Bar


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    with Bar(quiet=chosen.quiet) as bar:
        try:
            code: int = chosen.run(chosen, bar)
            sys.stdout.flush()
        except KeyboardInterrupt:
            bar.say("Stopped.")
            code = STOPPED
        except BrokenPipeError:  # whoever read it has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = OK
        except (LacquerError, OSError) as error:
            bar.clear()
            print(f"lacquer: {error}", file=sys.stderr)
            code = exit_code_of(error)
    return code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", help="the site; by default LACQUER_URL or the config file's")
    common.add_argument("--json", action="store_true", help="print what the API told")
    common.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    parser = argparse.ArgumentParser(
        prog="lacquer",
        description="Master a mix toward a reference, on a Lacquer site.",
        epilog=EXIT_CODES + "\nThe key comes from LACQUER_API_KEY, or from `lacquer login`.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(
        name: str, run: Callable[[argparse.Namespace, Bar], int], text: str
    ) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text, parents=[common])
        made.set_defaults(run=run)
        return made

    making = command(
        "master", commands.master, "Master a mix toward a reference, and fetch the result."
    )
    making.add_argument("mix", help="a file, or the id of an upload (aud_…)")
    making.add_argument("-r", "--reference", required=True, help="a file, or an id (aud_…, ref_…)")
    making.add_argument("--title")
    making.add_argument("--preset", help="settings under a name (pst_…)")
    making.add_argument("--amount", type=_share, help="how far to go, overall: 0.7 or 70%%")
    making.add_argument("--tone", type=_share)
    making.add_argument("--dynamics", type=_share)
    making.add_argument("--width", type=_share)
    making.add_argument("--loudness", type=_loudness, help="reference, a platform, or LUFS")
    making.add_argument("--ceiling", type=float, dest="ceiling_dbtp", help="in dBTP")
    making.add_argument("--limiting", type=float, dest="max_limiting_db", help="at most, in dB")
    making.add_argument("--report", type=Path, help="write what was changed here, as JSON")
    making.add_argument("--dry-run", action="store_true", help="tell the cost; master nothing")
    making.add_argument("--no-wait", action="store_true", help="print the master's id and leave")
    bringing = command("fetch", commands.fetch, "Wait for a master that was begun, and fetch it.")
    bringing.add_argument("id", help="a master (mst_…) or a version (ver_…)")
    for each in (making, bringing):
        each.add_argument("-o", "--output", type=Path, required=each is bringing, help="the file")
        each.add_argument("--format", help="by default what the file's ending says")
        each.add_argument("--rate", type=int, help="in Hz; by default the mix's own")
        each.add_argument("--timeout", type=float, default=3600.0, help="seconds to wait at most")
    checking = command(
        "check", commands.check, "Tell what is wrong with a file, before it is mastered."
    )
    checking.add_argument("file", help="a file, or the id of an upload (aud_…)")
    checking.add_argument("--kind", choices=("mix", "reference"), default="mix")
    ranking = command("rank", commands.rank, "Tell which references of your library suit a mix.")
    ranking.add_argument("mix", help="a file, or the id of an upload (aud_…)")
    ranking.add_argument("--limit", type=int, default=10)
    gathering = command("album", commands.album, "Master mixes as one album, and fetch its ZIP.")
    gathering.add_argument("title")
    gathering.add_argument("mixes", nargs="+", help="files or ids (aud_…), in their order")
    gathering.add_argument("-r", "--reference", required=True, help="a file, or an id")
    gathering.add_argument("-o", "--output", type=Path, required=True, help="the ZIP")
    gathering.add_argument("--artist")
    gathering.add_argument("--loudness", choices=("keep", "even"), help="of songs to each other")
    gathering.add_argument("--amount", type=_share, help="how far to go, overall")
    gathering.add_argument("--format", default="wav24", help="of the songs; by default wav24")
    gathering.add_argument("--timeout", type=float, default=7200.0, help="seconds to wait at most")
    carrying = command(
        "profile", commands.profile, "Export the profile of a reference, or import one."
    )
    carrying.add_argument("named", help="a reference (ref_…), or a profile document to import")
    carrying.add_argument("-o", "--output", type=Path, help="where an export is written")
    command("account", commands.account, "Tell whose key it is, and the credits.")
    command(
        "login",
        commands.login,
        "Keep a key in the config file; it is asked for, or read from stdin.",
    )
    command("mcp", commands.mcp, "Serve the site to an assistant (Model Context Protocol).")
    return parser


def _share(text: str) -> float:
    """Return an amount: 0.7 and 70% are the same."""
    value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("an amount is from 0 to 1, or from 0% to 100%")
    return value


def _loudness(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
