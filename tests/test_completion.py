"""What the shell offers after `mario ...`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from gym_mario_suite import cli
from gym_mario_suite.agents.registry import AGENTS
from gym_mario_suite.completion import words
from gym_mario_suite.levels.format_names import FORMAT_NAMES
from gym_mario_suite.levels.formats import FORMATS
from gym_mario_suite.levels.generators import GENERATORS
from gym_mario_suite.nes.backend import BACKEND_NAMES
from gym_mario_suite.play.nes_commands import Backend
from tests.processes import run_python

HEAVY = ("torch", "pygame", "onnxruntime", "stable_baselines3", "matplotlib")


def environment(*typed: str) -> dict[str, str]:
    """What bash sets for a command line whose last word is not finished."""
    words_typed = " ".join(("mario", *typed))
    return {
        "_MARIO_COMPLETE": "complete_bash",
        "COMP_WORDS": words_typed,
        "COMP_CWORD": str(len(typed)),
    }


def test_words_are_those_that_begin_so() -> None:
    assert words(("astar", "forward", "astar-world"))("as") == ["astar", "astar-world"]
    assert words(())("x") == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("doc",), {"doctor"}),
        (("levels", "con"), {"convert"}),
        (("levels", "tr"), {"train"}),
        (("levels", "train", "va"), {"vae"}),
        (("score", "--strict"), {"--strict-time"}),
        (("score", "--agent", "forward"), {"forward", "forward-jumping"}),
        (("score", "--track", "ci"), {"cig-2009"}),
        (("watch", "--agent", "ppo"), {"ppo-infinite"}),
        (("record", "nes", "--agent", "nes"), {"nes-search"}),
        (("play", "nes", "--stage", "8-"), {"8-1", "8-2", "8-3", "8-4"}),
        (("play", "race", "--p2", "race"), {"race-ppo"}),
        (("levels", "convert", "--to", "matrix"), {n for n in FORMAT_NAMES if "matrix" in n}),
        (("levels", "generate", "--generator", "tile"), {g for g in GENERATORS if "tile" in g}),
        (("levels", "score", "w"), {"wfc"}),
        (("dream", "train", "--model", "up"), {"upsampler"}),
    ],
)
def test_names_are_offered(
    typed: tuple[str, ...],
    offered: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment(*typed).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        cli.app(prog_name="mario")
    assert stopped.value.code == 0
    assert set(capsys.readouterr().out.split()) == offered


def test_the_names_of_formats_are_the_formats() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


def test_the_names_of_emulators_are_those_of_the_help() -> None:
    (option,) = get_args(Backend)[1:]
    assert tuple(option.autocompletion("")) == BACKEND_NAMES


@pytest.mark.parametrize("typed", [("score", "--agent", "a"), ("levels", "generate", "-g", "t")])
def test_completion_imports_nothing_that_is_slow(typed: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom gym_mario_suite.cli import app\n"
        "try:\n    app(prog_name='mario')\nexcept SystemExit:\n    pass\n"
        f"print('\\nloaded:', *(m for m in {HEAVY!r} if m in sys.modules))"
    )
    begin = os.times().children_user
    ran = run_python(program, environment=environment(*typed))
    assert ran.stdout.splitlines()[-1] == "loaded:"
    # Some 0.4 s of a processor's time; the limit allows for slower ones.
    assert os.times().children_user - begin < 1.5


@pytest.mark.parametrize(
    ("shell", "marks"),
    [
        ("bash", ("complete -o default", "complete_bash")),
        ("zsh", ("#compdef mario", "complete_zsh")),
        ("fish", ("complete --command mario", "complete_fish")),
    ],
)
def test_scripts_for_shells(shell: str, marks: tuple[str, ...]) -> None:
    ran = run_python(
        "from gym_mario_suite.cli import app; app(prog_name='mario')",
        environment={"_MARIO_COMPLETE": f"source_{shell}"},
    )
    for mark in marks:
        assert mark in ran.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(tmp_path: Path) -> None:
    """The script is sourced by a bash, whose completion function is called as on a Tab."""
    mario = tmp_path / "mario"
    mario.write_text(f"#!{sys.executable}\nfrom gym_mario_suite.cli import main\nmain()\n")
    mario.chmod(0o755)
    program = """
    source <(_MARIO_COMPLETE=source_bash mario)
    complete -p mario
    COMP_WORDS=(mario score --agent forward-); COMP_CWORD=3
    _mario_completion mario
    printf 'offered %s\\n' "${COMPREPLY[@]}"
    """
    ran = subprocess.run(
        ["bash", "--norc", "-c", program],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "-F _mario_completion mario" in ran.stdout
    offered = [line.removeprefix("offered ") for line in ran.stdout.splitlines()[1:]]
    assert offered == [name for name in AGENTS if name.startswith("forward-")]
