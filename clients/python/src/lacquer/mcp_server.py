"""A Lacquer site for assistants, by the Model Context Protocol.

Everything that reads or measures is free to be called. What takes a credit tells its cost and does
nothing, until it is called again with ``confirm``. Files are read and written below one folder only
(LACQUER_MCP_ROOT, else the folder the server was started in), so that nobody can talk an assistant
into sending away what lies elsewhere.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from lacquer.client import Lacquer
from lacquer.errors import ApiError, LacquerError, TimedOut
from lacquer.models import Model, id_of

AUDIO_ENDINGS = (".wav", ".flac", ".aif", ".aiff", ".mp3", ".ogg", ".opus", ".m4a", ".aac")
LONGEST_WAIT_SECONDS = 55.0  # assistants give up on a call after a minute
MOST_LISTED = 50

INSTRUCTIONS = """\
Lacquer masters a finished stereo mix toward a reference track. Usual order: upload_audio for the
mix and the reference, wait_for_audio for each, check_audio and suitability to see whether it is a
good idea, estimate_master for the cost, then create_master. It takes a credit, so ask the person
and only then call it with confirm=true. wait_for_master until it is done, read_report for what was
changed, download_version for the file. Ids begin with aud_, ref_, mst_ or ver_.
"""
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
ENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)

AudioId = Annotated[str, Field(pattern="^aud_", description="The id of an upload.")]
ReferenceId = Annotated[str, Field(pattern="^ref_", description="An entry of the library.")]
TrackId = Annotated[str, Field(pattern="^(aud|ref)_", description="An upload or library entry.")]
MasterId = Annotated[str, Field(pattern="^mst_", description="The id of a master.")]
VersionId = Annotated[str, Field(pattern="^ver_", description="The id of a version.")]
FileName = Annotated[str, Field(description="A path below the folder of this server.")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Confirm = Annotated[
    bool, Field(description="True only after the person agreed to spend the credit.")
]

F = TypeVar("F", bound=Callable[..., Any])


def build(site: Lacquer, root: Path) -> MCPServer[Any]:
    """Return a server of one site, for files below one folder."""
    server: MCPServer[Any] = MCPServer("lacquer", title="Lacquer", instructions=INSTRUCTIONS)
    root = root.resolve()

    def tool(annotations: ToolAnnotations) -> Callable[[F], F]:
        def register(function: F) -> F:
            @functools.wraps(function)
            def told(*args: Any, **kwargs: Any) -> Any:
                try:
                    return function(*args, **kwargs)
                except ApiError as refused:
                    raise ToolError(f"{refused.code}: {refused}") from refused
                except (LacquerError, OSError) as error:
                    raise ToolError(str(error)) from error

            server.add_tool(told, annotations=annotations)
            return function

        return register

    def inside(name: str) -> Path:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise LacquerError(f"{name} is outside {root}, where this server reads and writes.")
        if path.suffix.lower() not in AUDIO_ENDINGS:
            raise LacquerError(f"{name} is no audio file by its ending.")
        return path

    @tool(READS)
    def capabilities() -> dict[str, Any]:
        """Tell what the site can do: ranges and defaults of settings, limits, formats."""
        return site.capabilities()

    @tool(READS)
    def account() -> dict[str, Any]:
        """Tell whose account this is, whether it is a test key, and how many credits are left."""
        return {**site.me().raw, "credits": dict(site.credits().raw)}

    @tool(ADDS)
    def upload_audio(file: FileName, kind: Literal["mix", "reference"]) -> dict[str, Any]:
        """Send an audio file to be measured. Free; the file stays private."""
        return _told(site.audio.upload(inside(file), kind=kind))

    @tool(READS)
    def list_audio(kind: Literal["mix", "reference"] | None = None) -> list[dict[str, Any]]:
        """List uploads, the newest first."""
        return _first(site.audio.list(kind=kind))

    @tool(READS)
    def wait_for_audio(audio: AudioId) -> dict[str, Any]:
        """Wait up to a minute until an upload is measured, and tell how far it is."""
        try:
            return _told(site.audio.wait(audio, timeout=LONGEST_WAIT_SECONDS))
        except TimedOut:
            return _told(site.audio.get(audio))

    @tool(READS)
    def check_audio(audio: AudioId) -> dict[str, Any]:
        """Tell what is wrong with a measured upload, where, and what to do about it."""
        return _told(site.audio.checks(audio))

    @tool(READS)
    def analyse_audio(audio: AudioId) -> dict[str, Any]:
        """Tell what was measured of an upload: loudness, peaks, dynamics, width."""
        return site.audio.analysis(audio)

    @tool(READS)
    def list_references(search: str | None = None) -> list[dict[str, Any]]:
        """List the reference library, or what matches a word in title or artist."""
        return _first(site.references.list(q=search))

    @tool(ADDS)
    def add_reference(
        audio: AudioId, title: str | None = None, artist: str | None = None
    ) -> dict[str, Any]:
        """Keep an upload in the reference library. Free."""
        return _told(site.references.add(audio, title=title, artist=artist))

    @tool(READS)
    def rank_references(
        mix: AudioId, limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 10
    ) -> list[dict[str, Any]]:
        """Tell which references of the library suit a mix best, and why."""
        return [_told(each) for each in site.references.rank(mix, limit=limit)]

    @tool(READS)
    def suitability(reference: ReferenceId, mix: AudioId) -> dict[str, Any]:
        """Tell how well a reference suits a mix, with the reasons."""
        return _told(site.references.suitability(reference, mix))

    @tool(READS)
    def estimate_master(
        mix: AudioId, reference: TrackId, settings: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Tell what a master would cost and what speaks against it; make nothing."""
        return _told(site.masters.estimate(mix=mix, reference=reference, settings=settings))

    @tool(ADDS)
    def create_master(
        mix: AudioId,
        reference: TrackId,
        settings: dict[str, Any] | None = None,
        title: str | None = None,
        confirm: Confirm = False,
    ) -> dict[str, Any]:
        """Master a mix toward a reference. Takes a credit: without confirm it only tells the cost.

        Settings: amount, tone, dynamics, width (0 to 1), loudness ("reference", a platform or
        LUFS), ceiling_dbtp, max_limiting_db. What is not said stays at its default.
        """
        if not confirm:
            estimate = site.masters.estimate(mix=mix, reference=reference, settings=settings)
            return _unconfirmed(estimate.cost.credits) | {"estimate": _told(estimate)}
        return _told(
            site.masters.create(mix=mix, reference=reference, settings=settings, title=title)
        )

    @tool(ADDS)
    def render_version(
        master: MasterId, settings: dict[str, Any], confirm: Confirm = False
    ) -> dict[str, Any]:
        """Render a master again with other settings: free once a version of it was delivered.

        Where none was, its credit is reserved again, and confirm is needed.
        """
        delivered = any(version.is_done for version in site.masters.versions(master))
        if not delivered and not confirm:
            known = site.masters.get(master)
            pair = {"mix": id_of(known.mix), "reference": id_of(known.reference)}
            estimate = site.masters.estimate(**pair, settings=settings)
            if estimate.cost.credits:
                return _unconfirmed(estimate.cost.credits) | {"estimate": _told(estimate)}
        return _told(site.masters.render(master, settings=settings))

    @tool(READS)
    def list_masters() -> list[dict[str, Any]]:
        """List masters, the newest first."""
        return _first(site.masters.list())

    @tool(READS)
    def get_master(master: MasterId) -> dict[str, Any]:
        """Tell how far a master is, and which versions it has."""
        return _told(site.masters.get(master))

    @tool(READS)
    def wait_for_master(master: MasterId) -> dict[str, Any]:
        """Wait up to a minute until a master is made, and tell how far it is."""
        try:
            return _told(site.masters.wait(master, timeout=LONGEST_WAIT_SECONDS))
        except TimedOut:
            return _told(site.masters.get(master))

    @tool(ENDS)
    def cancel_master(master: MasterId) -> dict[str, Any]:
        """Stop a master that is under way. Its credit is given back."""
        return _told(site.masters.cancel(master))

    @tool(READS)
    def read_version(version: VersionId) -> dict[str, Any]:
        """Tell a version's settings, loudness, peak, and the files that lie ready."""
        return _told(site.versions.get(version))

    @tool(READS)
    def read_report(version: VersionId) -> dict[str, Any]:
        """Tell what was measured and changed in a version, in numbers and words."""
        return site.versions.report(version)

    @tool(ADDS)
    def download_version(
        version: VersionId, file: FileName, format: str = "wav24", overwrite: bool = False
    ) -> dict[str, Any]:
        """Fetch a version into a file. Free. Formats that are not ready are made first."""
        target = inside(file)
        if target.exists() and not overwrite:
            raise LacquerError(f"{file} is there already; overwrite it, or choose another name.")
        if not target.parent.is_dir():
            raise LacquerError(f"{target.parent} is no folder.")
        known = site.versions.get(version)
        if any(ready.format == format for ready in known.files):
            site.versions.download(known, target, format=format)
        else:
            export = site.exports.create(known, [format])
            done = site.exports.wait(export, timeout=LONGEST_WAIT_SECONDS)
            site.exports.download(done, target)
        return {"file": str(target), "size_bytes": target.stat().st_size}

    @tool(READS)
    def list_events(subject: str | None = None) -> list[dict[str, Any]]:
        """List what happened in the last 30 days, or to one upload or master."""
        return _first(site.events.list(subject=subject))

    return server


def serve() -> None:
    """Serve over standard input and output, with the key of the command."""
    root = Path(os.environ.get("LACQUER_MCP_ROOT") or Path.cwd())
    with Lacquer() as site:
        build(site, root).run("stdio")


def _told(row: Model) -> dict[str, Any]:
    return dict(row.raw)


def _first(rows: Any) -> list[dict[str, Any]]:
    return [_told(row) for row, _ in zip(rows, range(MOST_LISTED), strict=False)]


def _unconfirmed(credits: int) -> dict[str, Any]:
    return {
        "done": False,
        "needs_confirm": True,
        "credits": credits,
        "detail": f"Nothing was made. It takes {credits} credits: ask, then call with confirm.",
    }
