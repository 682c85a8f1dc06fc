"""What runs in a box reaches nothing of the machine, by either kind of walls."""

import os
import socket
from pathlib import Path

import pytest

from dsp import box
from dsp.box.confine import WITHOUT
from tests import malice
from tests.dsp.boxes import of_running_boxes, run, server_pid

DENIED = {"PermissionError", "FileNotFoundError", "ProcessLookupError"}


@pytest.fixture(params=["", "namespaces"], ids=["namespaces", "landlock"], scope="module")
def walls(request):
    """Try a machine with everything, and one without namespaces, as most containers are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WITHOUT, request.param)
        patch.setenv("DATABASE_URL", "postgres://secret")
        box.close()
        if not box.strength().is_strong:
            pytest.skip(f"this machine has no such walls: {box.strength()}")
        yield request.param
    box.close()


@pytest.mark.enable_socket
def test_a_box_reaches_no_network(walls):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert malice.connect(port) == "done"  # outside the box it is there
        assert run(malice.connect, port) in DENIED


def test_a_box_reaches_no_socket_on_disk(walls, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        path = str(tmp_path / "s")
        listener.bind(path)
        listener.listen()
        assert run(malice.open_unix_socket, path, scratch=tmp_path) in DENIED


def test_a_box_has_an_empty_environment(walls):
    assert set(run(malice.environment)) == {"TMPDIR"}


def test_no_secret_of_the_caller_is_in_the_memory_a_box_is_forked_from(walls):
    run(malice.echo)
    server = server_pid()
    assert b"secret" not in Path(f"/proc/{server}/environ").read_bytes()


def test_a_box_holds_no_descriptor_of_others(walls, tmp_path):
    with (tmp_path / "open").open("w"):
        assert run(malice.open_descriptors) == [0, 1, 2, malice.RESULTS]


def test_a_box_reads_only_what_it_was_shown(walls, tmp_path):
    for name in ("own", "shown", "secret"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    shown = {"scratch": tmp_path / "own", "readable": [tmp_path / "shown"]}
    assert run(malice.read_file, str(tmp_path / "own/file"), **shown) == "done"
    assert run(malice.read_file, str(tmp_path / "shown/file"), **shown) == "done"
    assert run(malice.read_file, str(tmp_path / "secret/file"), **shown) in DENIED
    assert run(malice.read_file, "/etc/passwd", **shown) in DENIED
    assert run(malice.read_file, str(Path(__file__).parents[2] / "pyproject.toml")) in DENIED


def test_a_box_writes_only_in_its_folder(walls, tmp_path):
    own, shown = tmp_path / "own", tmp_path / "shown"
    own.mkdir()
    shown.mkdir()
    rooms = {"scratch": own, "readable": [shown]}
    assert run(malice.write_file, str(own / "new"), **rooms) == "done"
    assert (own / "new").read_text() == "was here"
    for path in (shown / "new", tmp_path / "new", Path(malice.__file__), Path("/usr/new")):
        before = path.exists() and path.read_bytes()
        assert run(malice.write_file, str(path), **rooms) in DENIED | {"OSError"}
        assert (path.exists() and path.read_bytes()) == before


def test_a_box_changes_no_modes(walls, tmp_path):
    assert run(malice.change_mode, "/usr") in DENIED | {"OSError"}


def test_a_box_leaves_nothing_in_its_folder_but_plain_files(walls, tmp_path):
    assert set(run(malice.leave_link, "/etc/passwd", scratch=tmp_path)) <= DENIED
    assert not list(tmp_path.iterdir())


def test_a_box_starts_no_processes_but_may_use_threads(walls):
    assert run(malice.fork_100) in DENIED
    assert run(malice.execute) in DENIED
    assert run(malice.replace_itself) in DENIED
    assert run(malice.use_threads) == 8


def test_a_box_does_not_touch_other_processes(walls):
    server = server_pid()
    assert set(run(malice.signal_others, [server, os.getpid(), 1, -1])) <= DENIED
    assert run(malice.trace_parent) in DENIED
    assert run(malice.read_parents_memory) in DENIED
    assert server_pid() == server


def test_a_box_cannot_loosen_itself(walls):
    assert run(malice.new_namespace) in DENIED
    assert run(malice.raise_own_limits) in DENIED | {"ValueError"}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of this machine")
def test_the_back_doors_of_system_calls_are_shut(walls):
    second_set = 0x4000_0000
    for number in (425, 321, 298, 101, 59, 57, 165, 272, 434, second_set + 41):
        assert run(malice.raw_system_call, number, 0, 0, 0) == "PermissionError"
    assert run(malice.raw_system_call, 435, 0, 0) == "OSError"  # clone3: not known here


def test_whoever_looks_at_a_busy_machine_sees_whose_work_a_box_is(walls):
    names: set[str] = set()
    run(
        malice.work, 5, 0.2, label="ver_7k3mabcdefghijk",
        progress=lambda *_: names.update(of_running_boxes("comm")),
    )  # fmt: skip
    assert "ver_7k3mabcdefg" in names
