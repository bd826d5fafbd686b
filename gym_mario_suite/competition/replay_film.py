"""A replay as what is to be drawn in each tick, small enough for a page.

The pictures are chosen as `engine.draw_sprites` chooses them; effects such as sparks are left out.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.replay import Replay, play
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.level_image import CELLS, HEIGHT, WIDTH, cell_at
from gym_mario_suite.engine.world import NO_SPRITE, Kind, Status

LOOKS_LEFT, UPSIDE_DOWN, BEHIND = 1, 2, 4
_SCREEN_PX = 320
_STRIDE_PX, _RUN_STRIDE_PX = 7, 14

_WALKERS = {
    Kind.GOOMBA: "goomba",
    Kind.GOOMBA_WINGED: "goomba",
    Kind.RED_KOOPA: "red_koopa",
    Kind.RED_KOOPA_WINGED: "red_koopa",
    Kind.GREEN_KOOPA: "green_koopa",
    Kind.GREEN_KOOPA_WINGED: "green_koopa",
    Kind.SPIKY: "spiky",
    Kind.SPIKY_WINGED: "spiky",
}


@jit
def _write_tiles(image, worlds, out):
    for x in range(image[WIDTH]):
        for y in range(image[HEIGHT]):
            out[x, y] = cell_at(image, worlds[0], x, y) & 0xFF


def film_of(replay: Replay, pictures: dict[str, int]) -> dict[str, Any]:
    """A replay as JSON.

    Args:
        replay: The replay; it is verified on the way.
        pictures: Number of each sprite picture by name.

    Returns:
        `width`, `height`, `exit` (column, row), `theme`, `ticks`, `tiles` (base64 of uint8, column
        by column), `changes` ([tick, column, row, tile]) and `frames` (base64 of int16: for each
        tick the camera's x in cells and the px beyond, Mario's x, the number of pictures, and for
        each of them its number, x, y and flags; x and y are px from the camera's and the level's
        edge, where the feet are).

    Raises:
        ReplayError: When the replay is not true.
    """
    level = replay.level
    image = level.image
    now = np.zeros((level.width, level.height), np.uint8)
    before = np.array([image[CELLS : CELLS + now.size] & 0xFF], np.uint8).reshape(now.shape)
    first = before.copy()
    numbers: list[int] = []
    changes: list[list[int]] = []
    for tick, game in enumerate(play(replay)):
        _write_tiles(image, game.worlds, now)
        for x, y in np.argwhere(now != before).tolist():
            changes.append([tick, x, y, int(now[x, y])])
        before[...] = now
        world = game.worlds[0]
        drawn: list[tuple[str, int, int, int]] = []
        slots = world["order"][: world["n_sprites"]].tolist()
        for slot in reversed(slots):
            drawn += _sprite(world["sprites"][slot], int(world["start_time"]))
        drawn += _player(world["players"][0])
        camera = int(np.clip(game.x - _SCREEN_PX // 2, 0, max(0, 16 * level.width - _SCREEN_PX)))
        # Wide levels have more px than 16 bits can tell.
        numbers += [camera // 16, camera % 16, int(game.x) - camera, len(drawn)]
        for name, x, y, flags in drawn:
            numbers += [pictures[name], x - camera, y, flags]
    frames = np.clip(np.array(numbers), -32768, 32767).astype("<i2")
    return {
        "width": level.width,
        "height": level.height,
        "exit": [level.x_exit, level.y_exit],
        "theme": level.theme,
        "ticks": replay.ticks,
        "tiles": _base64(first),
        "changes": changes,
        "frames": _base64(frames),
    }


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _sprite(body: np.void, clock: int) -> list[tuple[str, int, int, int]]:
    kind = int(body["kind"])
    x, y = int(np.floor(body["x"])), int(np.floor(body["y"]))
    left = LOOKS_LEFT if body["facing"] < 0 else 0
    dying = bool(body["dead_time"] > 0)
    turned = UPSIDE_DOWN if dying else 0
    if kind in _WALKERS:
        if dying and not body["fly_death"]:
            return [("goomba_flat", x, y, left)] if kind <= Kind.GOOMBA_WINGED else []
        name = _WALKERS[Kind(kind)]
        drawn = [(f"{name}_{clock >> 2 & 1}", x, y, left | turned)]
        if body["winged"]:
            back = 8 if left else -8
            drawn.append((f"wing_{clock >> 1 & 1}", x + back, y - 8, left ^ LOOKS_LEFT))
        return drawn
    if kind == Kind.ENEMY_FLOWER:
        behind = 0 if dying else BEHIND
        stem = [] if dying else [("flower_stem", x, y + 16, BEHIND)]
        return [*stem, (f"flower_{clock >> 2 & 1}", x, y, behind | turned)]
    if kind == Kind.SHELL:
        spins = body["facing"] != 0 and not body["carried"] and not dying
        return [(f"shell_{clock & 3 if spins else 0}", x, y, turned)]
    if kind == Kind.BULLET_BILL:
        return [("bullet_bill", x, y, left | turned)]
    if kind in (Kind.MUSHROOM, Kind.FIRE_FLOWER):
        rising = BEHIND if body["aux"] < 9 else 0
        name = "mushroom" if kind == Kind.MUSHROOM else f"fire_flower_{clock >> 2 & 1}"
        return [(name, x, y, rising)]
    if kind == Kind.FIREBALL:
        return [(f"fireball_{clock & 3}", x, y, left)]
    return []


def _player(player: np.void) -> list[tuple[str, int, int, int]]:
    body = player["body"]
    if player["invulnerable_time"] & 2 and player["status"] != Status.DEAD:
        return []
    mode = ("small", "large", "fire")[min(int(player["large"]) + int(player["fire"]), 2)]
    pose = _pose(player)
    if mode == "small" and pose == "duck":
        pose = "stand"
    flags = LOOKS_LEFT if body["facing"] < 0 else 0
    return [(f"{mode}_{pose}", int(np.floor(body["x"])), int(np.floor(body["y"])), flags)]


def _pose(player: np.void) -> str:
    body = player["body"]
    if player["status"] == Status.DEAD:
        return "dead"
    if player["ducking"]:
        return "duck"
    x, speed = int(np.floor(body["x"])), abs(float(body["xa"]))
    carries = player["carried"] != NO_SPRITE
    if not body["on_ground"] and player["status"] != Status.WIN:
        if carries:
            return "carry_walk_1"
        if body["sliding"]:
            return "slide"
        return "jump" if body["ya"] < 0 else "fall"
    if speed < 0.5:
        return "carry_stand" if carries else "stand"
    if carries:
        return f"carry_walk_{x // _STRIDE_PX & 1}"
    if float(body["xa"]) * int(body["facing"]) < -0.5:
        return "skid"
    runs = speed > 6
    stride = x // (_RUN_STRIDE_PX if runs else _STRIDE_PX) & 3
    return f"{'run' if runs else 'walk'}_{1 if stride == 3 else stride}"
