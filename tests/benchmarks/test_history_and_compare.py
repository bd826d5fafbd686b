import io
import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from rich.console import Console

import benchmarks.__main__ as benchmarks_main
from benchmarks import compare, history
from benchmarks.measure import Metric


def metrics(value: float) -> list[Metric]:
    return [Metric(name="steps", value=value, unit="1/s"), Metric(name="wait", value=2.0, unit="s")]


def test_runs_are_appended_and_compared_with_the_last_alike(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert history.read(path) == []
    first, before = history.record("engine", metrics(100.0), True, path)
    assert before is None
    assert first["commit"]
    assert first["processor"]
    history.record("other", metrics(1.0), True, path)
    history.record("engine", metrics(1.0), False, path)  # not quick: not alike
    second, before = history.record("engine", metrics(150.0), True, path)
    assert before == first
    assert history.changes(second, first)[0].startswith("steps: 1.500 of ")
    assert [each["benchmark"] for each in history.read(path)] == ["engine", "other"] + [
        "engine"
    ] * 2
    for line in path.read_text().splitlines():
        json.loads(line)


def test_a_figure_measured_once_is_shown_without_a_range() -> None:
    shown = io.StringIO()
    benchmarks_main.show(metrics(100.0), Console(file=shown, width=200), {})
    assert "nan" not in shown.getvalue()
    assert "100" in shown.getvalue()


def test_the_command_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    monkeypatch.setattr(history, "FILE", path)

    fake = types.ModuleType("benchmarks.engine")
    fake.__dict__["run"] = lambda quick: metrics(3.0 if quick else 4.0)
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "engine", "--quick", "--record"])
    with pytest.raises(SystemExit) as stopped:
        benchmarks_main.program()
    assert stopped.value.code == 0
    (entry,) = history.read(path)
    assert entry["figures"]["steps"]["value"] == 3.0
    assert entry["quick"] is True


def figures(steps: float, wait: float) -> compare.Figures:
    return {"steps": (steps, "higher"), "wait": (wait, "lower")}


def test_ratios_are_taken_pair_by_pair() -> None:
    # The machine gets slower and slower; B is always 10 % faster.
    speeds = (100.0, 80.0, 60.0, 40.0)
    a = [figures(speed, 1 / speed) for speed in speeds]
    b = [figures(1.1 * speed, 1 / (1.1 * speed)) for speed in speeds]
    steps, wait = compare.ratios(a, b)
    assert steps.ratio == pytest.approx(1.1)
    assert (steps.low, steps.high) == (pytest.approx(1.1), pytest.approx(1.1))
    assert steps.verdict == "B is better"
    assert wait.verdict == "B is better"
    assert compare.ratios(b, a)[0].verdict == "A is better"


def test_noise_is_no_difference() -> None:
    a = [figures(x, 1.0) for x in (100, 104, 97, 102)]
    b = [figures(x, 1.0) for x in (103, 99, 101, 100)]
    assert compare.ratios(a, b)[0].verdict == "no difference seen"


def test_metrics_that_one_commit_lacks_are_left_out() -> None:
    new = {**figures(1.0, 1.0), "fresh": (1.0, "higher")}
    assert [r.name for r in compare.ratios([figures(1, 1)] * 2, [new] * 2)] == ["steps", "wait"]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture
def two_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose benchmark says 100 in its first commit and 120 in its second."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "repository"
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "benchmarks" / "__init__.py").touch()
    program = (
        "import json, pathlib, sys\n"
        "assert sys.argv[1:3] == ['toy', '--json'] and '--quick' in sys.argv\n"
        "rows = [{'name': 'steps', 'value': %d, 'better': 'higher'}, {'name': 'machine'}]\n"
        "pathlib.Path(sys.argv[3]).write_text(json.dumps(rows))\n"
    )
    git(tmp_path, "init", "-q", str(folder))
    for speed in (100, 120):
        (folder / "benchmarks" / "__main__.py").write_text(program % speed)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"speed {speed}")
    monkeypatch.setattr(compare, "REPOSITORY", folder)
    return folder


def test_two_commits_are_checked_out_and_measured(two_commits: Path) -> None:
    told: list[str] = []
    (steps,) = compare.compare("HEAD~1", "HEAD", "toy", pairs=2, tell=told.append)
    assert (steps.a, steps.b, steps.ratio) == (100, 120, 1.2)
    assert told[2:] == [
        "pair 1 of 2: HEAD~1",
        "pair 1 of 2: HEAD",
        "pair 2 of 2: HEAD",
        "pair 2 of 2: HEAD~1",
    ]
    assert len(git(two_commits, "worktree", "list").splitlines()) == 1, "worktrees were left"


@pytest.mark.usefixtures("two_commits")
def test_what_cannot_be_compared_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(compare.CompareError, match="no-such-commit"):
        compare.compare("no-such-commit", "HEAD", "toy")
    with pytest.raises(compare.CompareError, match="AssertionError"):
        compare.compare("HEAD~1", "HEAD", "other")
    with pytest.raises(compare.CompareError, match="2 or more"):
        compare.compare("HEAD~1", "HEAD", "toy", pairs=1)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "compare", "nothing", "HEAD"])
    with pytest.raises(SystemExit) as stopped:
        benchmarks_main.program()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("error: git worktree add")
