"""A* on levels of the 2019 rules.

`MARIO_CORPUS_2019` names a folder of level texts, in folders that are collections, for the slow
test over all of them.
"""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.framework_levels import AGENT, JAVA, load, measure, table
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.framework_generate import generate_framework
from gym_mario_suite.levels.framework_text import load_framework_text, read_framework_text
from gym_mario_suite.levels.level import Level

LAB = sorted((Path(__file__).parents[1] / "data/maf2019/levels").glob("lab-*.txt"))
CORPUS = os.environ.get("MARIO_CORPUS_2019")
# Share of levels that `astar` shall win, by collection.
AIMS = {
    "original": 0.80,
    "notch": 1.00,
    "ore": 0.75,
    "ge": 0.85,
    "hopper": 0.85,
    "patternCount": 0.75,
}

# The high road begins with a step near the start; the low one ends at a wall five screens on.
TRAP = "\n".join(
    [
        *["-" * 150] * 6,
        "-" * 24 + "X" * 90 + "-" * 36,
        "-" * 19 + "XX" + "-" * 83 + "X" * 10 + "-" * 36,
        *["-" * 104 + "X" * 10 + "-" * 36] * 2,
        "-" * 14 + "XX" + "-" * 88 + "X" * 10 + "-" * 36,
        *["-" * 104 + "X" * 10 + "-" * 36] * 3,
        "X" * 150,
    ]
)


def play(level: Level, name: str = "astar", time_limit: int = 200) -> Game:
    agent = make_agent(name)
    agent.reset()
    game = Game(level.image, Mode.SMALL, time_limit)
    keys = 0
    while game.status == Status.RUNNING:
        game.tick(keys)
        keys = agent.act(game)
    return game


@pytest.mark.parametrize("path", LAB, ids=lambda path: path.stem)
def test_the_lab_levels_are_won(path: Path) -> None:
    assert play(load_framework_text(path)).status == Status.WIN


@pytest.mark.parametrize(("seed", "difficulty"), [(0, 0), (1, 5), (2, 10)])
def test_generated_levels_are_won(seed: int, difficulty: int) -> None:
    assert play(generate_framework(seed, difficulty, seed, 200)).status == Status.WIN


def test_both_agents_see_the_world() -> None:
    level = load_framework_text(LAB[0])
    assert play(level, "astar").ticks == play(level, "astar-world").ticks


def test_a_dead_end_five_screens_ahead_is_seen() -> None:
    level = read_framework_text(TRAP)
    game = play(level)
    assert game.status == Status.WIN
    assert game.ticks < 9000 // 30
    blind = play(level, "astar:survey_budget=0", time_limit=9)
    assert blind.status == Status.TIME_OUT


def test_a_level_longer_than_a_survey_is_won() -> None:
    screen = ["-" * 40] * 10 + ["-" * 20 + "##" + "-" * 18] + ["X" * 37 + "---"] * 3
    level = read_framework_text("\n".join(line * 8 for line in screen))
    assert level.width > 256
    assert play(level).status == Status.WIN


def test_where_nobody_wins_the_clock_ends_the_level() -> None:
    walled = ["XXXX" + "-" * 26] * 2 + ["--XX" + "-" * 26] * 10 + ["X" * 30] * 2
    game = play(read_framework_text("\n".join(walled)), time_limit=30)
    assert game.status == Status.TIME_OUT


def test_survey_options_are_checked() -> None:
    with pytest.raises(OptionError, match="budget must be a whole number from 1 to"):
        make_agent("astar:survey_budget=-1")


def test_the_corpus_script_resumes_and_prints_a_table(tmp_path: Path) -> None:
    folder = tmp_path / "texts" / "own"
    folder.mkdir(parents=True)
    flat = "\n".join(["-" * 30] * 8 + ["X" * 30] * 2)
    (folder / "lvl-1.txt").write_text(flat, encoding="utf-8")
    file = tmp_path / "result.json"
    first = measure(folder.parent, file)
    assert first["levels"]["own/lvl-1"]["astar"]["status"] == "WIN"
    first["levels"]["own/lvl-1"]["astar"]["ticks"] = 12345  # to be seen again: not played again
    file.write_text(json.dumps(first), encoding="utf-8")
    boxed = ["--XX" + "-" * 26] * 8 + ["X" * 30] * 2
    boxed[0] = boxed[1] = "X" * 30
    (folder / "lvl-2.txt").write_text("\n".join(boxed), encoding="utf-8")
    second = measure(folder.parent, file)
    assert second["levels"]["own/lvl-1"]["astar"]["ticks"] == 12345
    assert second["levels"]["own/lvl-2"]["bound"]["outcome"] == "nobody"
    assert load(file) == second
    text = table(second)
    assert "| own | 2 | 1 | 1 (50%) | 100% |" in text
    assert "| own/lvl-2 | boxed in at the start" in text


def test_the_corpus_script_says_what_is_wrong(tmp_path: Path) -> None:
    import typer

    from benchmarks.framework_levels import main

    app = typer.Typer()
    app.command()(main)
    ran = CliRunner().invoke(app, [str(tmp_path), "--json", str(tmp_path / "r.json")])
    assert ran.exit_code == 2
    assert "there is no level text" in ran.output
    (tmp_path / "r.json").write_text("{}", encoding="utf-8")
    ran = CliRunner().invoke(app, ["--table", "--json", str(tmp_path / "r.json")])
    assert ran.exit_code == 2
    assert "is no file of benchmarks.framework_levels" in ran.output


@pytest.mark.slow
@pytest.mark.skipif(CORPUS is None, reason="MARIO_CORPUS_2019 names no folder of level texts")
def test_a_corpus(tmp_path: Path) -> None:
    assert CORPUS is not None
    levels = measure(Path(CORPUS), tmp_path / "result.json")["levels"]
    print(table({"levels": levels}))
    winnable = [level for level in levels.values() if level["bound"]["outcome"] != "nobody"]
    won = [level for level in winnable if level[AGENT]["status"] == "WIN"]
    assert len(won) >= 0.95 * len(winnable)
    ticks = sum(level[AGENT]["ticks"] for level in levels.values())
    spent = sum(level[AGENT]["ticks"] * level[AGENT]["ms_mean"] for level in levels.values())
    assert spent / ticks <= 0.5
    for collection in set(JAVA) & {name.rpartition("/")[0] for name in levels}:
        group = [level for name, level in levels.items() if name.startswith(f"{collection}/")]
        wins = sum(level[AGENT]["status"] == "WIN" for level in group)
        assert wins / len(group) >= AIMS[collection], collection
