"""The gate of a release: two engines on the same audio, each in its own process."""

import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dsp.settings import ENGINE_VERSION
from mastering.management.engines import (
    TOLERANCES,
    Tolerances,
    _extract,
    _flat,
    cases_in,
    check_out,
    compare,
    read_tolerances,
    table,
)
from tests.reports import REPORT

ROOT = Path(__file__).parent.parent.parent
FREE = Tolerances(ignored=("*.engine",), patterns=(("out.*_lufs", 0.1), ("*", 0.0)))

# Stands where an engine is: masters by copying, and tells what it was made to tell.
PLAYED = """
import json, shutil, sys
from pathlib import Path
from typing import Any
if sys.argv[1:] == ["--version"]:
    print("{version}")
else:
    told = dict(zip(sys.argv[1::1], sys.argv[2::1]))
    shutil.copy(sys.argv[2], told["-o"])
    Path(told["-o"]).open("ab").write(b"{sound}")
    Path(told["--report"]).write_text(json.dumps({{"peak_db": {peak}, "engine": "{version}"}}))
"""


def played(folder: Path, *, version: str, peak: float, sound: str = "") -> str:
    package = folder / "dsp"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    text = PLAYED.format(version=version, peak=peak, sound=sound)
    (package / "__main__.py").write_text(text)
    return str(folder)


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    """Return a folder with one pair, and leave the made songs and the ruler out."""
    pair = tmp_path / "pairs" / "a song"
    pair.mkdir(parents=True)
    for name in ("mix.wav", "reference.flac", "notes.txt"):
        (pair / name).write_bytes(b"audio")
    monkeypatch.setattr(
        "mastering.management.commands.engine_compare.golden_set", lambda *_, **__: []
    )
    monkeypatch.setattr("dsp.jobs.measure_file", lambda _: {"integrated_lufs": -9.0})
    return pair.parent


def test_what_moved_within_its_tolerance_passes(tmp_path, pairs, capsys):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    new = played(tmp_path / "new", version="1.1.0", peak=1.25, sound="other")
    call_command("engine_compare", old, new, folder=pairs)
    told = capsys.readouterr().out
    assert "1 cases; 1 masters have other samples." in told
    assert "report.peak_db" in told
    assert "+0.250" in told
    assert "Nothing moved further than it may." in told


def test_what_moved_further_blocks_the_release(tmp_path, pairs, capsys):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    new = played(tmp_path / "new", version="1.1.0", peak=3.0, sound="other")
    with pytest.raises(SystemExit) as end:
        call_command("engine_compare", old, new, folder=pairs)
    assert end.value.code == 1
    told = capsys.readouterr().out
    assert "PAST" in told
    assert "1 measures moved further than they may." in told


def test_other_samples_under_the_same_version_block_it_too(tmp_path, pairs, capsys):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    new = played(tmp_path / "new", version="1.0.0", peak=1.0, sound="other")
    with pytest.raises(SystemExit):
        call_command("engine_compare", old, new, folder=pairs)
    assert "Both call themselves 1.0.0, and make other samples." in capsys.readouterr().out


def test_the_same_engine_twice_moves_nothing(tmp_path, pairs, capsys):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    call_command("engine_compare", old, old, folder=pairs)
    assert "0 masters have other samples" in capsys.readouterr().out


def test_each_case_is_told_as_it_ends_apart_from_what_was_found(tmp_path, pairs, capsys):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    new = played(tmp_path / "new", version="1.1.0", peak=1.25)
    shutil.copytree(pairs / "a song", pairs / "b song")
    call_command("engine_compare", old, new, folder=pairs)
    told = capsys.readouterr()
    ahead, first, second, page = told.err.splitlines()
    assert ahead.startswith("First both engines are compiled")
    assert first.startswith("1 of 2, a song: 1 measures moved, 0 further than they may; ")
    assert second.startswith("2 of 2, b song: ")
    assert page.endswith("engines/pages/1.0.0-to-1.1.0.md.")
    assert "1 of 2" not in told.out


@pytest.mark.parametrize("is_named", [False, True], ids=["by default", "named"])
def test_a_comparison_is_kept_as_a_page_also_of_what_is_blocked(
    tmp_path, pairs, settings, capsys, is_named
):
    settings.DATA_DIR = tmp_path / "data"
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    new = played(tmp_path / "new", version="1.1.0", peak=3.0)
    page = tmp_path / "pages" / "mine.md" if is_named else None
    with pytest.raises(SystemExit):
        call_command("engine_compare", old, new, folder=pairs, page=page)
    kept = page or tmp_path / "data" / "engines" / "pages" / "1.0.0-to-1.1.0.md"
    told = kept.read_text()
    assert told.startswith("# Engine 1.0.0 beside 1.1.0\n\n")
    assert "+2.000" in told
    verdict, cases, past, within = (
        told.index(part)
        for part in (
            "1 measures moved further than they may.",
            "| a song | the same | 1 | 1 |",
            "## Further than they may",
            "## Within what they may\n\nNone.",
        )
    )
    assert verdict < cases < past < told.index("+2.000") < within
    assert "+2.000" in capsys.readouterr().out


def test_a_page_that_cannot_be_is_told_before_the_long_work(tmp_path, pairs):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    (tmp_path / "file").touch()
    for page in (tmp_path, tmp_path / "file" / "page.md"):
        with pytest.raises(CommandError, match="There can be no page"):
            call_command("engine_compare", old, old, folder=pairs, page=page)
    assert not list(tmp_path.rglob("report.json"))


def test_what_is_no_folder_of_pairs_and_no_time_is_told(tmp_path, pairs):
    old = played(tmp_path / "old", version="1.0.0", peak=1.0)
    for folder in (tmp_path / "nowhere", pairs / "a song" / "notes.txt"):
        with pytest.raises(CommandError, match="is no folder"):
            call_command("engine_compare", old, folder=folder)
    with pytest.raises(CommandError, match="more than 0"):
        call_command("engine_compare", old, seconds=-5.0)


@pytest.mark.parametrize("name", ["out.fingerprint", "report.verdict.limiting_letter"])
def test_what_is_no_measure_blocks_nothing(name):
    assert list(compare("a song", {name: "A"}, {name: "B"}, read_tolerances(TOLERANCES))) == []


def test_an_engine_that_never_ends_is_told_with_what_to_do(tmp_path, monkeypatch):
    slow = played(tmp_path / "old", version="1.0.0", peak=1.0)
    (Path(slow) / "dsp" / "__main__.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr("mastering.management.engines.SLOWEST_SECONDS", 0.5)
    with pytest.raises(CommandError, match="Compare again when the machine has less to do") as told:
        call_command("engine_compare", slow, slow)
    assert f"PYTHONPATH={slow} " in str(told.value)
    assert str(told.value).endswith("-P -m dsp --version")


def test_an_engine_that_cannot_tell_its_version_is_told_with_what_to_do(tmp_path):
    broken = played(tmp_path / "old", version="1.0.0", peak=1.0)
    (Path(broken) / "dsp" / "__main__.py").write_text("import no_such_package\n")
    with pytest.raises(CommandError, match="No module named 'no_such_package'") as told:
        call_command("engine_compare", broken, broken)
    assert "Try it alone: PYTHONPATH=" in str(told.value)


def test_code_is_unpacked_whole_or_not_at_all(tmp_path, monkeypatch):
    """What a killed comparison leaves would be taken for the whole engine by the next one."""
    played(tmp_path / "old", version="1.0.0", peak=1.0)
    packed, tree = io.BytesIO(), tmp_path / "engines" / "1" / "code"
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(tmp_path / "old" / "dsp", "dsp")
    whole = tarfile.TarFile.extractall

    def killed(archive: tarfile.TarFile, path: Path, **options: Any) -> None:
        whole(archive, path, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tarfile.TarFile.extractall", killed)
        with pytest.raises(KeyboardInterrupt):
            _extract(packed.getvalue(), tree)
    assert not tree.exists()
    _extract(packed.getvalue(), tree)
    assert (tree / "dsp" / "__main__.py").is_file()


def test_an_engine_that_fails_is_told(tmp_path, pairs):
    broken = played(tmp_path / "old", version="1.0.0", peak=1.0)
    program = Path(broken) / "dsp" / "__main__.py"
    program.write_text(program.read_text().replace("else:", "else:\n    sys.exit('no memory')"))
    with pytest.raises(CommandError, match="no memory"):
        call_command("engine_compare", broken, broken, folder=pairs)


def test_what_is_no_engine_is_refused():
    with pytest.raises(CommandError, match="neither a folder with an engine nor a version in git"):
        check_out("no-such-version")


def test_tolerances_that_are_none_are_refused(tmp_path):
    (tmp_path / "t.toml").write_text("tolerances = 5")
    with pytest.raises(CommandError, match="holds no tolerances"):
        read_tolerances(tmp_path / "t.toml")
    with pytest.raises(CommandError, match="holds no tolerances"):
        read_tolerances(tmp_path / "none.toml")


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(CommandError, match="no folder with a mix and a reference"):
        cases_in(tmp_path)


def test_a_pair_of_which_a_half_is_missing_is_told_and_not_left_out(pairs):
    (pairs / "a song" / "reference.flac").unlink()
    with pytest.raises(CommandError, match="a song has no reference in it"):
        cases_in(pairs)


def test_every_number_of_a_report_has_a_tolerance_or_is_left_out_on_purpose():
    tolerances = read_tolerances(TOLERANCES)
    measures = dict(_flat({"report": REPORT}))
    assert len(measures) > 100
    loose = [
        name
        for name, value in measures.items()
        if isinstance(value, float) and tolerances.of(name) == 0.0
    ]
    assert loose == []


def test_measures_are_named_by_what_they_are_of():
    told = dict(_flat({"numbers": [{"key": "plr_db", "after": 8.4}], "curve": [1, 2.0], "n": []}))
    assert told == {
        "numbers.plr_db.key": "plr_db",
        "numbers.plr_db.after": 8.4,
        "curve": [1, 2.0],
        "n": [],
    }


def test_words_that_differ_are_past_and_lists_move_by_their_farthest():
    old = {"verdict": "closer", "curve": [0.0, 1.0, 2.0], "x.engine": "1", "gone": 1.0}
    new = {"verdict": "away", "curve": [0.0, 1.5, 1.0], "x.engine": "2"}
    words, curve, gone = compare("a", old, new, FREE)
    assert (words.by, words.is_past) == (None, True)
    assert curve.by == -1.0
    assert (gone.new, gone.is_past) == (None, True)
    assert "differs" in table([words])


@pytest.mark.slow
def test_the_engine_at_hand_runs_apart_and_agrees_with_itself(tmp_path):
    shutil.copytree(ROOT / "dsp", tmp_path / "copy" / "dsp")
    (here, copy) = check_out(str(ROOT)), check_out(str(tmp_path / "copy"))
    assert here.version == copy.version == ENGINE_VERSION
    assert here.tree != copy.tree
