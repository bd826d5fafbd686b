"""Episodes of Infinite Mario in compiled code: reset, step, reward, telemetry.

The single and the vector environment call the same functions, so that they cannot differ. An
environment is a row in a few arrays: a world, an episode record, and the row of `images` that holds
its level (each its own, where levels are generated; one for all, where the level is fixed).
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit, merged_jit
from gym_mario_suite.engine.player import mode_of
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.tick_2019 import MS_PER_TICK
from gym_mario_suite.engine.world import MS_PER_SECOND, TICKS_PER_SECOND, Event, Rules, Status
from gym_mario_suite.levels.generator_2009 import generate_2009

# What a step can be rewarded for, in the order of the arrays.
REWARD_TERMS = ("distance", "coins", "kills", "mode", "time", "win", "death")
_DISTANCE, _COINS, _KILLS, _MODE, _TIME, _WIN_TERM, _DEATH_TERM = range(7)

# Whole-number telemetry, in the order of the arrays.
TELEMETRY = (
    "status",
    "mode",
    "coins",
    "kills",
    "kills_stomp",
    "kills_fire",
    "kills_shell",
    "kills_bump",
    "jumps",
    "hurts",
    "ticks",
    "time_left",
    "level_seed",
)

# Under the 2019 rules the arrays go on with how often each event has happened in the step.
EVENT_COUNTS = tuple(f"event_{event.name.lower()}" for event in Event)
_AT_EVENTS = len(TELEMETRY)

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_RUNNING = int(Status.RUNNING)
_WIN = int(Status.WIN)
_DEAD = int(Status.DEAD)
_TIME_OUT = int(Status.TIME_OUT)

CONFIG = np.dtype(
    [
        ("frame_skip", "i8"),
        ("sticky_prob", "f8"),
        ("generated", "u1"),  # each episode has a generated level (else: a fixed one)
        ("seed_low", "i8"),  # level seeds are drawn from seed_low .. seed_high - 1
        ("seed_high", "i8"),
        ("difficulty", "i8"),
        ("level_type", "i8"),
        ("length", "i8"),
        ("mode", "i8"),
        ("time_limit", "i8"),
        ("switches", "i8"),
        ("max_steps", "i8"),  # 0: no limit
        ("weights", "f8", (len(REWARD_TERMS),)),
    ],
    align=True,
)

EPISODE = np.dtype(
    [
        ("rng", "u8"),  # splitmix64 state: level seeds and sticky actions
        ("level_seed", "i8"),
        ("seed_given", "u1"),  # level_seed was set from outside for the next reset
        ("level_ready", "u1"),  # the image holds the level of level_seed
        ("ended", "u1"),  # the code of the last step: 0 running, 1 terminated, 2 truncated
        ("failure", "u1"),  # the generator's code, when it could not make the level
        ("spare", "u1", (4,)),  # zeros: a gap here would put whatever is in memory into states
        ("last_keys", "i8"),
        ("steps", "i8"),
        ("x", "f8"),
        ("coins", "i8"),
        ("kills", "i8"),
        ("mode", "i8"),
        ("ticks", "i8"),
        ("status", "i8"),
    ],
    align=True,
)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_TO_UNIT = 1.0 / (1 << 53)


@jit
def draw_uint64(episode):
    """The next number of the episode's stream (splitmix64, Steele et al. 2014)."""
    episode.rng = episode.rng + _GOLDEN
    z = episode.rng
    z = (z ^ (z >> _SHIFTS[0])) * _MIX_1
    z = (z ^ (z >> _SHIFTS[1])) * _MIX_2
    return z ^ (z >> _SHIFTS[2])


@inline_jit
def _remember(world, episode):
    """Keep what the next step's reward is measured against."""
    player = world.players[0]
    episode.x = player.body.x
    episode.coins = player.coins
    episode.kills = world.kills_total
    episode.mode = mode_of(player)
    episode.ticks = world.start_time
    episode.status = player.status


@inline_jit
def _is_out_of_time(world):
    """Whether the clock has ended the game: in 2009 it kills Mario."""
    status = world.players[0].status
    if world.rules == _COMPETITION_2009:
        return status == _DEAD and world.time_left == 0
    return status == _TIME_OUT


@inline_jit
def seconds_of(world, ticks):
    """Ticks as seconds of the level's clock."""
    if world.rules == _COMPETITION_2009:
        return ticks / TICKS_PER_SECOND
    return ticks * (MS_PER_TICK / MS_PER_SECOND)


@inline_jit
def _forget_events(world, counts):
    if world.rules != _COMPETITION_2009:
        counts[_AT_EVENTS:] = 0


@jit
def _count_events(world, counts):
    for i in range(world.n_events):
        counts[_AT_EVENTS - 1 + world.events[i].kind] += 1


@merged_jit
def _counted_tick(image, world, keys, counts):
    """A tick, and under the 2019 rules its events added to `counts`."""
    before = world.tick
    tick(image, world, keys)
    # A tick in which all stands still leaves the events of the last one where they are.
    if world.rules != _COMPETITION_2009 and world.tick != before:
        _count_events(world, counts)


@jit
def next_level_seed(config, episode):
    """Draw the seed of the episode's next level."""
    span = np.uint64(config.seed_high - config.seed_low)
    return config.seed_low + np.int64(draw_uint64(episode) % span)


@jit
def draw_level_seeds(configs, episodes, mask, seeds):
    """Fill `seeds` (int64[n]) for the episodes of `mask` (bool[n]); their streams move on."""
    for i in range(episodes.shape[0]):
        if mask[i]:
            seeds[i] = next_level_seed(configs[0], episodes[i])


@merged_jit
def begin_episode(config, image, world, episode, counts):
    """Start the world in its level and run its first tick.

    The original asks its agent for the first time after one tick without buttons; so the first
    observation is the world after that tick.
    """
    episode.seed_given = 0
    start_world(image, world, config.mode, config.time_limit, config.switches)
    _forget_events(world, counts)
    _counted_tick(image, world, 0, counts)
    episode.last_keys = 0
    episode.steps = 0
    episode.ended = 0
    _remember(world, episode)


@merged_jit
def reset_episode(config, images, row, world, episode, counts, rng, starts):
    """Begin a new episode: choose and make the level, and begin."""
    if config.generated:
        if not episode.seed_given:
            seed = next_level_seed(config, episode)
            if seed != episode.level_seed:
                episode.level_ready = 0
            episode.level_seed = seed
        if not episode.level_ready:
            episode.failure = generate_2009(
                images[row],
                rng,
                starts,
                config.length,
                np.uint64(episode.level_seed),
                config.difficulty,
                config.level_type,
            )
            episode.level_ready = 1
            if episode.failure:
                return
    begin_episode(config, images[row], world, episode, counts)


@inline_jit
def _held_keys(config, episode, keys):
    """Button bits in effect in the next tick: the action's, or stuck, those of the tick before."""
    held = keys
    if config.sticky_prob > 0.0:
        chance = np.float64(draw_uint64(episode) >> np.uint64(11)) * _TO_UNIT
        if chance < config.sticky_prob:
            held = episode.last_keys
    episode.last_keys = held
    return held


@jit
def foresee_keys(configs, episodes, keys, out):
    """Fill `out` (uint8[ticks]) with what `episodes[0]` will hold; its stream moves on."""
    for t in range(out.shape[0]):
        out[t] = _held_keys(configs[0], episodes[0], keys)


@merged_jit
def step_episode(config, image, world, episode, keys, terms, counts):
    """Run one action for `frame_skip` ticks or until the episode ends.

    Args:
        config: CONFIG record.
        image: Level image.
        world: WORLD record.
        episode: EPISODE record.
        keys: Button bits of the action.
        terms: float64[7], filled with the weighted reward terms; their sum is the reward.
        counts: The environment's telemetry, of which the events are filled.

    Returns:
        0 running, 1 terminated (won or dead), 2 truncated (out of time or of steps).
    """
    player = world.players[0]
    _forget_events(world, counts)
    for _ in range(config.frame_skip):
        _counted_tick(image, world, _held_keys(config, episode, keys), counts)
        if player.status != _RUNNING:
            break
    episode.steps += 1
    won = player.status == _WIN and episode.status == _RUNNING
    out_of_time = _is_out_of_time(world)
    died = player.status == _DEAD and episode.status == _RUNNING and not out_of_time
    w = config.weights
    terms[_DISTANCE] = w[_DISTANCE] * (np.float64(player.body.x) - episode.x)
    terms[_COINS] = w[_COINS] * (player.coins - episode.coins)
    terms[_KILLS] = w[_KILLS] * (world.kills_total - episode.kills)
    terms[_MODE] = w[_MODE] * (mode_of(player) - episode.mode)
    terms[_TIME] = w[_TIME] * seconds_of(world, world.start_time - episode.ticks)
    terms[_WIN_TERM] = w[_WIN_TERM] if won else 0.0
    terms[_DEATH_TERM] = w[_DEATH_TERM] if died else 0.0
    _remember(world, episode)
    code = 0
    if player.status != _RUNNING:
        code = 2 if out_of_time else 1
    elif config.max_steps > 0 and episode.steps >= config.max_steps:
        code = 2
    episode.ended = code
    return code


@jit
def write_telemetry(world, episode, counts):
    """Fill `counts` (int64[13 or more]) in the order of TELEMETRY; what follows stays."""
    player = world.players[0]
    counts[0] = player.status
    counts[1] = mode_of(player)
    counts[2] = player.coins
    counts[3] = world.kills_total
    counts[4] = world.kills_stomp
    counts[5] = world.kills_fire
    counts[6] = world.kills_shell
    counts[7] = world.kills_bump
    counts[8] = player.jumps
    counts[9] = player.hurts
    counts[10] = world.start_time - 1
    time_left = np.int64(world.time_left)
    unit = TICKS_PER_SECOND if world.rules == _COMPETITION_2009 else MS_PER_SECOND
    whole = abs(time_left) // unit
    counts[11] = whole if time_left >= 0 else -whole
    counts[12] = episode.level_seed


@jit
def sum_of(terms):
    """The reward: the terms added in their order."""
    total = 0.0
    for i in range(len(REWARD_TERMS)):
        total += terms[i]
    return total


@merged_jit
def _advance(config, images, row, world, episode, keys, terms, counts, rng, starts):
    """One environment's share of a vector step; returns the code of `step_episode`."""
    if episode.ended:
        terms[:] = 0.0
        reset_episode(config, images, row, world, episode, counts, rng, starts)
        code = 0
    else:
        code = step_episode(config, images[row], world, episode, keys, terms, counts)
    write_telemetry(world, episode, counts)
    return code


@jit
def step_rows(
    first,
    end,
    configs,
    images,
    rows,
    worlds,
    episodes,
    keys,
    active,
    terms,
    rewards,
    codes,
    counts,
    scratch,
):
    """Step the environments `first` .. `end` - 1 of a batch; one that has ended is reset instead.

    Args:
        first: First environment.
        end: One past the last.
        configs: CONFIG[1].
        images: int32[levels, capacity].
        rows: int64[n], each environment's row of `images`.
        worlds: WORLD[n].
        episodes: EPISODE[n].
        keys: uint8[n], button bits.
        active: bool[n]; environments where it is not set stay as they are, with reward 0.
        terms: float64[n, 7], filled.
        rewards: float64[n], filled.
        codes: uint8[n], filled: 0 running, 1 terminated, 2 truncated.
        counts: int64[n, 13], filled in the order of TELEMETRY; int64[n, 25] under the 2019 rules,
            and then EVENT_COUNTS.
        scratch: The generator's (uint64[n, 1], int64[n, 5]).
    """
    for i in range(first, end):
        if not active[i]:
            terms[i] = 0.0
            rewards[i] = 0.0
            continue
        codes[i] = _advance(
            configs[0],
            images,
            rows[i],
            worlds[i],
            episodes[i],
            keys[i],
            terms[i],
            counts[i],
            scratch[0][i],
            scratch[1][i],
        )
        rewards[i] = sum_of(terms[i])


@jit
def reset_rows(first, end, configs, images, rows, worlds, episodes, mask, terms, counts, scratch):
    """Reset the environments whose `mask` (bool[n]) is set; arguments as in `step_rows`."""
    for i in range(first, end):
        if mask[i]:
            reset_episode(
                configs[0],
                images,
                rows[i],
                worlds[i],
                episodes[i],
                counts[i],
                scratch[0][i],
                scratch[1][i],
            )
            terms[i] = 0.0
            write_telemetry(worlds[i], episodes[i], counts[i])


@jit
def read_telemetry(worlds, episodes, index, counts):
    """Fill `counts[index]` from the game as it stands, after it was loaded."""
    _forget_events(worlds[index], counts[index])
    write_telemetry(worlds[index], episodes[index], counts[index])


@jit
def take_stock(worlds, episodes):
    """Have `episodes[0]` go on from `worlds[0]`, whatever came before."""
    player = worlds[0].players[0]
    episodes[0].last_keys = player.keys
    episodes[0].ended = 0
    if player.status != _RUNNING:
        episodes[0].ended = 2 if _is_out_of_time(worlds[0]) else 1
    _remember(worlds[0], episodes[0])
