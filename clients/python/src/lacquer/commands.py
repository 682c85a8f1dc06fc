"""What the commands do, each with what was chosen for it and a bar to show how far it is."""

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from lacquer.client import Lacquer
from lacquer.config import configured_url, load_config, save_config
from lacquer.errors import LacquerError, TimedOut
from lacquer.exits import FAILED, OK, Misunderstood
from lacquer.models import Album, Audio, Estimate, Master, Version
from lacquer.terminal import Bar
from lacquer.tracks import Kind

FORMATS = {
    ".wav": "wav24",
    ".flac": "flac24",
    ".aif": "aiff24",
    ".aiff": "aiff24",
    ".mp3": "mp3-320",
    ".m4a": "aac-256",
}


def master(chosen: argparse.Namespace, bar: Bar) -> int:
    """Upload, master, wait, download."""
    out: Path | None = chosen.output
    format_code = _format_of(chosen, out) if out else ""
    found_mix, found_reference = _found(chosen.mix), _found(chosen.reference)
    with _site(chosen, bar) as site:
        mix = _sent(site, bar, found_mix, "mix")
        reference = _sent(site, bar, found_reference, "reference")
        _await_measured(site, bar, mix, reference)
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
    format_code = _format_of(chosen, out)
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
        track = _sent(site, bar, _found(chosen.file), chosen.kind)
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
        audio = _measured(site, bar, _sent(site, bar, _found(chosen.mix), "mix"))
        ranked = site.references.rank(audio, limit=chosen.limit)
    bar.clear()
    if chosen.json:
        print(json.dumps([dict(each.raw) for each in ranked]))
        return OK
    for each in ranked:
        entry = each.reference
        named = " – ".join(filter(None, (entry.artist, entry.title)))
        print(f"{each.score:.2f}  {entry.id}  {named}")
        print(f"      {', '.join(each.reasons)}")
    return OK


def album(chosen: argparse.Namespace, bar: Bar) -> int:
    """Upload mixes, master them as an album, wait, and bring its ZIP."""
    out: Path = chosen.output
    _refuse_unwritable(out)
    found_reference, found = _found(chosen.reference), [_found(mix) for mix in chosen.mixes]
    with _site(chosen, bar) as site:
        reference = _sent(site, bar, found_reference, "reference")
        mixes = [_sent(site, bar, mix, "mix") for mix in found]
        _await_measured(site, bar, reference, *mixes)
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


def _format_of(chosen: argparse.Namespace, out: Path) -> str:
    """Return the format that is wanted, sure that it can be written."""
    format_code: str = chosen.format or FORMATS.get(out.suffix.lower(), "")
    if not format_code:
        raise Misunderstood(f"{out}: name the format by --format, or end in {', '.join(FORMATS)}.")
    _refuse_unwritable(out)
    return format_code


def _refuse_unwritable(out: Path) -> None:
    if not out.absolute().parent.is_dir():
        raise FileNotFoundError(f"{out.parent} is no folder.")


def _found(named: str) -> str | Path:
    """Return the id or the file that is named; looked for before anything is sent."""
    path = Path(named)
    if path.is_file():
        return path
    if named.startswith(("aud_", "ref_")):
        return named
    raise FileNotFoundError(f"{named} is no file.")


def _sent(site: Lacquer, bar: Bar, track: str | Path, kind: Kind) -> str | Audio:
    """Return a track that the site has, once a file is sent."""
    if isinstance(track, str):
        return track
    label = f"Sending {track.name}"
    return site.audio.upload(
        track, kind=kind, progress=lambda sent, size: bar.show(label, sent / size)
    )


def _measured(site: Lacquer, bar: Bar, track: str | Audio) -> Audio:
    return site.audio.wait(track, progress=lambda audio: bar.show("Measuring", audio.progress))


def _await_measured(site: Lacquer, bar: Bar, *tracks: str | Audio) -> None:
    """Wait until files are known by their content, so that a pair that is paid costs nothing."""
    for track in tracks:
        if not isinstance(track, str) or track.startswith("aud_"):
            _measured(site, bar, track)


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
    print(f"cost: {estimate.cost.credits}, credits left: {estimate.cost.available}")
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
