"""What the environment on a GPU runs for its games, beside the step and the reset of `episode`.

Functions over rows, as in `engine.rows`. Games there usually share a pool of levels: then a reset
draws the same seed as everywhere, and takes the level of that seed from the pool.

Arguments as in `episode.step_rows`, and:
    actions: int64[n], numbers of actions; or int8[n, 5], five buttons.
    faults: int64[1], becomes 1 when an action is none; it presses nothing then.
    ended: bool[n], the games whose episode is over.
"""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit, merged_jit
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.episode import (
    begin_episode,
    next_level_seed,
    step_episode,
    sum_of,
    write_telemetry,
)


@jit
def read_action_rows(first, end, key_table, actions, keys, faults):
    """Button bits of numbered actions; `key_table`: uint8[actions]."""
    for i in range(first, end):
        action = actions[i]
        if 0 <= action < key_table.shape[0]:
            keys[i] = key_table[action]
        else:
            keys[i] = 0
            faults[0] = 1


@jit
def read_button_rows(first, end, bits, actions, keys, faults):
    """Button bits of five buttons each; `bits`: uint8[5]."""
    for i in range(first, end):
        pressed = 0
        for button in range(bits.shape[0]):
            if actions[i, button] == 1:
                pressed |= bits[button]
            elif actions[i, button] != 0:
                faults[0] = 1
        keys[i] = pressed


@merged_jit
def _reset_from_pool(config, images, rows, i, world, episode, counts):
    """`reset_episode`, where row k of `images` holds the level of seed `seed_low` + k.

    A fixed level is that of row 0.
    """
    if not episode.seed_given:
        episode.level_seed = config.seed_low
        if config.generated:
            episode.level_seed = next_level_seed(config, episode)
        rows[i] = episode.level_seed - config.seed_low
    begin_episode(config, images[rows[i]], world, episode, counts)


@jit
def reset_pooled_rows(first, end, configs, images, rows, worlds, episodes, mask, terms, counts):
    """Reset the games of `mask`, with levels of the pool."""
    for i in range(first, end):
        if mask[i]:
            _reset_from_pool(configs[0], images, rows, i, worlds[i], episodes[i], counts[i])
            terms[i] = 0.0
            write_telemetry(worlds[i], episodes[i], counts[i])


@jit
def step_active_rows(
    first, end, configs, images, rows, worlds, episodes, keys, active, terms, rewards, codes, counts
):
    """Step the games of `active`, none of which is over; the others stay, with reward 0."""
    for i in range(first, end):
        if active[i]:
            image = images[rows[i]]
            codes[i] = step_episode(
                configs[0], image, worlds[i], episodes[i], keys[i], terms[i], counts[i]
            )
            write_telemetry(worlds[i], episodes[i], counts[i])
        else:
            terms[i] = 0.0
        rewards[i] = sum_of(terms[i])


@jit
def split_rows(first, end, ended, among, due, active):
    """Which games are to be reset in this step (`due`), and which are played (`active`).

    A game of `among` (bool[n]) whose episode is over is due, and no game whose episode is over is
    played.
    """
    for i in range(first, end):
        due[i] = among[i] and ended[i]
        active[i] = among[i] and not ended[i]


@jit
def renew_rows(first, end, worlds, rows, level_themes, mask, themes, codes, ended, distances):
    """Forget the ends of the games of `mask`, which have been reset.

    They are drawn in the theme of their row of levels: `level_themes` is int64[levels].
    """
    for i in range(first, end):
        if mask[i]:
            themes[i] = level_themes[rows[i]]
            codes[i] = 0
            ended[i] = False
            distances[i] = worlds[i].players[0].body.x


@jit
def report_rows(first, end, worlds, codes, among, ended, terminated, truncated, distances):
    """What a step of the games of `among` (bool[n]) has come to."""
    for i in range(first, end):
        ended[i] = codes[i] != 0
        terminated[i] = among[i] and codes[i] == TERMINATED
        truncated[i] = among[i] and codes[i] == TRUNCATED
        distances[i] = worlds[i].players[0].body.x
