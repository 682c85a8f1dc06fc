"""The page of results: a figure against its bar, a section for each run, the newest of each."""

from pathlib import Path

from bench.results import Verdict, keep, section


def told(name: str, milliseconds: float) -> str:
    verdict = Verdict()
    verdict.at_most("p95", milliseconds, 300, " ms")
    verdict.told("requests", "12")
    return section(name, "What is done.", verdict, "python -m bench", load_before=0.5)


def test_a_run_says_which_figures_miss_their_bars():
    assert told("L1, embedded", 300).startswith("## L1, embedded: holds\n")
    missed = told("L1, embedded", 301)
    assert missed.startswith("## L1, embedded: does not hold: p95\n")
    assert "| p95 | 301 ms | ≤ 300 ms | **does not** |" in missed


def test_the_page_keeps_the_newest_run_of_each_name(tmp_path: Path):
    page = tmp_path / "RESULTS.md"
    for run in (told("L2, scaled", 1), told("L1, embedded", 301), told("L1, embedded", 299)):
        keep(run, page)
    kept = page.read_text()
    assert kept.startswith("# ")
    assert [line for line in kept.splitlines() if line.startswith("## ")] == [
        "## L1, embedded: holds",
        "## L2, scaled: holds",
    ]
