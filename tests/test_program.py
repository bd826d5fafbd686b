"""How programs end: one line, and an exit code."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.program import EXIT_ERROR, EXIT_INTERRUPTED, Interruption, told_errors
from tests.processes import run_python

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PROGRAMS = ("icm_ppo", "gpu_ppo", "sb3", "self_play", "icm_ppo.film", "maker.ppo", "neuro.train")
# A program that a test has imported before is run a second time.
SECOND_RUN = pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")


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
    assert 'tyro is missing: pip install "gym-mario-suite[agents]"' in capsys.readouterr().err


def test_a_console_without_a_character_shows_a_question_mark() -> None:
    program = (
        "from gym_mario_suite.program import told_errors\n"
        "with told_errors(): print('240 \\u00d7 320')"
    )
    printed = run_python(program, environment={"PYTHONIOENCODING": "ascii"}).stdout
    assert printed == "240 ? 320\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to try")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("--version",), ("levels", "show"), ("score", "--help")])
def test_a_full_disk_is_one_line(words: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gym_mario_suite", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    # What is no result, such as the heading of `levels show`, may stand before it.
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "error: No space left on device"
    assert "Traceback" not in done.stderr


def test_a_fault_of_ones_own_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError), told_errors("agents"):
        raise ModuleNotFoundError("No module named 'x'", name="gym_mario_suite.x")
    with pytest.raises(ZeroDivisionError), told_errors("agents"):
        print(1 // 0)


@pytest.fixture
def _handlers() -> Iterator[None]:
    """As in a program of one's own: a test run in the background of a shell ignores Ctrl-C."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
def test_kill_ends_a_program_like_ctrl_c() -> None:
    with pytest.raises(SystemExit) as end, told_errors():
        signal.raise_signal(signal.SIGTERM)
    assert end.value.code == EXIT_INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


IN_A_CALLBACK = """
import ctypes, signal
from gym_mario_suite.program import told_errors

signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it

@ctypes.CFUNCTYPE(None)
def callback():
    signal.raise_signal(signal.{signal})

with told_errors():
    callback()
    raise RuntimeError("what I asked for has not come")
"""


@pytest.mark.parametrize("sent", SIGNALS)
def test_an_interruption_in_a_librarys_callback_ends_a_program_like_any(
    sent: signal.Signals,
) -> None:
    program = IN_A_CALLBACK.format(signal=sent.name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_INTERRUPTED, "", "")


def test_what_a_callback_gets_wrong_is_still_told() -> None:
    program = IN_A_CALLBACK.replace("signal.raise_signal(signal.{signal})", "1 / 0")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("RuntimeError: what I asked for has not come\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_kill_ends_forked_processes_without_a_word() -> None:
    program = (
        "import multiprocessing, time\n"
        "from gym_mario_suite.program import told_errors\n"
        "with told_errors():\n"
        "    forked = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n"
        "    forked.start(), time.sleep(0.2), forked.terminate(), forked.join(30)\n"
        "    print(forked.exitcode)"
    )
    done = run_python(program)
    assert (done.stdout, done.stderr) == ("-15\n", "")


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("sent", SIGNALS)
def test_an_interruption_asks_and_a_second_one_kills(sent: signal.Signals) -> None:
    before = signal.getsignal(sent)
    with Interruption() as interruption:
        assert not interruption.asked
        signal.raise_signal(sent)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(sent)
    assert signal.getsignal(sent) == before


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("sent", SIGNALS)
def test_an_interruption_at_once_is_remembered(sent: signal.Signals) -> None:
    with Interruption(at_once=True) as interruption:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(sent)
        assert interruption.asked


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("sent", SIGNALS)
def test_what_is_being_written_is_finished(sent: signal.Signals) -> None:
    with Interruption(at_once=True) as interruption:
        with interruption.postponed():
            signal.raise_signal(sent)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(sent)


@pytest.mark.usefixtures("_handlers")
def test_what_is_to_be_ignored_is_no_interruption() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interruption(at_once=True) as interruption:
        signal.raise_signal(signal.SIGINT)
        assert not interruption.asked


@SECOND_RUN
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "maker.ppo"])
def test_programs_are_called_as_they_are_started(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("tyro", "torch", "stable_baselines3", "pettingzoo"):
        pytest.importorskip(module)
    monkeypatch.setattr(sys, "argv", ["/somewhere/__main__.py", "--help"])
    with pytest.raises(SystemExit):
        runpy.run_module(f"gym_mario_suite.agents.{name}", run_name="__main__", alter_sys=True)
    assert f"usage: python -m gym_mario_suite.agents.{name} " in capsys.readouterr().out


def test_hints_to_install_are_for_every_shell() -> None:
    """Windows' cmd hands single quotes on to pip."""
    root = Path(__file__).parents[1]
    folders = ("gym_mario_suite", "agents", "wrappers", "docs", "benchmarks")
    files = [file for folder in folders for file in (root / folder).rglob("*.*")]
    for file in (file for file in files if file.suffix in (".py", ".md", ".ipynb")):
        assert "pip install '" not in file.read_text(encoding="utf-8"), file


@SECOND_RUN
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
