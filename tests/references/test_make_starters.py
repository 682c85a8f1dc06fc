"""What is refused before starters are made, in one sentence."""

import pytest
from django.core.management import CommandError, call_command

from references.services.starters import STARTERS

COLUMNS = "id\tgenre\ttitle\tartist\tlicence\tpackage\tversion\tpath\n"


@pytest.fixture
def sources(tmp_path):
    """Return a table of two tracks for the first starter, whose files are no audio."""
    genre = next(iter(STARTERS.values())).genres[0]
    table = tmp_path / "music.tsv"
    row = f"{genre}\tA\tB\tCC0\tp\t1\tp.wav\n"
    table.write_text(COLUMNS + f"one\t{row}two\t{row}")
    for name in ("one", "two"):
        (tmp_path / f"{name}.wav").write_text("no audio")
    return table


@pytest.mark.parametrize("jobs", [0, -1])
def test_too_few_jobs_are_refused(tmp_path, sources, jobs):
    with pytest.raises(CommandError, match="--jobs must be 1 or more"):
        call_command("make_starters", tmp_path, sources, jobs=jobs)


def test_a_missing_folder_is_refused(tmp_path, sources):
    with pytest.raises(CommandError, match="gone is no folder"):
        call_command("make_starters", tmp_path / "gone", sources)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read as a table"),
        (b"\xff\xfe\x00", "cannot be read as a table"),
        (b"", "has no column artist and no genre and no id"),
        (COLUMNS.replace("licence", "law").encode(), r"has no column licence\."),
        (COLUMNS.encode(), "fewer than two tracks of"),
    ],
)
def test_a_table_without_what_is_needed_is_refused(tmp_path, content, told):
    table = tmp_path / "music.tsv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(CommandError, match=told):
        call_command("make_starters", tmp_path, table)


def test_a_track_that_is_no_audio_is_named(tmp_path, sources):
    with pytest.raises(CommandError, match=r"one\.wav cannot be measured: [a-z_]+$"):
        call_command("make_starters", tmp_path, sources)
