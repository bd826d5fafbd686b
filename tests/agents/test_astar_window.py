import itertools
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.agents.astar.window import WindowModel
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.level_image import CELLS, HEIGHT, WIDTH
from gym_mario_suite.engine.observe import TILE_CODES
from gym_mario_suite.engine.world import Kind, Mode, Status
from gym_mario_suite.levels.generate import generate

MARIO = ("x_jump_speed", "y_jump_speed", "jump_time", "may_jump", "ducking", "large", "fire")
BODY = ("x", "y", "xa", "ya", "on_ground", "sliding", "facing", "height")


def tiles_of(model: WindowModel, columns: int) -> np.ndarray:
    rows = int(model.image[HEIGHT])
    cells = model.image[CELLS : CELLS + columns * rows]
    return (cells & 0xFF).reshape(columns, rows)


def play(seed: int, difficulty: int, level_type: int = 0, mode: Mode = Mode.FIRE) -> Any:
    """Yields the game and the agent's model of it after each tick."""
    game = Game(generate(seed, difficulty, level_type, 250).image, mode)
    agent: Any = make_agent("astar:budget=300")
    agent.reset()
    keys = 0
    while True:
        game.tick(keys)
        if game.status != Status.RUNNING:
            return
        keys = agent.act(game)
        yield game, agent._model


@pytest.mark.parametrize(("seed", "difficulty", "level_type"), [(1, 0, 0), (2, 5, 1), (3, 10, 2)])
def test_mario_is_known_as_exactly_as_if_he_were_shown(
    seed: int, difficulty: int, level_type: int
) -> None:
    for game, model in play(seed, difficulty, level_type):
        real, shadow = game.worlds[0]["players"][0], model.worlds[0]["players"][0]
        for field in MARIO:
            assert shadow[field] == real[field], (game.ticks, field)
        for field in BODY:
            assert shadow["body"][field] == real["body"][field], (game.ticks, field)
        assert model.worlds[0]["tick"] == game.worlds[0]["tick"]


def test_creatures_in_view_are_known_with_their_hidden_state() -> None:
    known = shown = 0
    for game, model in play(3, 10):
        real, shadow = game.worlds[0], model.worlds[0]
        theirs = {}
        for slot in shadow["order"][: shadow["n_sprites"]]:
            s = shadow["sprites"][slot]
            theirs[int(s["kind"]), float(s["x"]), float(s["y"])] = s
        for slot in real["order"][: real["n_sprites"]]:
            s = real["sprites"][slot]
            if not Kind.GOOMBA <= s["kind"] <= Kind.MUSHROOM:
                continue
            known_as = theirs.get((int(s["kind"]), float(s["x"]), float(s["y"])))
            assert known_as is not None
            shown += 1
            known += all(
                known_as[field] == s[field]
                for field in ("facing", "winged", "dead_time", "fly_death", "aux")
            )
    assert shown > 300
    assert known > 0.97 * shown


def test_the_map_is_what_was_seen() -> None:
    *_, (game, model) = play(5, 3)
    columns = model.seen_to_px // 16
    real = (game.image[CELLS : CELLS + int(game.image[WIDTH]) * 15] & 0xFF).reshape(-1, 15)
    columns = min(columns, len(real))
    seen = TILE_CODES[0, tiles_of(model, columns)]
    there = TILE_CODES[0, real[:columns]]
    # What was opened, broken or collected while in view is remembered as it is now.
    assert (seen == there).mean() > 0.99


def test_the_unknown_is_taken_for_level_ground() -> None:
    *_, (_, model) = itertools.islice(play(1, 0), 60)
    ahead = tiles_of(model, model.seen_to_px // 16 + 20)
    assert (ahead[-20:, 14] != 0).all()
    assert (ahead[-20:, :5] == 0).all()


@pytest.mark.parametrize("mode", list(Mode))
def test_the_mode_is_seen(mode: Mode) -> None:
    game, model = next(play(1, 0, mode=mode))
    player = model.worlds[0]["players"][0]
    assert int(player["large"]) + int(player["fire"]) == mode == game.mode


def test_what_was_not_foreseen_is_taken_over() -> None:
    game = Game(generate(8, 10, 0, 250).image)
    model = WindowModel()
    model.reset()
    game.tick(0)
    model.follow(game, 0)
    rng = np.random.default_rng(0)
    for _ in range(400):
        told, done = rng.integers(0, 32, 2).tolist()  # the model is told other buttons
        game.tick(done)
        if game.status != Status.RUNNING:
            break
        model.follow(game, told)
        player = model.worlds[0]["players"][0]
        assert (player["body"]["x"], player["body"]["y"]) == (game.x, game.y)
        assert player["status"] == Status.RUNNING
        listed = model.worlds[0]["sprites"][
            model.worlds[0]["order"][: model.worlds[0]["n_sprites"]]
        ]
        places = {(int(s["kind"]), float(s["x"]), float(s["y"])) for s in listed}
        for kind, x, y in game.enemy_floats().tolist():
            assert (int(kind), x, y) in places
