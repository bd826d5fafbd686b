import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.competition import agent_process
from gym_mario_suite.errors import OptionError
from tests.processes import run_mario, run_python

SCORE = "14846.277691650392"  # forward-jumping, seed 0


def mario(*arguments: str):
    """The command, with an error of ours raised rather than printed."""
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


def without_compiling(stderr: str) -> str:
    """What was printed to stderr, without the line that a first run on a machine prints."""
    compiling = "gym-mario-suite: compiling"
    return "".join(line for line in stderr.splitlines(True) if not line.startswith(compiling))


def test_the_table_goes_to_stdout() -> None:
    ran = mario("score", "--agent", "forward-jumping", "--seed", "0")
    assert ran.exit_code == 0
    assert f"competition score  {SCORE}" in ran.stdout
    assert "levels cleared     9 of 40" in ran.stdout
    assert "…" not in ran.stdout
    assert without_compiling(ran.stderr) == ""


def test_quiet_prints_the_score_and_json_is_written(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    ran = mario("score", "--agent", "forward-jumping", "--quiet", "--json", str(path))
    assert ran.stdout == f"{SCORE}\n"
    value = json.loads(path.read_text(encoding="utf-8"))
    assert (value["track"], value["seed"], value["agent"]) == ("cig-2009", 0, "forward-jumping")
    assert repr(value["score"]) == SCORE
    assert len(value["levels"]) == 40


def test_a_negative_seed() -> None:
    ran = mario("score", "--agent", "scared", "--seed", "-7")
    assert "scared on cig-2009, seed -7" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent", "scarred"], "did you mean 'scared'"),
        (["--agent", "scared", "--track", "cig"], "unknown track 'cig'"),
        (["--agent", "scared", "--seed", "one"], "--seed must be a whole number, got 'one'"),
        (["--agent", "scared", "--seed", "2147483648"], "seed must be a whole number from"),
        (["--agent", "scared", "--json", "absent/folder/score.json"], "cannot write"),
        (["--agent", "scared", "--json", "/"], "cannot write"),
    ],
)
def test_wrong_arguments_are_errors_of_ours(arguments: list[str], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        mario("score", *arguments)
    assert message in str(caught.value)


def test_several_agents_and_seeds(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    agents = ["--agent", "forward", "--agent", "scared"]
    ran = mario("score", *agents, "--track", "quick", "--seed", "4,-1", "--json", str(path))
    assert ran.exit_code == 0
    found = [(run["agent"], run["seed"]) for run in json.loads(path.read_text())]
    assert found == [("forward", 4), ("forward", -1), ("scared", 4), ("scared", -1)]
    assert ran.stdout.count("levels cleared") == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume"], "--resume needs the --json FILE"),
        (["--seed", "1,1"], "names a seed twice"),
        (["--engine", "cloud"], "engine must be one of"),
        (["--address", "auto"], "--address names a Ray cluster: give --engine ray"),
        (["--jobs", "0"], "--jobs must be at least 1"),
        (["--in-process", "--jobs", "2"], "--in-process plays one level at a time"),
        (["--in-process", "--agent", "cmd:cat"], "--in-process is for Python agents"),
        (["--memory", "7"], "memory_mb must be 0 or at least 256"),
        (["--answer-limit", "0"], "answer_s must be more than 0"),
        (["--track", "learning:attempts=x"], "must be a whole number"),
        (["--agent", "no.such:Agent"], "cannot be imported: ModuleNotFoundError"),
        (["--agent", "json:Agent"], "json has no 'Agent'"),
        (["--agent", "cmd:"], "a command is missing"),
        (["--agent", "forward"], "'forward' is named twice"),
    ],
)
def test_wrong_options_are_explained(arguments: list[str], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        mario("score", "--agent", "forward", "--track", "quick", *arguments)
    assert message in str(caught.value)


def test_an_agent_that_leaves_in_this_process_loses_the_level(three: str) -> None:
    ran = mario("score", "--agent", "faulty_agents:Leaving", "--track", three, "--in-process")
    assert ran.exit_code == 0
    assert "difficulty 0, trial 1: SystemExit: 3" in ran.stdout


def test_where_no_process_can_be_watched_agents_play_in_this_one(
    three: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_process, "CAN_ISOLATE", False)  # as on Windows
    here = mario("score", "--agent", "faulty_agents:Fine", "--track", three)
    assert here.exit_code == 0
    assert "agents play in this one, without limits of time and memory" in here.stderr
    assert "levels cleared" in here.stdout
    for arguments in (["--jobs", "2"], ["--isolated"], ["--agent", "cmd:git"]):
        with pytest.raises(OptionError, match=r"need Linux or macOS .* --in-process"):
            mario("score", "--agent", "faulty_agents:Fine", "--track", three, *arguments)


def test_the_reason_of_a_fault_is_in_the_table(three: str) -> None:
    ran = mario("score", "--agent", "faulty_agents:Raising", "--track", three, "--in-process")
    assert ran.exit_code == 0
    assert "fault" in ran.stdout
    assert "1 levels lost by faults of the agent:" in ran.stdout
    assert r"difficulty 0, trial 1: 'RuntimeError: lost my \x1b[31mway'" in ran.stdout


def test_an_agent_is_required() -> None:
    assert mario("score").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "stdout", "stderr"),
    [
        (["score", "--agent", "forward-jumping", "--quiet"], 0, f"{SCORE}\n", ""),
        (
            ["score", "--agent", "forward", "--seed", "1e3"],
            2,
            "",
            "error: --seed must be a whole number, got '1e3'\n",
        ),
    ],
)
def test_exit_codes(arguments: list[str], code: int, stdout: str, stderr: str) -> None:
    ran = run_mario(*arguments)
    assert (ran.returncode, ran.stdout, without_compiling(ran.stderr)) == (code, stdout, stderr)


def test_help_loads_no_numba() -> None:
    program = (
        "import sys; from gym_mario_suite import cli\n"
        "try: cli.main(['score', '--help'])\n"
        "except SystemExit: print('numba' in sys.modules)"
    )
    ran = run_python(program)
    assert "forward-jumping" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "False"
