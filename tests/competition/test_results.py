import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.competition.plays import LAST_ANSWER
from gym_mario_suite.competition.results import checksum, load_results
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.errors import OptionError
from tests.processes import run_mario


def mario(*arguments: str):
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results.json and its replays."""
    folder = tmp_path_factory.mktemp("submission")
    ran = mario(
        *("score", "--agent", "ellingsen", "--track", "quick", "--quiet"),
        *("--json", str(folder / "results.json"), "--replays", str(folder / "replays")),
    )
    assert ran.exit_code == 0
    return folder


@pytest.fixture
def forged(submission: Path, tmp_path: Path):
    """Writes a changed copy of the results; the checksum is made right if it is wanted."""

    def forge(change, seal: bool = True) -> str:
        value = copy.deepcopy(json.loads((submission / "results.json").read_text()))
        changed = change(value)
        value = value if changed is None else changed
        if seal and isinstance(value, dict):
            value["checksum"] = checksum(value)
        path = tmp_path / "forged.json"
        path.write_text(json.dumps(value))
        return str(path)

    return forge


def test_the_results_say_where_they_come_from(submission: Path) -> None:
    (run,) = load_results(submission / "results.json")
    assert run["format"] == "gym-mario-suite results 1"
    assert run["agent_version"] == run["machine"]["gym_mario_suite"]
    assert run["machine"]["cores"] >= 1
    assert run["disqualified"] is None
    assert run["levels_failed"] == 0
    assert sum(run["ms_per_step"]["histogram"].values()) == sum(
        level["ticks"] for level in run["levels"]
    )
    for level in run["levels"]:
        replay = Replay.load(submission / "replays" / level["replay"])
        assert replay.hashes[-1].hex() == level["replay_hash"]
        assert level["exit_px"] > level["distance"] or level["status"] == 1


def test_times_of_levels_and_of_the_run_agree(submission: Path) -> None:
    (run,) = load_results(submission / "results.json")
    whole, levels = run["ms_per_step"], run["levels"]
    total_ms = sum(level["ms_per_step"]["mean"] * level["ticks"] for level in levels)
    assert total_ms / sum(level["ticks"] for level in levels) == pytest.approx(whole["mean"])
    assert max(level["ms_per_step"]["max"] for level in levels) == whole["max"]
    # A bin is known by its lower edge, and ten bins lie between 1 ms and 10 ms.
    last = max(float(edge) for edge in whole["histogram"])
    assert last * 0.999 <= whole["max"] <= last * 10**0.1 * 1.001


def test_the_checksum_does_not_hang_on_the_order_of_the_parts(submission: Path) -> None:
    (run,) = load_results(submission / "results.json")
    assert checksum(dict(reversed(run.items()))) == run["checksum"]


def test_true_results_are_verified(submission: Path) -> None:
    ran = mario("verify", str(submission / "results.json"))
    assert ran.exit_code == 0
    assert re.fullmatch(r"ellingsen on quick, seed 0: verified, score .*, 4 levels\n", ran.stdout)


def level_change(name: str, value: Any):
    def change(run: dict[str, Any]) -> None:
        run["levels"][1][name] = value

    return change


def run_change(name: str, value: Any):
    def change(run: dict[str, Any]) -> None:
        run[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (level_change("distance", 2000.5), "difficulty 3, trial 0: distance is "),
        (level_change("status", 2), "difficulty 3, trial 0: status is "),
        (level_change("time_left", 59), "time_left is "),
        (level_change("kills", 40), "kills is "),
        (level_change("ticks", 1), "ticks is "),
        (level_change("level_seed", 77), "level_seed is 1, claimed 77"),
        (level_change("actions_crc32", 1), "whose checksum was claimed"),
        (level_change("replay_hash", "00" * 8), "whose hash was claimed"),
        (level_change("replay", None), "there is no replay of this level"),
        (level_change("replay", "../../etc/passwd"), "must be that of a file"),
        (level_change("failure", "tired"), "difficulty 3, trial 0: distance is 0.0, claimed"),
        (run_change("score", 99999.0), "score is "),
        (run_change("levels_cleared", 7), "levels_cleared is "),
        (run_change("kills_sum", 400), "kills_sum is "),
        (run_change("seed", 1), "is a replay of another level"),
        (level_change("exit_px", 10), "exit_px is "),
        (level_change("generator", "mine"), "generator is "),
        (run_change("only_last_counts", True), "only_last_counts is False, claimed True"),
        (run_change("track_note", "official"), "track_note is "),
        (run_change("track", "ice-gic-2009"), "levels: 4 claimed, the track has 10"),
    ],
)
def test_each_false_claim_is_found(submission: Path, forged, change, line: str) -> None:
    ran = mario("verify", forged(change), "--replays", str(submission / "replays"))
    assert ran.exit_code == 1
    assert line in ran.stdout
    assert "claims are not true" in ran.stdout


def test_an_edited_file_is_noticed_by_its_checksum(submission: Path, forged) -> None:
    path = forged(run_change("agent", "somebody"), seal=False)
    ran = mario("verify", path, "--replays", str(submission / "replays"))
    assert ran.exit_code == 1
    assert "altered after it was written" in ran.stdout
    with pytest.raises(OptionError, match="altered since it was written"):
        mario("leaderboard", path)


def test_a_changed_replay_is_found(submission: Path, tmp_path: Path) -> None:
    for file in (submission / "replays").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = sorted(tmp_path.iterdir())[0]
    replay = Replay.load(file)
    keys = bytes([replay.keys[0], replay.keys[1] ^ 2, *replay.keys[2:]])
    Replay(level=replay.level, keys=keys, hashes=replay.hashes, time_limit=60).save(file)
    ran = mario("verify", str(submission / "results.json"), "--replays", str(tmp_path))
    assert ran.exit_code == 1
    assert "the game takes another course" in ran.stdout


@pytest.mark.parametrize("told", [None, "jump", 300])
def test_a_replay_that_does_not_tell_the_last_answer_proves_nothing(
    submission: Path, tmp_path: Path, told: Any
) -> None:
    for file in (submission / "replays").iterdir():
        replay = Replay.load(file)
        metadata = {**replay.metadata, LAST_ANSWER: told}
        dataclasses.replace(replay, metadata=metadata).save(tmp_path / file.name)
    ran = mario("verify", str(submission / "results.json"), "--replays", str(tmp_path))
    assert ran.exit_code == 1
    assert ran.stdout.count("does not tell the agent's last answer") == 4


def without(name: str):
    def change(run: dict[str, Any]) -> None:
        del run[name]

    return change


@pytest.mark.parametrize("command", ["verify", "leaderboard"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: {"score": 1}, "no results file of `mario score --json`"),
        (lambda run: [], "holds no results"),
        (lambda run: "text", "no results file"),
        (without("format"), "no results file"),
        (run_change("score", "many"), "'score' must be a number"),
        (run_change("seed", None), "'seed' must be a number"),
        (run_change("levels", [1]), "level 0 must be an object"),
        (run_change("levels", {}), "'levels' must be a list"),
        (level_change("kills", 1.5), "'kills' of level 1 must be a whole number"),
        (level_change("failure", 1), "'failure' of level 1 must be text or null"),
        (run_change("ms_per_step", {}), "must have the numbers"),
        (lambda run: run["ms_per_step"].update(histogram={"fast": 1}), "must have a histogram"),
        (run_change("score", float("nan")), "'score' must be a number"),
        (level_change("distance", float("inf")), "'distance' of level 1 must be a number"),
        (lambda run: run["levels"][1].pop("failure") and None, "'failure' of level 1 must be"),
        (lambda run: run["levels"][1].pop("replay") and None, "'replay' of level 1 must be"),
    ],
)
def test_a_foreign_file_is_refused(forged, command: str, change, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        mario(command, forged(change))
    assert message in str(caught.value)


def test_errors_of_the_command_line_have_exit_code_2(tmp_path: Path, forged) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\x00")
    for arguments, message in (
        (["verify", "absent.json"], "cannot read absent.json"),
        (["verify", str(tmp_path / "binary.json")], "is not JSON"),
        (["verify", forged(run_change("track", "unheard"))], "unknown track 'unheard'"),
    ):
        ran = run_mario(*arguments, "--replays", tmp_path)
        assert ran.returncode == 2
        assert message in ran.stderr
        assert "Traceback" not in ran.stderr


def test_replays_that_are_not_there_are_no_false_claims(submission: Path, tmp_path: Path) -> None:
    results = str(submission / "results.json")
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(OptionError, match="none of the 4 replays is in"):
            mario("verify", results, "--replays", str(folder))


def test_replays_are_sought_beside_the_file(submission: Path, forged) -> None:
    with pytest.raises(OptionError, match="not beside it; say --replays"):
        mario("verify", forged(lambda run: None))

    def unseen(run: dict[str, Any]) -> None:
        for level in run["levels"]:
            level["replay"] = None

    with pytest.raises(OptionError, match="no replays to verify"):
        mario("verify", forged(unseen))
