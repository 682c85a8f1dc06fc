"""The command against the real site: files in, a master out, and an exit code for each end."""

import json
import os
import stat
import subprocess
import sys
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from lacquer import Lacquer, cli, exits
from lacquer.config import load_config
from lacquer.terminal import Bar

from accounts.models import ApiKey, User
from accounts.services import create_key
from dsp.errors import SilentAudio
from mastering.models import Master, Version
from references.models import AudioFile
from references.tasks import measure_next
from tests.studio import PlayedEngine

pytestmark = pytest.mark.usefixtures("working")


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing of the machine's own be read."""
    monkeypatch.setenv("LACQUER_CONFIG", str(tmp_path / "home" / "config.toml"))
    monkeypatch.delenv("LACQUER_API_KEY", raising=False)
    monkeypatch.delenv("LACQUER_URL", raising=False)


@pytest.fixture
def at_site(live_server, key: str, engine: PlayedEngine, monkeypatch) -> None:
    monkeypatch.setenv("LACQUER_API_KEY", key)
    monkeypatch.setenv("LACQUER_URL", live_server.url)


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_two_files_become_a_master(at_site, mix: Path, reference: Path, tmp_path: Path, capsys):
    out, report = tmp_path / "out.wav", tmp_path / "report.json"
    code = run(
        "master", mix, "--reference", reference, "-o", out, "--report", report,
        "--amount", "60%", "--loudness", "-11", "--title", "Song",
    )  # fmt: skip
    assert code == exits.OK
    made = Version.objects.get()
    assert out.stat().st_size == made.outputs["wav24.wav"]["size_bytes"]
    assert (made.settings["amount"], made.settings["loudness"]) == (0.6, -11.0)
    assert made.master.title == "Song"
    assert json.loads(report.read_text())
    told = capsys.readouterr()
    assert str(out) in told.out
    assert "Sending mix.wav" in told.err


def test_other_endings_are_other_formats(at_site, mix: Path, reference: Path, tmp_path: Path):
    assert run("master", mix, "-r", reference, "-o", tmp_path / "out.mp3", "-q") == exits.OK
    assert (tmp_path / "out.mp3").stat().st_size
    assert run("master", mix, "-r", reference, "-o", tmp_path / "out.doc") == exits.USAGE
    assert run("master", mix, "-r", reference, "-o", tmp_path / "no" / "out.wav") == exits.REFUSED
    assert Master.objects.count() == 1, "nothing is begun that could not be written"


def test_it_may_be_begun_now_and_fetched_later(
    at_site, mix: Path, reference: Path, tmp_path: Path, capsys
):
    assert run("master", mix, "-r", reference, "--no-wait", "-q") == exits.OK
    master = capsys.readouterr().out.strip()
    assert master == Master.objects.get().pk
    assert run("fetch", master, "-o", tmp_path / "out.wav", "--timeout", "0") == exits.LATE
    assert f"lacquer fetch {master}" in capsys.readouterr().err
    assert run("fetch", master, "-o", tmp_path / "out.flac") == exits.OK
    version = Version.objects.get().pk
    assert run("fetch", version, "-o", tmp_path / "out.wav", "--json") == exits.OK
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["id"] == version


def test_a_dry_run_tells_the_cost(at_site, mix: Path, reference: Path, capsys):
    assert run("master", mix, "-r", reference, "--dry-run") == exits.OK
    assert capsys.readouterr().out.startswith("cost: 1,")
    assert not Master.objects.exists()


def test_the_same_files_cost_nothing_again(at_site, mix: Path, reference: Path, capsys):
    assert run("master", mix, "-r", reference, "-q") == exits.OK
    capsys.readouterr()
    assert run("master", mix, "-r", reference, "--dry-run") == exits.OK
    assert capsys.readouterr().out.startswith("cost: 0,")


def test_a_file_is_checked_and_references_are_ranked(at_site, mix: Path, reference: Path, capsys):
    assert run("check", mix) == exits.OK
    song = capsys.readouterr().out.split()[0]
    assert song.startswith("aud_")
    assert run("check", reference, "--kind", "reference", "--json", "-q") == exits.OK
    told = json.loads(capsys.readouterr().out)
    assert told["audio"]["kind"] == "reference"
    assert run("rank", song, "--json") == exits.OK
    (ranked,) = json.loads(capsys.readouterr().out)
    assert ranked["reference"]["audio"] == told["audio"]["id"]
    assert run("rank", song) == exits.OK
    entry, reasons = capsys.readouterr().out.splitlines()
    assert ranked["reference"]["id"] in entry
    assert reasons.split() == ", ".join(ranked["reasons"]).split()


def test_who_asks_is_told(at_site, alice: User, capsys):
    assert run("account") == exits.OK
    told = capsys.readouterr().out
    assert alice.email in told
    assert "credits" in told


def test_each_end_has_its_code(
    at_site, mix: Path, reference: Path, tmp_path: Path, engine, monkeypatch, capsys
):
    assert run("master", tmp_path / "none.wav", "-r", reference) == exits.REFUSED
    assert run("master", mix, "-r", tmp_path / "none.wav") == exits.REFUSED
    assert run("album", "Two", mix, "-r", "none.wav", "-o", tmp_path / "a.zip") == exits.REFUSED
    assert not AudioFile.objects.exists(), "nothing is sent for what cannot be done"
    assert run("master", f"aud_{'a' * 24}", "-r", f"ref_{'b' * 24}") == exits.REFUSED
    assert run("master", mix, "-r", reference, "--ceiling", "9") == exits.REFUSED
    assert "ceiling_dbtp" in capsys.readouterr().err
    engine.refuse(SilentAudio("silent"))
    assert run("check", mix) == exits.REFUSED
    assert "silent_audio" in capsys.readouterr().err
    monkeypatch.setenv("LACQUER_API_KEY", "lq_live_wrong")
    assert run("account") == exits.NO_KEY
    monkeypatch.setenv("LACQUER_URL", "http://127.0.0.1:9")
    assert run("account") == exits.AWAY
    monkeypatch.delenv("LACQUER_API_KEY")
    assert run("account") == exits.NO_KEY
    with pytest.raises(SystemExit) as usage:
        run("master", mix)
    assert usage.value.code == exits.USAGE


def test_a_key_without_the_scope_is_told_so(at_site, alice: User, mix: Path, monkeypatch):
    reader = create_key(user=alice, name="r", scopes=["audio:read"]).secret
    monkeypatch.setenv("LACQUER_API_KEY", reader)
    assert run("check", mix) == exits.NO_KEY


def test_a_failed_master_and_one_that_is_stopped(
    at_site, mix: Path, reference: Path, monkeypatch, capsys
):
    def cancel(_seconds: float) -> None:
        if measure_next() is None:
            Version.objects.all().cancel()

    monkeypatch.setattr("lacquer.commands.Lacquer", partial(Lacquer, sleep=cancel))
    assert run("master", mix, "-r", reference) == exits.FAILED
    assert "canceled" in capsys.readouterr().err

    def stop(_seconds: float) -> None:
        if measure_next() is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("lacquer.commands.Lacquer", partial(Lacquer, sleep=stop))
    assert run("master", mix, "-r", reference) == exits.STOPPED
    assert "lacquer fetch mst_" in capsys.readouterr().err
    assert Version.objects.open().count() == 1, "it goes on"


def test_a_key_is_kept_where_only_its_person_reads_it(
    live_server, key: str, tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.setattr("sys.stdin", _Typed(f"{key}\n"))
    assert run("login", "--url", live_server.url) == exits.OK
    path = tmp_path / "home" / "config.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_config().api_key == key
    assert key not in repr(load_config())
    assert key not in "".join(capsys.readouterr())
    assert run("account") == exits.OK
    path.chmod(0o644)
    assert run("account") == exits.OK
    assert "chmod 600" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", _Typed("lq_live_wrong\n"))
    assert run("login", "--url", live_server.url) == exits.NO_KEY
    assert load_config().api_key == key, "a key that opens nothing is not kept"
    path.write_text("api_key = [")
    assert run("account") == exits.NO_KEY


def test_no_option_takes_a_key(at_site, key: str, capsys):
    with pytest.raises(SystemExit):
        run("account", "--api-key", key)
    with pytest.raises(SystemExit):
        run("--help")
    told = capsys.readouterr().out
    for code in (
        exits.OK,
        exits.FAILED,
        exits.USAGE,
        exits.NO_KEY,
        exits.REFUSED,
        exits.UNPAID,
        exits.AWAY,
    ):
        assert f"\n  {code} " in told
    assert ApiKey.objects.get().last_used is None


def test_the_documented_codes_and_commands_are_those_of_the_readme(settings):
    readme = (settings.BASE_DIR / "clients" / "python" / "README.md").read_text()
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 130):
        assert f"| {code} |" in readme
    for command in ("master", "fetch", "check", "rank", "account", "login", "mcp"):
        assert f"lacquer {command}" in readme


def test_a_bar_moves_on_a_terminal_and_not_elsewhere():
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    screen, log = Terminal(), StringIO()
    for stream in (screen, log):
        with Bar(stream=stream) as bar:
            bar.show("Sending", 0.5)
            bar.show("Sending", 1.0)
    assert "50%" in screen.getvalue()
    assert "100%" in screen.getvalue()
    assert screen.getvalue().endswith("\r\033[K"), "nothing is left behind"
    assert log.getvalue() == "Sending\n"


class _Typed:
    """What is piped in."""

    def __init__(self, text: str) -> None:
        self.text = text

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        return self.text


def test_a_reader_that_has_seen_enough_is_no_failure(live_server, key: str, engine, tmp_path: Path):
    command = f"{sys.executable} -m lacquer account | true; echo ${{PIPESTATUS[0]}}"
    source = Path(cli.__file__).parent.parent
    environment = os.environ | {
        "LACQUER_API_KEY": key,
        "LACQUER_URL": live_server.url,
        "PYTHONPATH": str(source),
        "PYTHONUNBUFFERED": "",
    }
    done = subprocess.run(
        ["/bin/bash", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("0", "")
