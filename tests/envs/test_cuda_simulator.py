"""The device's environment in numba's simulator: launches, grids, indices, copies to and fro."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda is not installed: the extra `gpu`")

_REPOSITORY = Path(__file__).resolve().parents[2]


def simulate(*games: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.envs.simulated_games", *games],
        cwd=_REPOSITORY,
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_worlds_and_games_are_those_of_the_cpu() -> None:
    lines = simulate("NEXT_STEP,grid,8")
    assert [line.split()[0] for line in lines] == ["worlds", "NEXT_STEP"]


@pytest.mark.slow
def test_every_mode_and_kind_of_level() -> None:
    games = (
        "SAME_STEP,features,0",
        "DISABLED,channels,8",
        "SAME_STEP,gray84,3",
        "NEXT_STEP,terrain,0",
    )
    assert len(simulate(*games)) == 1 + len(games)
