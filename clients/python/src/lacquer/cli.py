"""The command: ``lacquer master mix.wav --reference reference.wav -o out.wav``."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lacquer.client import Lacquer
from lacquer.config import ConfigError, configured_url, load_config, save_config
from lacquer.errors import (
    ApiError,
    AudioRejected,
    Busy,
    ConnectionFailed,
    Forbidden,
    LacquerError,
    NotAuthenticated,
    PaymentRequired,
    ServerFailed,
    TimedOut,
    WorkFailed,
)
from lacquer.models import Album, Audio, Estimate, Master, Version
from lacquer.terminal import Bar
from lacquer.tracks import Kind

OK, FAILED, USAGE, NO_KEY, REFUSED, UNPAID, AWAY, LATE, STOPPED = 0, 1, 2, 3, 4, 5, 6, 7, 130
EXIT_CODES = """\
exit codes:
  0    done
  1    the master failed (nothing was taken), or something unforeseen
  2    the command was not understood
  3    no key, or one that does not open this
  4    refused: a file, a setting, or an id that is not yours
  5    no credits, or a payment is open
  6    the site is away or busy; try again later
  7    the wait is over; the master goes on, and `lacquer fetch` brings it
  130  stopped by Ctrl-C; the master goes on
"""
FORMATS = {
    ".wav": "wav24",
    ".flac": "flac24",
    ".aif": "aiff24",
    ".aiff": "aiff24",
    ".mp3": "mp3-320",
    ".m4a": "aac-256",
}


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


def exit_code_of(error: Exception) -> int:
    """Return the documented code of a failure."""
    table: tuple[tuple[tuple[type[Exception], ...], int], ...] = (
        ((ConfigError, NotAuthenticated, Forbidden), NO_KEY),
        ((PaymentRequired,), UNPAID),
        ((Busy, ServerFailed, ConnectionFailed), AWAY),
        ((TimedOut,), LATE),
        ((AudioRejected,), REFUSED),
        ((WorkFailed,), FAILED),
        ((ApiError, FileNotFoundError), REFUSED),
    )
    return next((code for kinds, code in table if isinstance(error, kinds)), FAILED)


def master(chosen: argparse.Namespace, bar: Bar) -> int:
    """Upload, master, wait, download."""
    out: Path | None = chosen.output
    format_code = chosen.format or (FORMATS.get(out.suffix.lower(), "") if out else "wav24")
    if out is not None and not format_code:
        raise LacquerError(f"{out}: name the format by --format, or end in {', '.join(FORMATS)}.")
    if out is not None and not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder.")
    with _site(chosen, bar) as site:
        mix = _track(site, bar, chosen.mix, "mix")
        reference = _track(site, bar, chosen.reference, "reference")
        settings = _settings(chosen)
        if chosen.dry_run:
            estimate = site.masters.estimate(
                mix=mix, reference=reference, settings=settings, preset=chosen.preset
            )
            return _tell_estimate(estimate, bar, as_json=chosen.json)
        made = site.masters.create(
            mix=mix,
            reference=reference,
            settings=settings,
            preset=chosen.preset,
            title=chosen.title,
        )
        if chosen.no_wait:
            print(json.dumps(dict(made.raw)) if chosen.json else made.id)
            return OK
        version = _waited(site, bar, made, chosen.timeout)
        if out is not None:
            _bring(site, bar, version, out, format_code, chosen.rate)
        if chosen.report is not None:
            chosen.report.write_text(json.dumps(site.versions.report(version), indent=2) + "\n")
        return _tell_version(version, bar, out, as_json=chosen.json)


def fetch(chosen: argparse.Namespace, bar: Bar) -> int:
    """Wait for a master or a version that was begun, and bring it."""
    out: Path = chosen.output
    format_code = chosen.format or FORMATS.get(out.suffix.lower(), "")
    if not format_code:
        raise LacquerError(f"{out}: name the format by --format, or end in {', '.join(FORMATS)}.")
    with _site(chosen, bar) as site:
        if chosen.id.startswith("mst_"):
            version = _waited(site, bar, site.masters.get(chosen.id), chosen.timeout)
        else:
            version = site.versions.wait(chosen.id, timeout=chosen.timeout)
        _bring(site, bar, version, out, format_code, chosen.rate)
        return _tell_version(version, bar, out, as_json=chosen.json)


def check(chosen: argparse.Namespace, bar: Bar) -> int:
    """Upload a file, and tell what is wrong with it."""
    with _site(chosen, bar) as site:
        track = _track(site, bar, chosen.file, chosen.kind)
        audio = _measured(site, bar, track)
        checks = site.audio.checks(audio)
    bar.clear()
    if chosen.json:
        print(json.dumps({"audio": dict(audio.raw), "checks": dict(checks.raw)}))
        return OK
    facts = audio.facts
    if facts and facts.duration_seconds:
        minutes, seconds = divmod(round(facts.duration_seconds), 60)
        loudness = _told(audio.loudness_lufs)
        print(f"{audio.id}  {minutes}:{seconds:02d}, {facts.rate_hz} Hz, {loudness} LUFS")
    for finding in checks.findings:
        print(f"{finding.severity}: {finding.title} [{finding.code}]")
        print("".join(f"  {line}\n" for line in (finding.text, finding.advice) if line), end="")
    if not checks.findings:
        print("Nothing was found.")
    return OK


def rank(chosen: argparse.Namespace, bar: Bar) -> int:
    """Tell which references of the library suit a mix."""
    with _site(chosen, bar) as site:
        audio = _measured(site, bar, _track(site, bar, chosen.mix, "mix"))
        ranked = site.references.rank(audio, limit=chosen.limit)
    bar.clear()
    if chosen.json:
        print(json.dumps([dict(each.raw) for each in ranked]))
        return OK
    for each in ranked:
        entry = each.reference
        named = " – ".join(filter(None, (entry.artist, entry.title)))
        print(f"{each.score:.2f}  {entry.id}  {named}")
        print("".join(f"      {reason}\n" for reason in each.reasons), end="")
    return OK


def album(chosen: argparse.Namespace, bar: Bar) -> int:
    """Upload mixes, master them as an album, wait, and bring its ZIP."""
    out: Path = chosen.output
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder.")
    with _site(chosen, bar) as site:
        reference = _track(site, bar, chosen.reference, "reference")
        mixes = [_track(site, bar, named, "mix") for named in chosen.mixes]
        for track in (reference, *mixes):
            if not isinstance(track, str) or track.startswith("aud_"):
                _measured(site, bar, track)
        made = site.albums.create(
            chosen.title,
            artist=chosen.artist,
            mixes=mixes,
            reference=reference,
            loudness=chosen.loudness,
            settings=None if chosen.amount is None else {"amount": chosen.amount},
        )
        site.albums.submit(made)
        done = site.albums.wait(
            made,
            timeout=chosen.timeout,
            progress=lambda now: bar.show(now.title, _share_done(now)),
        )
        site.albums.download(site.albums.archive(done, format=chosen.format), out)
    bar.clear()
    failed = [song for song in done.songs if song.status != "succeeded"]
    for song in failed:
        print(f"{song.title}: {song.error_code or song.status}", file=sys.stderr)
    print(json.dumps(dict(done.raw)) if chosen.json else f"{out}  {done.id}")
    return FAILED if failed else OK


def profile(chosen: argparse.Namespace, bar: Bar) -> int:
    """Bring the profile of a reference to a file, or from one into the library."""
    with _site(chosen, bar) as site:
        if chosen.named.startswith("ref_") and not Path(chosen.named).exists():
            told = json.dumps(site.references.export_profile(chosen.named))
            if chosen.output is None:
                print(told)
            else:
                chosen.output.write_text(told + "\n")
            return OK
        entry = site.references.import_profile(chosen.named)
    print(json.dumps(dict(entry.raw)) if chosen.json else f"{entry.id}  {entry.title}")
    return OK


def account(chosen: argparse.Namespace, bar: Bar) -> int:
    """Tell whose key it is and what there is to spend."""
    with _site(chosen, bar) as site:
        me, credits = site.me(), site.credits()
    if chosen.json:
        print(json.dumps({"me": dict(me.raw), "credits": dict(credits.raw)}))
    else:
        print(f"{me.email}, {me.mode} key; {credits.available} credits, plan {credits.plan}")
    return OK


def login(chosen: argparse.Namespace, bar: Bar) -> int:
    """Ask for a key, try it, and write it where only you may read it."""
    url = chosen.url or configured_url()
    key = getpass.getpass(f"Key for {url}: ") if sys.stdin.isatty() else sys.stdin.readline()
    with Lacquer(key.strip(), url) as site:
        me = site.me()
    bar.say(f"{me.email}: written to {save_config(url=url, api_key=key.strip())}")
    return OK


def mcp(_chosen: argparse.Namespace, _bar: Bar) -> int:
    """Serve the site to an assistant over standard input and output."""
    try:
        from lacquer.mcp_server import serve  # noqa: PLC0415  # an extra that not everyone has
    except ModuleNotFoundError as missing:
        raise LacquerError(f"{missing}: install lacquer[mcp].") from missing
    serve()
    return OK


def _site(chosen: argparse.Namespace, bar: Bar) -> Lacquer:
    config = load_config()
    if config.warning:
        bar.say(f"Careful: {config.warning}")
    return Lacquer(config.api_key, chosen.url or config.url)


def _track(site: Lacquer, bar: Bar, named: str, kind: Kind) -> str | Audio:
    """Return what an id names, or a file once it is sent."""
    is_id = named.startswith(("aud_", "ref_")) and not Path(named).exists()
    if is_id:
        return named
    path = Path(named)
    if not path.is_file():
        raise FileNotFoundError(f"{named} is no file.")
    label = f"Sending {path.name}"
    return site.audio.upload(
        path, kind=kind, progress=lambda sent, size: bar.show(label, sent / size)
    )


def _measured(site: Lacquer, bar: Bar, track: str | Audio) -> Audio:
    return site.audio.wait(track, progress=lambda audio: bar.show("Measuring", audio.progress))


def _waited(site: Lacquer, bar: Bar, made: Master, timeout: float) -> Version:
    """Return the version of a master once it is made; tell how to come back if that is too long."""

    def show(now: Master) -> None:
        ahead = f", {now.queue_position} before it" if now.queue_position else ""
        bar.show(f"{(now.step or now.status).capitalize()}{ahead}", now.progress)

    try:
        done = site.masters.wait(made, timeout=timeout, progress=show)
    except (TimedOut, KeyboardInterrupt):
        bar.say(f"It goes on. Later: lacquer fetch {made.id} -o out.wav")
        raise
    return site.versions.get(done.version)


def _bring(
    site: Lacquer, bar: Bar, version: Version, out: Path, format_code: str, rate_hz: int | None
) -> None:
    def show(so_far: int, size: int) -> None:
        bar.show(f"Fetching {out.name}", so_far / size if size else None)

    if rate_hz is None and any(file.format == format_code for file in version.files):
        site.versions.download(version, out, format=format_code, progress=show)
        return
    bar.show("Making the file")
    export = site.exports.create(version, [format_code], rate_hz=rate_hz)
    site.exports.download(site.exports.wait(export), out, progress=show)


def _tell_version(version: Version, bar: Bar, out: Path | None, *, as_json: bool) -> int:
    bar.clear()
    if as_json:
        print(json.dumps(dict(version.raw)))
    else:
        loudness, peak = _told(version.loudness_lufs), _told(version.true_peak_dbtp)
        measured = f"{loudness} LUFS, {peak} dBTP"
        print(f"{out or version.id}  {measured}  {version.master} v{version.number}")
    return OK


def _tell_estimate(estimate: Estimate, bar: Bar, *, as_json: bool) -> int:
    bar.clear()
    if as_json:
        print(json.dumps(dict(estimate.raw)))
        return OK
    print(f"{estimate.cost.credits} credits, of {estimate.cost.available}")
    for warned in estimate.warnings:
        print(f"{warned.about}: {warned.title} [{warned.code}]")
    return OK


def _share_done(now: Album) -> float:
    return sum(song.progress for song in now.songs) / max(len(now.songs), 1)


def _told(level: float | None) -> str:
    return "−" if level is None else f"{level:.1f}"


def _settings(chosen: argparse.Namespace) -> dict[str, Any]:
    names = ("amount", "tone", "dynamics", "width", "loudness", "ceiling_dbtp", "max_limiting_db")
    said = {name: getattr(chosen, name) for name in names}
    return {name: value for name, value in said.items() if value is not None}


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
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(
        name: str, run: Callable[[argparse.Namespace, Bar], int], text: str
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[common])
        made.set_defaults(run=run)
        return made

    making = command("master", master, "Master a mix toward a reference, and fetch the result.")
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
    bringing = command("fetch", fetch, "Wait for a master that was begun, and fetch it.")
    bringing.add_argument("id", help="a master (mst_…) or a version (ver_…)")
    for each in (making, bringing):
        each.add_argument("-o", "--output", type=Path, required=each is bringing, help="the file")
        each.add_argument("--format", help="by default what the file's ending says")
        each.add_argument("--rate", type=int, help="in Hz; by default the mix's own")
        each.add_argument("--timeout", type=float, default=3600.0, help="seconds to wait at most")
    checking = command("check", check, "Tell what is wrong with a file, before it is mastered.")
    checking.add_argument("file", help="a file, or the id of an upload (aud_…)")
    checking.add_argument("--kind", choices=("mix", "reference"), default="mix")
    ranking = command("rank", rank, "Tell which references of your library suit a mix.")
    ranking.add_argument("mix", help="a file, or the id of an upload (aud_…)")
    ranking.add_argument("--limit", type=int, default=10)
    gathering = command("album", album, "Master mixes as one album, and fetch its ZIP.")
    gathering.add_argument("title")
    gathering.add_argument("mixes", nargs="+", help="files or ids (aud_…), in their order")
    gathering.add_argument("-r", "--reference", required=True, help="a file, or an id")
    gathering.add_argument("-o", "--output", type=Path, required=True, help="the ZIP")
    gathering.add_argument("--artist")
    gathering.add_argument("--loudness", choices=("keep", "even"), help="of songs to each other")
    gathering.add_argument("--amount", type=_share, help="how far to go, overall")
    gathering.add_argument("--format", default="wav24", help="of the songs; by default wav24")
    gathering.add_argument("--timeout", type=float, default=7200.0, help="seconds to wait at most")
    carrying = command("profile", profile, "Export the profile of a reference, or import one.")
    carrying.add_argument("named", help="a reference (ref_…), or a profile document to import")
    carrying.add_argument("-o", "--output", type=Path, help="where an export is written")
    command("account", account, "Tell whose key it is, and the credits.")
    command("login", login, "Keep a key in the config file; it is asked for, or read from stdin.")
    command("mcp", mcp, "Serve the site to an assistant (Model Context Protocol).")
    return parser


if __name__ == "__main__":
    sys.exit(main())
