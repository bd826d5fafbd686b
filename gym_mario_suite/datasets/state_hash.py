"""Hashes of levels and game states that outlive changes of the engine's records.

The bytes of a world will not do: they hold what is left over from earlier sprites and effects, the
numbering of the sprite slots, and whatever a later version adds to the record. So the hash reads
what the game's future depends on, field by field, in fixed types and the order of the sprite list.
The field lists are part of the replay format: they never change.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import NO_SPRITE, Rules
from gym_mario_suite.levels.level import Level

HASH_BYTES = 8

_FLOATS = ("x", "y", "xa", "ya")
_BODY_INTS = (
    "dead_time",
    "aux",
    "spawn",
    "y_start",
    "kind",
    "facing",
    "height",
    "on_ground",
    "winged",
    "dead",
    "fly_death",
    "carried",
)
_PLAYER_FLOATS = ("x_jump_speed", "y_jump_speed")
_PLAYER_INTS = (
    "jump_time",
    "invulnerable_time",
    "death_time",
    "win_time",
    "status",
    "was_on_ground",
    "may_jump",
    "ducking",
    "can_shoot",
    "large",
    "fire",
    "coins",
    "jumps",
    "hurts",
)
_WORLD_INTS = (
    "rules",
    "tick",
    "start_time",
    "time_left",
    "time_limit",
    "kills_total",
    "kills_stomp",
    "kills_fire",
    "kills_shell",
    "kills_bump",
    "fireballs_on_screen",
    "paused",
    "creatures_off",
    "invulnerable",
    "power_restoration",
    "timer_on",
    "n_sprites",
    "n_players",
)


def _packed(floats: tuple[str, ...], ints: tuple[str, ...]) -> np.dtype:
    return np.dtype([(name, "<f4") for name in floats] + [(name, "<i4") for name in ints])


_BODY = _packed(_FLOATS, _BODY_INTS)
_PLAYER = _packed(_PLAYER_FLOATS, _PLAYER_INTS)
_WORLD = _packed(("x_cam",), _WORLD_INTS)
_BODY_FIELDS, _PLAYER_FIELDS, _WORLD_FIELDS = (
    list(dtype.names or ()) for dtype in (_BODY, _PLAYER, _WORLD)
)


def _bytes_of(records: NDArray[np.void], fields: list[str], packed: np.dtype) -> bytes:
    out = np.empty(records.shape, packed)
    out[...] = records[fields]
    return out.tobytes()


def level_hash(level: Level) -> bytes:
    """Eight bytes that tell apart any two levels; the metadata does not count."""
    spawns = [value for s in level.spawns for value in (s.x, s.y, int(s.enemy), int(s.winged))]
    numbers = [level.width, level.height, level.x_exit, level.y_exit, *spawns]
    digest = blake2b(np.array(numbers, "<i4").tobytes(), digest_size=HASH_BYTES)
    digest.update(level.tiles.tobytes())
    if level.rules != Rules.COMPETITION_2009 or level.start is not None:
        digest.update(np.array([level.rules, *(level.start or ())], "<i4").tobytes())
    return digest.digest()


def next_hash(previous: bytes, keys: bytes, world: np.void) -> bytes:
    """The next link of a replay's chain of hashes.

    Args:
        previous: The link before; `level_hash` for the first one.
        keys: Button bits of the ticks since then. A button that made no difference counts too.
        world: The world after them.
    """
    link = previous + state_hash(world) + keys
    return blake2b(link, digest_size=HASH_BYTES).digest()


def state_hash(world: np.void) -> bytes:
    """Eight bytes that tell apart any two states with different futures.

    Args:
        world: A WORLD record, between ticks.
    """
    players = world["players"][: world["n_players"]]
    sprites = world["sprites"][world["order"][: world["n_sprites"]]]
    digest = blake2b(digest_size=HASH_BYTES)
    digest.update(_bytes_of(np.asarray(world), _WORLD_FIELDS, _WORLD))
    digest.update(_bytes_of(players, _PLAYER_FIELDS, _PLAYER))
    # Which slot holds the carried shell is no matter of the game; the shell knows it is carried.
    digest.update((players["carried"] != NO_SPRITE).tobytes())
    digest.update(_bytes_of(players["body"], _BODY_FIELDS, _BODY))
    digest.update(_bytes_of(sprites, _BODY_FIELDS, _BODY))
    digest.update(world["spent"][: world["spent_words"]].astype("<u4").tobytes())
    return digest.digest()
