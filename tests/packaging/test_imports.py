import ast
from pathlib import Path

import pytest

from tests.processes import run_python

HEAVY = ("torch", "numba", "pygame", "stable_baselines3", "onnxruntime")
# Python's modules that Windows does not have.
POSIX_ONLY = {"curses", "fcntl", "grp", "pty", "pwd", "readline", "resource", "termios", "tty"}


@pytest.mark.parametrize("statement", ["import gym_mario_suite", "import gym_mario_suite.cli"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    program = f"import sys; {statement}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    loaded = run_python(program).stdout.split()
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
    told = run_python(program).stdout.split()
    assert told == ["False"]


def test_every_module_can_be_imported_on_windows(modules: dict[str, Path]) -> None:
    found = [
        f"{name}, line {node.lineno}"
        for name, file in sorted(modules.items())
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in (getattr(node, "module", None), *(alias.name for alias in node.names))
        if (imported or "").partition(".")[0] in POSIX_ONLY
    ]
    assert found == []
