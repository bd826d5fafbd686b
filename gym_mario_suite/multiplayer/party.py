"""Games of several players in compiled code: start, step, rewards, telemetry.

A game is a level with a few seats. The players share one world, or each is alone in a world of his
own and sees the others as ghosts. Which world and which of its players a seat has is told by
`seats[game, seat] = (world, player)`, so that all else is the same in both cases.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.player import mode_of
from gym_mario_suite.engine.tick import start_shared_world, tick
from gym_mario_suite.engine.world import KEY_BITS, TICKS_PER_SECOND, Status
from gym_mario_suite.envs.end_codes import RUNNING as PLAYING
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED

# What a player can be rewarded for, in the order of the arrays.
PARTY_TERMS = ("distance", "coins", "win", "death")
_DISTANCE, _COINS, _WIN_TERM, _DEATH_TERM = range(4)

# A seat's whole-number telemetry, in the order of the arrays.
PARTY_TELEMETRY = (
    "status",
    "mode",
    "coins",
    "jumps",
    "hurts",
    "place",
    "playing",
    "kills",
    "ticks",
    "time_left",
    "level_seed",
)

_RUNNING = int(Status.RUNNING)
_WIN = int(Status.WIN)
_DEAD = int(Status.DEAD)


class Share(IntEnum):
    """How what the players do becomes the reward of each."""

    OWN = 0
    TEAM = 1  # the mean over all players, for each of them
    RIVALS = 2  # one's own less the mean of the others: those of all players add up to zero


PARTY_CONFIG = np.dtype(
    [
        ("frame_skip", "i8"),
        ("max_cycles", "i8"),  # 0: no limit
        ("mode", "i8"),
        ("time_limit", "i8"),
        ("switches", "i8"),
        ("rivalry", "i8"),
        ("share", "i8"),
        ("first_wins", "u1"),  # the game is over when one has reached the exit
        ("weights", "f8", (len(PARTY_TERMS),)),
    ],
    align=True,
)

GAME = np.dtype([("cycles", "i8"), ("arrived", "i8"), ("level_seed", "i8")], align=True)

SEAT = np.dtype(
    [
        ("x", "f8"),  # where the last step has left him
        ("coins", "i8"),
        ("place", "i8"),  # 1 for the first to reach the exit; 0: not there
        ("ended", "u1"),
        ("spare", "u1", (7,)),
    ],
    align=True,
)


@inline_jit
def player_of(worlds, seats, game, seat):
    """The player that has a seat."""
    return worlds[seats[game, seat, 0]].players[seats[game, seat, 1]]


@jit
def _tick_game(images, rows, worlds, seats, game, keys):
    """One tick of a game's worlds; whoever has ended presses nothing."""
    shared = seats.shape[1] == 1 or seats[game, 0, 0] == seats[game, 1, 0]
    packed = 0
    for p in range(seats.shape[1]):
        player = player_of(worlds, seats, game, p)
        held = np.int64(keys[game, p]) if player.status == _RUNNING else 0
        if shared:
            packed |= held << (KEY_BITS * p)
        elif player.status == _RUNNING:
            tick(images[rows[game]], worlds[seats[game, p, 0]], held)
    if shared:
        tick(images[rows[game]], worlds[seats[game, 0, 0]], packed)


@inline_jit
def _is_over(config, worlds, seats, game):
    """Whether nobody plays any more, or the race is won."""
    running = False
    for p in range(seats.shape[1]):
        status = player_of(worlds, seats, game, p).status
        if status == _WIN and config.first_wins:
            return True
        running = running or status == _RUNNING
    return not running


@jit
def start_games(configs, images, rows, worlds, seats, games, memory, mask, keys, counts):
    """Start the games of `mask` in their levels and run the first tick, without buttons.

    Args:
        configs: PARTY_CONFIG[1].
        images: int32[levels, capacity].
        rows: int64[games], the row of `images` that each game plays.
        worlds: WORLD[games], or WORLD[games * seats] where everybody has his own.
        seats: int64[games, seats, 2], see the module.
        games: GAME[games].
        memory: SEAT[games, seats].
        mask: bool[games].
        keys: uint8[games, seats], overwritten with 0 where a game starts.
        counts: int64[games, seats, 11], filled in the order of PARTY_TELEMETRY.
    """
    config = configs[0]
    n = seats.shape[1]
    for g in range(seats.shape[0]):
        if not mask[g]:
            continue
        own_worlds = n > 1 and seats[g, 0, 0] != seats[g, 1, 0]
        for p in range(n):
            if p > 0 and not own_worlds:
                break
            start_shared_world(
                images[rows[g]],
                worlds[seats[g, p, 0]],
                config.mode,
                config.time_limit,
                config.switches,
                1 if own_worlds else n,
                config.rivalry,
            )
            if own_worlds:
                # His colour; his number makes no difference in a world of his own.
                player_of(worlds, seats, g, p).body.aux = p
        keys[g, :] = 0
        _tick_game(images, rows, worlds, seats, g, keys)
        games[g].cycles = 0
        games[g].arrived = 0
        for p in range(n):
            player = player_of(worlds, seats, g, p)
            seat = memory[g, p]
            seat.x = player.body.x
            seat.coins = player.coins
            seat.place = 0
            seat.ended = 0
        write_counts(worlds, seats, games, memory, g, counts)


@jit
def write_counts(worlds, seats, games, memory, game, counts):
    """Fill `counts[game]` in the order of PARTY_TELEMETRY."""
    for p in range(seats.shape[1]):
        world = worlds[seats[game, p, 0]]
        player = player_of(worlds, seats, game, p)
        row = counts[game, p]
        row[0] = player.status
        row[1] = mode_of(player)
        row[2] = player.coins
        row[3] = player.jumps
        row[4] = player.hurts
        row[5] = memory[game, p].place
        row[6] = 1 - memory[game, p].ended
        row[7] = world.kills_total
        row[8] = world.start_time - 1
        row[9] = max(np.int64(world.time_left), 0) // TICKS_PER_SECOND
        row[10] = games[game].level_seed


@inline_jit
def _shared_out(config, raw, game, seat, term):
    """A seat's share of what all seats have done for one term (`raw`: float64[games, seats, 4])."""
    n = raw.shape[1]
    own = raw[game, seat, term]
    if config.share == 0 or n == 1:
        return own
    total = 0.0
    for p in range(n):
        total += raw[game, p, term]
    if config.share == 1:
        return total / n
    return own - (total - own) / (n - 1)


@jit
def step_games(
    configs,
    images,
    rows,
    worlds,
    seats,
    games,
    memory,
    active,
    keys,
    raw,
    terms,
    rewards,
    codes,
    counts,
    first,
    end,
):
    """Step the games `first` .. `end` - 1 that are `active`.

    Args:
        configs: As of `start_games`, and so all up to `memory`.
        images: Levels.
        rows: Each game's row of them.
        worlds: Worlds.
        seats: Worlds and players of the seats.
        games: Games.
        memory: Seats.
        active: bool[games]; the others stay as they are, with rewards 0.
        keys: uint8[games, seats], button bits.
        raw: float64[games, seats, 4], scratch: what each player has done.
        terms: float64[games, seats, 4], filled with the weighted terms of the rewards.
        rewards: float64[games, seats], filled with their sums.
        codes: uint8[games, seats], filled: 1 terminated, 2 truncated, for those who end now.
        counts: int64[games, seats, 11], filled.
        first: First game.
        end: One past the last.
    """
    config = configs[0]
    n = seats.shape[1]
    for g in range(first, end):
        rewards[g, :] = 0.0
        terms[g, :, :] = 0.0
        codes[g, :] = PLAYING
        if not active[g]:
            continue
        for _ in range(config.frame_skip):
            _tick_game(images, rows, worlds, seats, g, keys)
            if _is_over(config, worlds, seats, g):
                break
        game = games[g]
        game.cycles += 1
        over = _is_over(config, worlds, seats, g)
        late = config.max_cycles > 0 and game.cycles >= config.max_cycles
        arrived = 0
        for p in range(n):
            player = player_of(worlds, seats, g, p)
            seat = memory[g, p]
            raw[g, p, :] = 0.0
            if seat.ended:
                continue
            raw[g, p, _DISTANCE] = np.float64(player.body.x) - seat.x
            raw[g, p, _COINS] = player.coins - seat.coins
            seat.x = player.body.x
            seat.coins = player.coins
            out_of_time = worlds[seats[g, p, 0]].time_left == 0
            if player.status == _WIN:
                raw[g, p, _WIN_TERM] = 1.0
                # Those who arrive in one step share a place.
                seat.place = game.arrived + 1
                arrived += 1
                codes[g, p] = TERMINATED
            elif player.status == _DEAD and not out_of_time:
                raw[g, p, _DEATH_TERM] = 1.0
                codes[g, p] = TERMINATED
            elif player.status == _DEAD:
                codes[g, p] = TRUNCATED
            elif over:
                codes[g, p] = TERMINATED
            elif late:
                codes[g, p] = TRUNCATED
        game.arrived += arrived
        for p in range(n):
            for k in range(len(PARTY_TERMS)):
                terms[g, p, k] = config.weights[k] * _shared_out(config, raw, g, p, k)
                rewards[g, p] += terms[g, p, k]
        for p in range(n):
            if codes[g, p] != PLAYING:
                memory[g, p].ended = 1
        write_counts(worlds, seats, games, memory, g, counts)
