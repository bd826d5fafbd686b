"""How programs end: one line, and an exit code."""

from __future__ import annotations

import runpy
import sys

import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.program import EXIT_ERROR, EXIT_INTERRUPTED, told_errors
from tests.processes import run_python

PROGRAMS = ("icm_ppo", "gpu_ppo", "sb3", "self_play", "icm_ppo.film", "maker.ppo", "neuro.train")


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, told_errors():
        raise OptionError("rate must be\nat least 0")
    assert end.value.code == EXIT_ERROR
    assert capsys.readouterr().err == "error: rate must be at least 0\n"


def test_ctrl_c_has_its_own_code() -> None:
    with pytest.raises(SystemExit) as end, told_errors():
        raise KeyboardInterrupt
    assert end.value.code == EXIT_INTERRUPTED


def test_a_missing_module_names_the_extra(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, told_errors("agents"):
        raise ModuleNotFoundError("No module named 'tyro'", name="tyro")
    assert end.value.code == EXIT_ERROR
    assert "tyro is missing: pip install 'gym-mario-suite[agents]'" in capsys.readouterr().err


def test_a_console_without_a_character_shows_a_question_mark() -> None:
    program = (
        "from gym_mario_suite.program import told_errors\n"
        "with told_errors(): print('240 \\u00d7 320')"
    )
    printed = run_python(program, environment={"PYTHONIOENCODING": "ascii"}).stdout
    assert printed == "240 ? 320\n"


def test_a_fault_of_ones_own_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError), told_errors("agents"):
        raise ModuleNotFoundError("No module named 'x'", name="gym_mario_suite.x")
    with pytest.raises(ZeroDivisionError), told_errors("agents"):
        print(1 // 0)


# A program that a test has imported before is run a second time.
@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_leave_with_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each program says what is wrong with its words: code 2, and no traceback."""
    for module in ("tyro", "torch", "sb3_contrib", "pettingzoo"):
        pytest.importorskip(module)
    monkeypatch.setattr(sys, "argv", [name, "--no-such-option"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"gym_mario_suite.agents.{name}", run_name="__main__", alter_sys=True)
    assert end.value.code == EXIT_ERROR
    told = capsys.readouterr().err
    assert "no-such-option" in told or "required" in told
