import subprocess
import sys

import pytest

HEAVY = ("torch", "numba", "pygame", "stable_baselines3", "onnxruntime")


@pytest.mark.parametrize("statement", ["import gym_mario_suite", "import gym_mario_suite.cli"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    program = f"import sys; {statement}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert loaded == [], f"`{statement}` loads {', '.join(loaded)}"
