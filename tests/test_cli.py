import sys
import types

import pytest
import typer

import gym_mario_suite
from gym_mario_suite import cli
from gym_mario_suite.errors import MarioError
from tests.processes import run_mario


class LevelMissingError(MarioError):
    pass


@pytest.fixture
def lazy_module(monkeypatch: pytest.MonkeyPatch) -> str:
    """A row `rooms` with the commands good, bad, interrupted, in a module of its own."""
    app = typer.Typer()

    @app.command()
    def good() -> None:
        print("done")

    @app.command()
    def bad() -> None:
        raise LevelMissingError("no level 7\nin this folder")

    @app.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    module = types.ModuleType("rooms_for_test")
    module.__dict__["app"] = app
    monkeypatch.setitem(sys.modules, module.__name__, module)
    row = cli.Command(name="rooms", app=f"{module.__name__}:app", help="Open a room.")
    absent = cli.Command(name="absent", app="no_such_module:app", help="Never imported.")
    monkeypatch.setattr(cli, "COMMANDS", (row, absent))
    return row.name


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"gym-mario-suite {gym_mario_suite.__version__}\n"


def test_help_lists_commands_without_importing_them(
    lazy_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("--help") == 0
    text = capsys.readouterr().out
    assert lazy_module in text
    assert "Open a room." in text
    assert "Never imported." in text


def test_a_command_runs_from_its_module(
    lazy_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(lazy_module, "good") == 0
    assert capsys.readouterr().out == "done\n"


def test_an_error_of_ours_is_one_line(lazy_module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lazy_module, "bad") == 2
    assert capsys.readouterr().err == "error: no level 7 in this folder\n"


def test_ctrl_c_is_quiet(lazy_module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lazy_module, "interrupted") == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("lazy_module")
def test_a_misspelt_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("room") == 2
    assert "rooms" in capsys.readouterr().err


@pytest.mark.parametrize("row", cli.COMMANDS, ids=lambda row: row.name)
def test_every_row_of_the_table_loads(row: cli.Command) -> None:
    assert row.load().name == row.name.split()[-1]


def test_the_package_runs_as_a_module() -> None:
    ran = run_mario("--version")
    assert ran.returncode == 0
    assert ran.stdout == f"gym-mario-suite {gym_mario_suite.__version__}\n"


def test_a_row_of_two_words_is_in_the_group_of_the_first(
    lazy_module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def inner(number: int) -> None:
        print(number + 1)

    module = types.ModuleType("inner_for_test")
    module.__dict__["app"] = app
    monkeypatch.setitem(sys.modules, module.__name__, module)
    row = cli.Command(name="rooms inner", app=f"{module.__name__}:app", help="Far inside.")
    gone = cli.Command(name="rooms gone", app="no_such_module:app", help="Never imported.")
    monkeypatch.setattr(cli, "COMMANDS", (*cli.COMMANDS, row, gone))
    assert exit_code("rooms", "inner", "41") == 0
    assert capsys.readouterr().out == "42\n"
    assert exit_code("rooms", "--help") == 0
    assert "Never imported." in capsys.readouterr().out
    assert exit_code("--help") == 0
    assert "Far inside." not in capsys.readouterr().out
