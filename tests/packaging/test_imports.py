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


def test_a_dream_begins_without_the_compiler() -> None:
    """It takes a second and some 60 MB to import, and the built-in spawns need none of it."""
    pytest.importorskip("onnxruntime")
    program = """
import sys
import gymnasium as gym
import gym_mario_suite
env = gym.make("MarioDream-v0")
env.reset(seed=0)
env.step(1)
print("numba" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert told == ["False"]
