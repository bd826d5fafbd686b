"""A level played in one call, and its telemetry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_mario_suite import cli, competition
from gym_mario_suite.agents.base import GameView
from gym_mario_suite.competition.simulation import Telemetry, telemetry_of
from gym_mario_suite.engine.world import Button, Mode, Rules
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.formats import write_level
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

# The figures of the simulator that goes with the two-dimensional VAE.
PUBLISHED = {
    "marioStatus",
    "agentName",
    "agentType",
    "lengthOfLevelPassedPhys",
    "totalLengthOfLevelPassedPhys",
    "lengthOfLevelPassedCells",
    "totalLengthOfLevelPassedCells",
    "timeSpentOnLevel",
    "totalTimeGiven",
    "numberOfGainedCoins",
    "totalActionsPerformed",
    "jumpActionsPerformed",
    "level",
}


def flat(width: int = 40) -> np.ndarray:
    codes = np.full((14, width), Tile.EMPTY)
    codes[-1] = Tile.GROUND
    return codes


class Presser:
    """Answers the same buttons every time."""

    name = "presser"

    def __init__(self, keys: int) -> None:
        self.keys = keys

    def reset(self) -> None:
        pass

    def act(self, game: GameView) -> int:
        return self.keys


RIGHT = Presser(int(Button.RIGHT))


def test_the_published_names_are_there() -> None:
    telemetry = competition.simulate(flat(), RIGHT)
    values = json.loads(json.dumps(telemetry.to_json()))
    assert set(values) > PUBLISHED
    assert telemetry.level == flat().tolist()
    assert (telemetry.marioStatus, telemetry.death) == (1, None)
    assert (telemetry.agentName, telemetry.agentType) == ("presser", "AI")
    assert telemetry.totalLengthOfLevelPassedPhys == 640
    assert telemetry.totalLengthOfLevelPassedCells == 40
    assert telemetry.lengthOfLevelPassedCells == 39
    assert telemetry.totalActionsPerformed == telemetry.ticks - 1
    assert (telemetry.jumps, telemetry.jump_ticks, telemetry.jumpActionsPerformed) == (0, 0, 0)
    assert telemetry.timeSpentOnLevel == telemetry.ticks // 15
    assert telemetry.totalTimeGiven == 200
    assert len(telemetry.path) == telemetry.ticks
    assert telemetry.path[-1][0] == telemetry.lengthOfLevelPassedPhys


class Hopper(Presser):
    """Presses JUMP for half of the time."""

    def act(self, game: GameView) -> int:
        self.keys = (self.keys + 1) % 20
        return int(Button.RIGHT | Button.JUMP if self.keys < 10 else Button.RIGHT)


def test_jumps_are_not_the_ticks_of_their_button() -> None:
    telemetry = competition.simulate(flat(), Hopper(0))
    assert 0 < telemetry.jumps < telemetry.jump_ticks == telemetry.jumpActionsPerformed


@pytest.mark.parametrize("rules", Rules)
def test_causes_of_death(rules: Rules) -> None:
    def death(codes: np.ndarray, agent: Presser, time_limit: int = 60) -> dict:
        level = to_level(TileGrid(codes), rules)
        telemetry = competition.simulate(level, agent, mode=Mode.SMALL, time_limit=time_limit)
        assert telemetry.marioStatus == 0
        assert telemetry.death is not None
        return telemetry.death

    gap = flat()
    gap[-1, 10:30] = Tile.EMPTY
    fall = death(gap, RIGHT)
    assert (fall["cause"], fall["enemy"]) == ("fall", None)
    assert 10 <= fall["column"] < 30
    met = flat()
    met[12, 15] = Tile.ENEMY
    enemy = death(met, RIGHT)
    assert (enemy["cause"], enemy["enemy"]) == ("enemy", "goomba")
    assert death(gap, RIGHT, time_limit=0)["cause"] == "fall", "no clock, no end by it"
    assert death(flat(), Presser(0), time_limit=3)["cause"] == "time"


def test_a_batch_is_as_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "level.txt"
    write_level(path, TileGrid(flat(60)))
    levels = [flat(), TileGrid(flat(50)), path, str(path), to_level(TileGrid(flat()))]
    batch = competition.simulate_batch(levels, "forward")
    assert batch == [competition.simulate(level, "forward") for level in levels]
    assert [each.marioStatus for each in batch] == [1] * 5
    assert batch[0] == batch[4]


def test_buttons_tell_everything() -> None:
    level = to_level(TileGrid(flat()))
    played = competition.simulate(level, RIGHT)
    again = telemetry_of(level, bytes.fromhex(played.keys), "presser")
    assert again == played
    half = telemetry_of(level, bytes.fromhex(played.keys)[:20], "me", human=True)
    assert (half.marioStatus, half.death, half.agentType) == (0, None, "Human")


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(OptionError, match="unknown agent"):
        competition.simulate(flat(), "nobody")

    class Nameless:
        def reset(self) -> None: ...

        def act(self, game: GameView) -> int:
            return 0

    for wrong, said in (
        (Nameless(), "has no 'name'"),
        (Nameless, r"got a class: Nameless\(\)\?"),
        (lambda game: 0, "an object with a name, reset"),
    ):
        agent: Any = wrong
        with pytest.raises(OptionError, match=said):
            competition.simulate(flat(), agent)
    with pytest.raises(LevelError, match="tile codes"):
        competition.simulate([[0, 99]])
    with pytest.raises(LevelError, match="rows of the same length"):
        competition.simulate([[1, 2], [3]])
    with pytest.raises(LevelError, match="cannot read"):
        competition.simulate("no/such/file.txt")
    with pytest.raises(AttributeError):
        _ = competition.nothing  # type: ignore[attr-defined]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "level.txt"
    write_level(path, TileGrid(flat()))

    def mario(*arguments: str) -> int:
        with pytest.raises(SystemExit) as stopped:
            cli.main(["levels", "simulate", *arguments])
        assert isinstance(stopped.value.code, int)
        return stopped.value.code

    assert mario(str(path), "--agent", "forward", "--json") == 0
    values = json.loads(capsys.readouterr().out)
    assert set(values) == {field for field in Telemetry.__dataclass_fields__}
    assert mario(str(path), str(path), "--agent", "scared") == 0
    said = capsys.readouterr().out
    assert said.count("won at column 39 of 40") == 2
    assert mario(str(path), "--agent", "nobody") == 2
    assert mario(str(tmp_path / "none.txt")) == 2
