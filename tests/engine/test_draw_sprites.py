"""Creatures and players in pictures: all are seen, in every state."""

import numpy as np
import pytest

from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Kind, Mode, Status
from tests.engine.drawn import CREATURES, SHAPES, add_sprite, draw, flat_level, game_at


@pytest.mark.parametrize("view", SHAPES)
@pytest.mark.parametrize("kind", CREATURES)
def test_every_kind_shows_in_every_state(renderer: Renderer, view: str, kind: Kind) -> None:
    level = flat_level()
    empty = draw(renderer, view, game_at(level), hud=False)
    seen = []
    for fields in ({}, {"facing": -1}, {"dead_time": 50, "fly_death": 1}):
        game = game_at(level)
        add_sprite(game.worlds, kind, 64, 120, **fields)
        seen.append(draw(renderer, view, game, hud=False))
        changed = (seen[-1] != empty).reshape(*empty.shape[:2], -1).any(2)
        rows, columns = np.nonzero(changed)
        assert len(rows) >= (3 if view == "gray84" else 8)
        scale = empty.shape[1] / 320, empty.shape[0] / 240
        assert abs(columns.mean() - 64 * scale[0]) < 8 * scale[0]
        # An enemy flower has a long stem.
        assert rows.min() > 84 * scale[1]
        assert rows.max() < 160 * scale[1]
    assert not np.array_equal(seen[0], seen[2])
    if kind in (Kind.GOOMBA_WINGED, Kind.RED_KOOPA_WINGED, Kind.SPIKY_WINGED):
        game = game_at(level)
        add_sprite(game.worlds, kind, 64, 120, winged=1)
        assert not np.array_equal(draw(renderer, view, game, hud=False), seen[0])


def test_enemies_walk_and_shells_spin(renderer: Renderer) -> None:
    for kind in (Kind.GOOMBA, Kind.GREEN_KOOPA, Kind.SPIKY, Kind.ENEMY_FLOWER, Kind.SHELL):
        looks = set()
        for clock in range(1, 17):
            game = game_at(flat_level())
            game.worlds[0]["start_time"] = clock
            add_sprite(game.worlds, kind, 64, 120)
            looks.add(draw(renderer, "rgb", game, hud=False)[80:130, 40:90].tobytes())
        assert len(looks) == (4 if kind == Kind.SHELL else 2), kind


def test_a_flower_is_behind_its_pipe(renderer: Renderer) -> None:
    pipe = [(10, 11, Tile.PIPE_TOP_LEFT), (11, 11, Tile.PIPE_TOP_RIGHT)]
    pipe += [(10, 12, Tile.PIPE_BODY_LEFT), (11, 12, Tile.PIPE_BODY_RIGHT)]
    level = flat_level(60, pipe)
    empty = draw(renderer, "rgb", game_at(level, x=60))
    game = game_at(level, x=60)
    add_sprite(game.worlds, Kind.ENEMY_FLOWER, 11 * 16 - 1, 11 * 16 + 24, y_start=11 * 16 + 24)
    assert np.array_equal(draw(renderer, "rgb", game), empty)
    game.worlds[0]["sprites"][0]["y"] = 11 * 16 - 4
    changed = (draw(renderer, "rgb", game) != empty).any(2)
    assert changed[: 11 * 16].any()
    assert not changed[11 * 16 :].any()


def player_pose(renderer: Renderer, mode: Mode, view: str = "rgb", **fields) -> bytes:
    game = game_at(flat_level(), x=168, mode=mode)
    player = game.worlds[0]["players"][0]
    for name, value in fields.items():
        (player if name in player.dtype.names else player["body"])[name] = value
    return draw(renderer, view, game, hud=False).tobytes()


@pytest.mark.parametrize("mode", Mode)
def test_players_have_a_frame_for_every_pose(renderer: Renderer, mode: Mode) -> None:
    poses = [
        {},
        {"xa": 3},
        {"xa": 9},
        {"xa": -3},
        {"on_ground": 0, "ya": -5},
        {"on_ground": 0, "ya": 5},
        {"on_ground": 0, "ya": 1, "sliding": 1},
        {"carried": 0},
        {"xa": 3, "carried": 0},
        {"status": int(Status.DEAD)},
    ]
    if mode != Mode.SMALL:
        poses.append({"ducking": 1})
    looks = [player_pose(renderer, mode, **pose) for pose in poses]
    assert len(set(looks)) == len(poses)
    mirrored = [player_pose(renderer, mode, facing=-1, **pose) for pose in poses]
    assert not set(looks[:9]) & set(mirrored[:9])


def test_modes_look_different_and_the_invulnerable_blink(renderer: Renderer) -> None:
    for view in SHAPES:
        assert len({player_pose(renderer, mode, view) for mode in Mode}) == 3
    blinking = {player_pose(renderer, Mode.LARGE, invulnerable_time=t) for t in range(1, 33)}
    assert len(blinking) == 2
    assert player_pose(renderer, Mode.LARGE, invulnerable_time=1) == player_pose(
        renderer, Mode.LARGE
    )


def test_all_players_are_drawn(renderer: Renderer) -> None:
    game = game_at(flat_level(), x=100)
    alone = draw(renderer, "rgb", game)
    game.worlds["players"][0, 1] = game.worlds["players"][0, 0]
    game.worlds["players"]["body"]["x"][0, 1] = 200
    assert np.array_equal(draw(renderer, "rgb", game), alone)
    game.worlds["n_players"] = 2
    assert (draw(renderer, "rgb", game) != alone).any()
