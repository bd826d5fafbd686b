"""Facts: what the engine knows of a moment, and what of it is to be remembered.

They are noted where frames are drawn, for models to learn from; a dream has nothing of them but its
memory at the beginning.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.memory import (
    BULLET,
    CAMERA_PERIOD,
    CLOCK_PERIOD,
    CREATURE,
    HALF_PX,
    HERD,
    KINDS,
    MEMORY,
    NEAR_PX,
    PLACE_PERIOD_PX,
    VOLLEY_PERIOD,
    Of,
)
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw import camera
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX, Kind

# Positions in px; the clock is what all animations follow. `near`: whether some creature is near
# enough to matter; where it is is told as seen from Mario.
FACTS = (
    *("x", "y", "camera", "status", "mode", "coins", "kills", "on_ground", "jumps", "hurts"),
    *("speed_x", "speed_y", "jump_time", "clock", "theme", "may_jump", "ducking", "invulnerable"),
    *("near", "near_x", "near_y", "near_speed_x", "near_speed_y"),
    *("near_tall", "near_winged", "near_sharp"),
    *("scans", "volley"),
    # Those creatures and items that are nearest to Mario: a number by which each is known again
    # from tick to tick (0 for none), and what is remembered of it (see `memory.CREATURE`).
    *(f"creature_{number}_{name}" for number in range(HERD) for name in ("id", *CREATURE[1:])),
)
FACT = {name: i for i, name in enumerate(FACTS)}
_LONGEST_WAIT = 60  # ticks; nothing waits longer
SAME_PX = 20.0  # no creature goes as far in a tick
_NEAR, _SCANS, _VOLLEY = FACT["near"], FACT["scans"], FACT["volley"]
# Of each creature the number stands where the memory says that there is one.
_HERD, _EACH = FACT["creature_0_id"], len(CREATURE)
_PLACE = slice(Of.X, Of.Y + 1)
# What a creature of each kind of the engine is remembered as; -1 for what is not remembered.
_KINDS = np.full(32, -1, np.int64)
for _number, _names in enumerate(KINDS):
    for _name in _names:
        _KINDS[Kind[_name]] = _number
_LOW_PX = 12
_SPIKY, _SPIKY_WINGED = int(Kind.SPIKY), int(Kind.SPIKY_WINGED)
_FLOWER = int(Kind.ENEMY_FLOWER)
_FIRST_CREATURE, _LAST_CREATURE = int(Kind.GOOMBA), int(Kind.SHELL)


@jit
def _note_nearest(world, body, out):
    """The nearest creature that can hurt or be stomped: a 1, place, speed, kind; else zeros."""
    out[:] = 0
    least = np.float32(NEAR_PX)
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if not _FIRST_CREATURE <= s.kind <= _LAST_CREATURE or s.dead_time > 0 or s.carried:
            continue
        far = max(abs(s.x - body.x), abs(s.y - body.y))
        if far < least:
            least = far
            out[0] = 1
            out[1] = s.x - body.x
            out[2] = s.y - body.y
            out[3] = s.xa
            out[4] = s.ya
            out[5] = s.height > _LOW_PX
            out[6] = s.winged
            out[7] = s.kind == _SPIKY or s.kind == _SPIKY_WINGED or s.kind == _FLOWER


@jit
def _note_herd(world, body, out):
    """The creatures and items nearest to Mario: float32[HERD * _EACH], 0 where there is none."""
    out[:] = 0
    for i in range(world.n_sprites):
        slot = world.order[i]
        s = world.sprites[slot]
        kind = _KINDS[s.kind] if 0 <= s.kind < len(_KINDS) else -1
        if kind < 0 or s.dead_time > 0 or s.carried:
            continue
        # In the first free place, or in that of the farthest if it is farther than this one.
        far, at = max(abs(s.x - body.x), abs(s.y - body.y)), -1
        for j in range(0, HERD * _EACH, _EACH):
            if out[j] == 0:
                at = j
                break
            other = max(abs(out[j + Of.X] - body.x), abs(out[j + Of.Y] - body.y))
            if other > far:
                far, at = other, j
        if at < 0:
            continue
        out[at] = slot + 1
        out[at + Of.X] = s.x
        out[at + Of.Y] = s.y
        out[at + Of.SPEED_X] = s.xa
        out[at + Of.SPEED_Y] = s.ya
        out[at + Of.FACING] = s.facing
        out[at + Of.KIND] = kind
        out[at + Of.WINGED] = s.winged
        out[at + Of.WAIT] = min(s.aux, _LONGEST_WAIT)


@jit
def note(image, world, theme, facts):
    """Write a moment's facts.

    Args:
        image: The level image.
        world: The world.
        theme: Of the level.
        facts: float32[FACTS].
    """
    player = world.players[0]
    facts[0] = player.body.x
    facts[1] = player.body.y
    facts[2] = camera(image, world)[0]
    facts[3] = player.status
    facts[4] = np.int64(player.large) + np.int64(player.fire)
    facts[5] = player.coins
    facts[6] = world.kills_total
    facts[7] = player.body.on_ground
    facts[8] = player.jumps
    facts[9] = player.hurts
    facts[10] = player.body.xa
    facts[11] = player.body.ya
    facts[12] = player.jump_time
    facts[13] = world.start_time
    facts[14] = theme
    facts[15] = player.may_jump
    facts[16] = player.ducking
    facts[17] = player.invulnerable_time
    _note_nearest(world, player.body, facts[_NEAR:_SCANS])
    # The last column that is looked through for what appears is one beyond that at the right edge.
    facts[_SCANS] = (np.int64(facts[2]) + SCREEN_WIDTH_PX) // TILE_PX + 1 > world.scan_last
    # Cannons take turns: those of the next column fire two ticks later.
    facts[_VOLLEY] = (world.tick + 1 - 2 * (np.int64(facts[2]) // TILE_PX)) % VOLLEY_PERIOD
    _note_herd(world, player.body, facts[_HERD:])


def _herd_of(facts: NDArray[np.floating]) -> NDArray[np.floating]:
    """The creatures among facts, float[..., HERD, _EACH]."""
    herd = np.asarray(facts)[..., _HERD:]
    return herd.reshape(*herd.shape[:-1], HERD, _EACH)


def herd_ways(before: NDArray[np.floating], after: NDArray[np.floating]) -> NDArray[np.float32]:
    """How the creatures of a moment go on: way right and down, px; speeds; where they look.

    Args:
        before: float[..., FACTS].
        after: float[..., FACTS], a tick later.

    Returns:
        float32[..., HERD, 5]; NaN where there is no creature, or none any more.
    """
    then, now = _herd_of(before), _herd_of(after)
    same = (then[..., :, None, 0] == now[..., None, :, 0]) & (then[..., :, None, 0] > 0)
    which = same.argmax(-1)
    found = np.take_along_axis(now, which[..., None], -2)
    way = found[..., _PLACE] - then[..., _PLACE]
    # The number of one that is gone may be given to another one.
    known = same.any(-1) & (np.abs(way).max(-1) < SAME_PX)
    told = np.concatenate([way, found[..., Of.SPEED_X : Of.FACING + 1]], -1)
    return np.where(known[..., None], told, np.nan).astype(np.float32)


def newborn(before: NDArray[np.floating], after: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of the creatures after a tick were not there before, bool[..., HERD]."""
    then, now = (_herd_of(part)[..., 0] for part in (before, after))
    return (now > 0) & ~(now[..., :, None] == then[..., None, :]).any(-1)


def shots(before: NDArray[np.floating], after: NDArray[np.floating]) -> NDArray[np.float32]:
    """In which rows of tiles cannons fired in a tick, 1 or 0, float32[..., 15]."""
    now = _herd_of(after)
    fired = newborn(before, after) & (now[..., Of.KIND] == BULLET)
    row = np.floor(now[..., Of.Y] / TILE_PX)
    rows = np.arange(SCREEN_HEIGHT_PX // TILE_PX)
    return (fired[..., None] & (row[..., None] == rows)).any(-2).astype(np.float32)


def memory_of(facts: NDArray[np.floating]) -> NDArray[np.float32]:
    """The memory that a dream would have of a moment in the engine.

    Args:
        facts: float[..., FACTS]; where Mario's speed is not known it is NaN, and the memory empty.

    Returns:
        float32[..., MEMORY_SIZE].
    """
    facts = np.asarray(facts)
    told = {name: facts[..., i] for name, i in FACT.items()}
    known = np.isfinite(told["speed_x"])
    # Frames are drawn at half size, from an even column on.
    left = np.floor(told["camera"] / HALF_PX)
    numbers = {
        **told,
        **{"known": known, "placed": known, "seen": known},
        **{"x": told["x"] % PLACE_PERIOD_PX, "y": told["y"] % PLACE_PERIOD_PX},
        **{"screen_x": told["x"] - left * HALF_PX, "screen_y": told["y"]},
        **{"clock": told["clock"] % CLOCK_PERIOD, "camera": left % CAMERA_PERIOD},
        "large": told["mode"] > 0,
    }
    for number in range(HERD):
        part = f"creature_{number}_"
        there = told[f"{part}id"] > 0
        numbers[f"{part}there"] = there
        numbers[f"{part}x"] = np.where(there, told[f"{part}x"] - left * HALF_PX, 0)
    memory = np.stack([numbers[name] for name in MEMORY], -1)
    return np.where(known[..., None], memory, 0).astype(np.float32)
