"""Meetings of the 2009 game, a scene each: shells, bullets and items.

Recordings hold them all, but each after hundreds of ticks; these few ticks run as plain Python, too
(`test_plain_python`).
"""

from __future__ import annotations

import numpy as np
import pytest

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.sprites import add_sprite, commit_sprites
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import NO_SPRITE, Button, Kind, Mode, Status
from gym_mario_suite.levels import Level

GROUND_ROW = 13
FLOOR_Y = 16 * GROUND_ROW - 1


def game_on(mode: Mode = Mode.LARGE, tiles: tuple[tuple[int, int, int], ...] = ()) -> Game:
    """Mario at x = 160 on flat ground, with extra tiles (column, row, byte)."""
    cells = np.zeros((60, 15), np.uint8)
    cells[:, GROUND_ROW] = Tile.GROUND_TOP
    cells[:, GROUND_ROW + 1] = Tile.GROUND
    for x, y, tile in tiles:
        cells[x, y] = tile
    game = Game(Level(cells, [], 58, GROUND_ROW).image, mode)
    player = game.worlds[0]["players"][0]
    body = player["body"]
    body["x"], body["y"], body["on_ground"] = 160, FLOOR_Y, 1
    body["facing"], player["was_on_ground"] = 1, 1
    return game


def put(game: Game, kind: Kind, x: float, y: float = FLOOR_Y, facing: int = 0) -> np.void:
    """The new sprite's body."""
    slot = add_sprite(game.worlds[0], int(kind), np.float32(x), np.float32(y), facing)
    assert slot >= 0
    commit_sprites(game.worlds[0])
    return game.worlds[0]["sprites"][slot]


def play(game: Game, ticks: int, keys: int = 0) -> np.void:
    """Some ticks with the same buttons; the world after them."""
    for _ in range(ticks):
        game.tick(int(keys))
    return game.worlds[0]


def fall(game: Game, y: float) -> None:
    """Mario comes down from this height."""
    player = game.worlds[0]["players"][0]
    player["body"]["y"], player["body"]["ya"] = y, 3
    player["body"]["on_ground"] = player["was_on_ground"] = 0


@pytest.mark.parametrize(
    ("kind", "mode", "after"),
    [
        (Kind.MUSHROOM, Mode.SMALL, Mode.LARGE),
        (Kind.MUSHROOM, Mode.LARGE, Mode.LARGE),
        (Kind.FIRE_FLOWER, Mode.LARGE, Mode.FIRE),
        (Kind.FIRE_FLOWER, Mode.FIRE, Mode.FIRE),
    ],
)
def test_items(kind: Kind, mode: Mode, after: Mode) -> None:
    game = game_on(mode)
    put(game, kind, 164)
    world = play(game, 10)
    player = world["players"][0]
    assert game.mode == after
    assert player["mushrooms"] + player["flowers"] == 1
    assert player["coins"] == (mode == after)  # what adds nothing is worth a coin
    assert world["n_sprites"] == 0


def test_a_resting_shell_is_kicked() -> None:
    game = game_on()
    shell = put(game, Kind.SHELL, 190)
    play(game, 12, Button.RIGHT)
    assert shell["facing"] == 1
    assert shell["x"] > 200
    assert game.mode == Mode.LARGE


def test_a_resting_shell_is_carried_and_let_go() -> None:
    game = game_on()
    shell = put(game, Kind.SHELL, 190)
    world = play(game, 12, Button.RIGHT | Button.SPEED)
    assert shell["carried"]
    assert world["players"][0]["carried"] != NO_SPRITE
    play(game, 3, Button.RIGHT)
    assert not shell["carried"]
    assert world["players"][0]["carried"] == NO_SPRITE
    assert shell["facing"] == 1


def test_a_carried_shell_kills_and_is_lost() -> None:
    game = game_on()
    shell = put(game, Kind.SHELL, 190)
    world = play(game, 12, Button.RIGHT | Button.SPEED)
    put(game, Kind.GOOMBA, float(shell["x"]) + 20, facing=-1)
    play(game, 6, Button.RIGHT | Button.SPEED)
    assert world["kills_shell"] == 1
    assert world["players"][0]["carried"] == NO_SPRITE
    assert shell["dead"]


@pytest.mark.parametrize(
    ("kind", "kills"), [(Kind.GOOMBA, 1), (Kind.BULLET_BILL, 0), (Kind.SHELL, 0)]
)
def test_a_moving_shell_hits(kind: Kind, kills: int) -> None:
    game = game_on()
    shell = put(game, Kind.SHELL, 200, facing=1)
    other = put(game, kind, 240)
    world = play(game, 6)
    assert world["kills_shell"] == kills
    assert other["dead_time"] > 0
    assert bool(shell["dead"]) == (kind == Kind.SHELL)  # shells take each other along


def test_a_moving_shell_hurts() -> None:
    game = game_on()
    put(game, Kind.SHELL, 200, facing=-1)
    play(game, 6)
    assert game.mode == Mode.SMALL


def test_a_stomp_stops_a_moving_shell_and_the_next_sends_it_off() -> None:
    game = game_on()
    shell = put(game, Kind.SHELL, 168, facing=-1)
    fall(game, FLOOR_Y - 12)
    play(game, 1)
    assert shell["facing"] == 0
    fall(game, FLOOR_Y - 12)
    game.worlds[0]["players"][0]["body"]["x"] = shell["x"]
    play(game, 1)
    assert shell["facing"] == 1
    assert game.mode == Mode.LARGE


def test_a_bullet_is_stomped() -> None:
    game = game_on()
    bullet = put(game, Kind.BULLET_BILL, 168, facing=-1)
    fall(game, FLOOR_Y - 12)
    play(game, 1)
    assert bullet["dead"]
    assert game.worlds[0]["players"][0]["body"]["ya"] < 0  # he bounces off
    assert game.mode == Mode.LARGE


def test_a_bullet_hurts() -> None:
    game = game_on(Mode.SMALL)
    put(game, Kind.BULLET_BILL, 190, facing=-1)
    play(game, 60)
    assert game.status == Status.DEAD


def test_a_cannon_fires() -> None:
    """Each column has its turn once in 100 ticks."""
    game = game_on(tiles=((18, GROUND_ROW - 1, Tile.CANNON_MUZZLE),))
    world = play(game, 101)
    kinds = world["sprites"]["kind"][world["order"][: world["n_sprites"]]]
    assert Kind.BULLET_BILL in kinds
