"""The server for assistants, through the SDK's own client: free to look, asked before it spends."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lacquer import Lacquer
from lacquer.mcp_server import build
from mcp import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing.models import Account
from billing.services import balance_of
from mastering.models import Master, Version
from tests.clients.conftest import work_elsewhere
from tests.studio import PlayedEngine

Call = Callable[..., Awaitable[Any]]
SPENDING = {"create_master", "render_version"}


@pytest.fixture
def assistant(live_server: LiveServer, key: str, engine: PlayedEngine, tmp_path: Path):
    """Let an assistant talk to the server, and return what its talk returned."""

    def talk(say: Callable[[Call], Awaitable[Any]]) -> Any:
        async def session() -> Any:
            with Lacquer(key, live_server.url, sleep=work_elsewhere) as site:
                async with Client(build(site, tmp_path)) as client:

                    async def call(tool: str, **arguments: Any) -> Any:
                        result = await client.call_tool(tool, arguments)
                        if result.is_error:
                            raise ToolRefused(str(result.content[0]))
                        told = result.structured_content
                        return told.get("result", told) if set(told) == {"result"} else told

                    return await say(call)

        return run(session())

    return talk


def run(talk: Coroutine[Any, Any, Any]) -> Any:
    """Return what a talk returned, held in a thread: a browser's loop may own this one."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, talk).result()


class ToolRefused(Exception):
    pass


async def sent(call: Call) -> tuple[str, str]:
    mix = await call("upload_audio", file="mix.wav", kind="mix")
    reference = await call("upload_audio", file="reference.wav", kind="reference")
    for track in (mix, reference):
        assert (await call("wait_for_audio", audio=track["id"]))["status"] == "ready"
    return mix["id"], reference["id"]


def credits(user: User) -> int:
    balance = balance_of(Account.objects.get(user=user))
    return balance.available


def test_a_whole_master_with_the_credit_asked_for(
    assistant, mix: Path, reference: Path, tmp_path: Path, alice: User
):
    before = credits(alice)

    async def say(call: Call) -> Any:
        song, model = await sent(call)
        assert (await call("check_audio", audio=song))["audio"] == song
        estimate = await call("estimate_master", mix=song, reference=model)
        assert estimate["cost"]["credits"] == 1
        wish = {"mix": song, "reference": model, "settings": {"amount": 0.5}}
        asked = await call("create_master", **wish)
        assert (asked["done"], asked["needs_confirm"], asked["credits"]) == (False, True, 1)
        assert (await call("list_masters")) == []
        made = await call("create_master", **wish, confirm=True)
        done = await call("wait_for_master", master=made["id"])
        assert done["status"] == "succeeded"
        assert await call("read_report", version=done["version"])
        again = await call("render_version", master=made["id"], settings={"amount": 0.2})
        assert again["number"] == 2
        fetched = await call("download_version", version=done["version"], file="out.wav")
        assert fetched["size_bytes"] > 0
        await call("download_version", version=done["version"], file="out.mp3", format="mp3-320")
        return done

    done = assistant(say)
    assert (tmp_path / "out.wav").is_file()
    assert (tmp_path / "out.mp3").is_file()
    assert Version.objects.get(pk=done["version"]).settings["amount"] == 0.5
    assert credits(alice) == before - 1


def test_without_confirm_nothing_is_spent_not_even_by_rendering_again(
    assistant, mix: Path, reference: Path, alice: User
):
    before = credits(alice)

    async def say(call: Call) -> None:
        song, model = await sent(call)
        await call("create_master", mix=song, reference=model)
        made = await call("create_master", mix=song, reference=model, confirm=True)
        assert (await call("cancel_master", master=made["id"]))["status"] == "canceled"
        asked = await call("render_version", master=made["id"], settings={"amount": 0.2})
        assert asked["needs_confirm"]

    assistant(say)
    assert Master.objects.count() == 1
    assert Version.objects.count() == 1
    assert credits(alice) == before


def test_files_elsewhere_are_neither_read_nor_written(
    assistant, mix: Path, reference: Path, tmp_path: Path
):
    outside = tmp_path.parent / "secret.wav"
    outside.write_bytes(mix.read_bytes())
    (tmp_path / "link.wav").symlink_to(outside)
    (tmp_path / "notes.txt").write_text("diary")

    async def say(call: Call) -> None:
        for name in ("../secret.wav", str(outside), "link.wav", "notes.txt", "/etc/passwd"):
            with pytest.raises(ToolRefused):
                await call("upload_audio", file=name, kind="mix")
        song, model = await sent(call)
        made = await call("create_master", mix=song, reference=model, confirm=True)
        version = (await call("wait_for_master", master=made["id"]))["version"]
        for name in ("../out.wav", "link.wav", "mix.wav", "out.sh", "no/out.wav"):
            with pytest.raises(ToolRefused):
                await call("download_version", version=version, file=name)

    assistant(say)
    assert outside.read_bytes() == mix.read_bytes()
    assert not (tmp_path.parent / "out.wav").exists()


def test_what_the_site_refuses_is_told_with_its_code(assistant):
    async def say(call: Call) -> None:
        with pytest.raises(ToolRefused, match="not_found"):
            await call("get_master", master=f"mst_{'a' * 24}")
        with pytest.raises(ToolRefused):
            await call("get_master", master="not an id")
        assert (await call("account"))["credits"]["available"] > 0
        assert (await call("capabilities"))["settings"]["amount"]
        assert await call("list_references") == []
        assert isinstance(await call("list_events"), list)

    assistant(say)


def test_tools_say_whether_they_change_anything_and_the_spending_ones_ask(
    live_server, key: str, tmp_path: Path
):
    async def tools() -> Any:
        with Lacquer(key, live_server.url) as site:
            async with Client(build(site, tmp_path)) as client:
                return (await client.list_tools()).tools

    listed = {tool.name: tool for tool in run(tools())}
    asking = {name for name, tool in listed.items() if "confirm" in tool.input_schema["properties"]}
    assert asking == SPENDING
    for name in SPENDING:
        assert "confirm" not in listed[name].input_schema.get("required", [])
        assert not listed[name].annotations.read_only_hint
    for tool in listed.values():
        assert tool.description
        assert tool.annotations is not None
        reads = tool.name.startswith(("read_", "list_", "get_", "check_", "estimate_", "wait_"))
        assert not reads or tool.annotations.read_only_hint
