from pathlib import Path

import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.text import LEGEND, level_text
from tests.processes import run_mario


def mario(*arguments: str):
    """The command, with an error of ours raised rather than printed."""
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


def test_show_prints_the_level_under_its_parameters() -> None:
    ran = mario(
        "levels", "show", "--seed", "7", "--difficulty", "3", "--type", "1", "--length", "90"
    )
    level = generate(7, 3, 1, 90)
    header = f"seed 7, difficulty 3, type 1, length 90, exit at column {level.x_exit}"
    assert ran.stderr.endswith(f"{header}\n")
    assert ran.stdout == level_text(level) + "\n"
    assert ran.exit_code == 0


def test_what_show_prints_is_a_level_file(tmp_path: Path) -> None:
    shown = tmp_path / "shown.txt"
    shown.write_text(mario("levels", "show", "--seed", "7").stdout)
    checked = mario("levels", "check", str(shown))
    assert (checked.exit_code, checked.stdout[:15]) == (0, "level   320x15,")


def test_show_with_legend_and_a_negative_seed() -> None:
    ran = mario("levels", "show", "--seed", "-1", "--legend")
    assert "seed -1, difficulty 0, type 0, length 320, " in ran.stderr
    assert ran.stderr.endswith(f"\n{LEGEND}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "x"], "--seed must be a whole number, got 'x'"),
        (["--seed", str(2**63)], "seed must be a whole number from"),
        (["--length", "0"], "length must be a whole number from 1 to"),
        (["--difficulty", str(2**31 - 1)], "overflows the generator"),
    ],
)
def test_wrong_arguments_are_errors_of_ours(arguments: list[str], message: str) -> None:
    with pytest.raises(MarioError) as caught:
        mario("levels", "show", *arguments)
    assert message in str(caught.value)


def test_an_error_is_one_line_and_exit_code_2() -> None:
    ran = run_mario("levels", "show", "--length", 0)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines()[-1].startswith("error: length must be a whole number")
    assert "Traceback" not in ran.stderr
