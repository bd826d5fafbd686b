"""The engine as plain Python: the same tests, with nothing compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_plain(report: Path, *arguments: str) -> dict[str, bool]:
    """Run tests with nothing compiled; by name of each compiled function whether it was called."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"),
            *("-p", "tests.engine.plain_python", *arguments),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLAIN_PYTHON_REPORT": str(report)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    return json.loads(report.read_text(encoding="utf-8"))


def test_the_original_is_played_in_plain_python_too(tmp_path: Path) -> None:
    """A recorded episode, tick for tick, by the very functions that are compiled otherwise."""
    called = run_plain(
        tmp_path / "report.json", "tests/engine/test_game.py", "-k", "whole_episode or ticks"
    )
    assert len(called) > 150
    assert called["gym_mario_suite.engine.tick.tick"]
    assert called["gym_mario_suite.engine.game.tick_worlds"]


@pytest.mark.slow
def test_compiled_functions_run_as_plain_python(tmp_path: Path) -> None:
    """Every compiled function of the package is called as plain Python at least once.

    Those of devices are not imported here; `tests/envs/test_cuda_simulator.py` runs them in numba's
    simulator of a device, which is plain Python.
    """
    called: dict[str, bool] = {}
    for number, tests in enumerate(
        (
            ("tests/engine/plain_python_cases.py", "tests/engine/plain_python_rooms.py"),
            ("tests/engine/test_meetings.py",),
            ("tests/engine/test_game.py", "tests/multiplayer/test_worlds.py", "-k", "not same"),
            ("tests/engine/test_traces_2019.py", "-k", "test_trace and (2-lab or 4-lab or 5-lab)"),
            ("tests/engine/test_draw.py", "-k", "(effects_show or test_camera) and not 152"),
            ("tests/levels/test_solver.py", "tests/engine/search", "-k", "not planner"),
            ("tests/nes/test_terrain.py", "-k", "not real_games and not vector"),
            ("tests/nes/test_picture.py", "tests/wrappers/test_frames.py", "-k", "white or crop"),
        )
    ):
        for name, one in run_plain(tmp_path / f"{number}.json", *tests).items():
            called[name] = called.get(name, False) or one
    own = {name: one for name, one in called.items() if name.startswith("gym_mario_suite.")}
    assert len(own) > 340
    idle = sorted(name for name, one in own.items() if not one)
    assert not idle, idle
