import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dsp import box
from dsp.box import BoxFailure, BoxLimits, Usage
from dsp.box.confine import WITHOUT
from dsp.box.visit import Pace
from dsp.errors import AudioError, TooLarge, TooManyChannels
from tests import malice
from tests.dsp.boxes import LIMITS, failure_of, of_running_boxes, run, server_pid

ROOT = Path(__file__).parents[2]

where_sessions_are_weighed = pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="this kernel weighs no sessions"
)


def test_a_box_stands_back_as_far_as_its_limits_say():
    own = os.nice(0)
    for niceness in (3, 10):
        limits = replace(LIMITS, niceness=niceness)
        assert run(malice.niceness, limits=limits) == min(own + niceness, 19)


@where_sessions_are_weighed
def test_a_box_stands_back_as_a_session_too():
    sessions: set[str] = set()
    run(
        malice.work, 5, 0.2, limits=replace(LIMITS, niceness=7),
        progress=lambda *_: sessions.update(of_running_boxes("autogroup")),
    )  # fmt: skip
    assert str(min(os.nice(0) + 7, 19)) in {each.split("nice ")[1] for each in sessions}


@where_sessions_are_weighed
def test_what_loads_the_engine_stands_back_as_far_as_its_caller():
    program = (
        "import os; from pathlib import Path; from dsp.box import client; os.nice(3); "
        "print(Path(f'/proc/{client._server().process.pid}/autogroup').read_text())"
    )
    told = subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, text=True)
    assert told.split("nice ")[1].strip() == str(min(os.nice(0) + 3, 19))


def test_results_come_back_as_plain_values(tmp_path):
    answer = run(malice.echo, 1, Path("a"), scratch=tmp_path, word="w")
    assert answer["args"] == [1, "a"]
    assert answer["kwargs"] == {"word": "w"}
    assert answer["folder"] == str(tmp_path)
    assert answer["pid"] != os.getpid()


def test_a_function_may_be_named_without_importing_it():
    assert run("tests.malice:echo", 5)["args"] == [5]
    assert "no_such_thing" in failure_of("tests.malice:no_such_thing").detail


def test_the_server_can_be_warmed():
    box.warm("tests.malice:use_threads")
    with pytest.raises(BoxFailure, match="a mistake"):
        box.warm(malice.fail)
    assert run(malice.use_threads) == 8


def test_progress_comes_while_the_box_runs():
    told = []
    assert run(malice.work, 3, progress=lambda *step: told.append(step)) == {"steps": 3}
    assert told == [("step 0", 0.0), ("step 1", 1 / 3), ("step 2", 2 / 3)]


def test_each_step_is_told_with_its_time_and_all_steps_together_took_what_the_box_took():
    used: list[Usage] = []
    run(malice.work_hard, progress=lambda *_step: None, on_usage=used.append)
    steps = used[0].steps
    assert list(steps) == ["loading", "easy", "hard"]
    assert steps["hard"][1] > steps["easy"][1] + 0.05
    assert sum(cpu for _wall, cpu in steps.values()) == pytest.approx(used[0].cpu_seconds, abs=0.01)


def test_a_box_that_tells_of_more_time_than_it_had_is_not_believed():
    pace = Pace()
    for step, cpu_seconds in (("a", 5.0), ("b", 900.0), ("c", "much"), ("d", float("nan"))):
        pace.hear(step, cpu_seconds)
    steps = pace.finish(3.0)
    assert sum(cpu for _wall, cpu in steps.values()) == pytest.approx(3.0, abs=0.01)


def test_an_audio_error_keeps_its_code_and_loses_its_control_characters():
    with pytest.raises(TooManyChannels, match=r"^Five channels\.\?\[2J$"):
        run(malice.refuse)
    with pytest.raises(AudioError, match="Something"):
        run(malice.refuse_by_no_known_code)


def test_a_mistake_of_ours_is_a_failure_with_its_traceback():
    failure = failure_of(malice.fail)
    assert failure.reason == "failed"
    assert "ValueError: a mistake" in failure.detail


def test_crashes_are_told_by_their_signal():
    assert str(failure_of(malice.read_address_zero)) == "crashed: SIGSEGV"
    assert str(failure_of(malice.abort)) == "crashed: SIGABRT"


def test_each_limit_has_its_reason():
    assert failure_of(malice.take_memory).reason == "memory"
    quick = BoxLimits(memory_bytes=10**8, cpu_seconds=1, wall_seconds=120.0, file_bytes=10**6)
    assert failure_of(malice.spin, limits=quick).reason == "cpu"
    assert "OSError" in failure_of(malice.write_without_end, limits=quick).detail
    short = BoxLimits(memory_bytes=10**8, cpu_seconds=9, wall_seconds=0.5, file_bytes=10**6)
    assert failure_of(malice.sleep_through_everything, limits=short).reason == "deadline"


def test_a_bomb_is_the_files_fault_where_the_caller_says_so():
    with pytest.raises(TooLarge):
        run(malice.take_memory, files_at_fault=True)


def test_the_caller_can_stop_a_box_within_a_second(tmp_path):
    note = tmp_path / "pid"
    started: list[float] = []

    def should_stop():
        if note.exists() and not started:
            started.append(time.monotonic())
        return bool(started)

    failure = failure_of(
        malice.sleep_through_everything, str(note), scratch=tmp_path, should_stop=should_stop
    )
    assert failure.reason == "stopped"
    assert time.monotonic() - started[0] < 1.0


@pytest.mark.parametrize(
    "line",
    ["no json\n", "[]\n", '{"kind": 1}\n', '{"kind": "result"}\n', '{"kind": "audio_error"}\n', ""],
)
def test_words_that_no_box_sends_are_refused(line):
    assert failure_of(malice.say, line).reason == "garbled"


def test_a_box_cannot_fill_or_confuse_its_caller():
    modest = BoxLimits(
        memory_bytes=10**8, cpu_seconds=9, wall_seconds=9, file_bytes=10**6, result_bytes=10**6
    )
    assert failure_of(malice.flood, limits=modest).reason == "garbled"
    assert failure_of(malice.nest).reason == "garbled"
    assert failure_of(malice.tell_without_end).reason == "garbled"


def test_what_a_box_used_is_told_even_when_it_fails():
    used: list[Usage] = []
    failure_of(malice.fail, on_usage=used.append)
    run(malice.echo, on_usage=used.append)
    assert len(used) == 2
    assert all(0.0 < each.cpu_seconds < 5.0 and each.peak_memory_bytes > 10**6 for each in used)


def test_a_killed_server_is_a_lost_box_and_the_next_box_runs(tmp_path):
    run(malice.echo)
    server = server_pid()
    note = tmp_path / "pid"

    def kill_the_server_once_it_runs():
        if note.exists():
            os.kill(server, signal.SIGKILL)
        return False

    failure = failure_of(
        malice.sleep_through_everything,
        str(note),
        scratch=tmp_path,
        should_stop=kill_the_server_once_it_runs,
    )
    assert failure.reason == "lost"
    assert run(malice.use_threads) == 8
    assert is_gone(int(note.read_text()))


def test_boxes_die_with_the_process_that_asked_for_them(tmp_path):
    note = tmp_path / "pid"
    worker = os.fork()
    if worker == 0:
        try:
            run(malice.sleep_through_everything, str(note), scratch=tmp_path)
        finally:
            os._exit(1)
    while not (note.exists() and note.read_text()):
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    assert is_gone(int(note.read_text()))


def test_a_forked_worker_has_a_server_of_its_own():
    run(malice.echo)
    ours = server_pid()
    worker = os.fork()
    if worker == 0:
        code = 1
        try:
            run(malice.echo)
            code = 0 if server_pid() != ours else 2
            box.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == 0
    assert run(malice.use_threads) == 8
    assert server_pid() == ours


def test_a_weak_box_is_refused_unless_allowed(monkeypatch):
    monkeypatch.setenv(WITHOUT, "namespaces,landlock,seccomp")
    box.close()
    try:
        assert not box.strength().is_strong
        assert failure_of(malice.echo).reason == "weak"
        assert run(malice.use_threads, allow_weak=True) == 8
    finally:
        box.close()


def test_large_arguments_are_refused():
    with pytest.raises(ValueError, match="put large things into a file"):
        run(malice.echo, "x" * 200_000)


def is_gone(pid, seconds=5.0):
    """Return whether a process ends soon; a zombie of somebody else counts as ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("without", ["", "namespaces"], ids=["namespaces", "landlock"])
def test_boxes_work_wherever_the_code_and_its_scratch_lie(tmp_path, without):
    shutil.copytree(ROOT / "dsp", tmp_path / "a copy" / "dsp", ignore=lambda *_: {"__pycache__"})
    for name in ("old", "old/scratch", "a copy/scratch"):
        scratch = tmp_path / name
        scratch.mkdir()
        program = (
            "from dsp import box; "
            "limits = box.BoxLimits(memory_bytes=10**9, cpu_seconds=9, wall_seconds=60,"
            " file_bytes=9); "
            "print(box.run('dsp.units:db_to_amplitude', 0.0, limits=limits,"
            f" scratch={str(scratch)!r}))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path / "a copy",
            env=os.environ | {WITHOUT: without},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.stdout == "1.0\n", ran.stderr
