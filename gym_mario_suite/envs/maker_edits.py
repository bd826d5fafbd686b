"""The compiled part of `MarioMaker-v0`: edits under limits, what they change, resets."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.envs.end_codes import RUNNING, TERMINATED, TRUNCATED
from gym_mario_suite.envs.episode import draw_uint64
from gym_mario_suite.envs.maker_board import FILL_GIVEN, FILL_RANDOM
from gym_mario_suite.envs.maker_masks import MOVES, keeps_limits, write_mask
from gym_mario_suite.envs.maker_options import (
    FLAT,
    GRID,
    METRICS,
    N_METRICS,
    NARROW,
    PATCH,
    TURTLE,
)
from gym_mario_suite.levels.maker.structures import broken_near, count_broken
from gym_mario_suite.levels.maker.style import add_windows, count_windows, divergence
from gym_mario_suite.levels.solver_search import (
    aim,
    begin_anew,
    change_cell,
    lay_out,
    mark_way,
    run_search,
)

_PROGRESS, _SOLVED, _JUMPS, _ENEMIES, _COINS, _LIMITS, _STRUCTURES, _STYLE = range(len(METRICS))
_TO_UNIT = 2.0**-53


@inline_jit
def _count(board, rules, i, part, sign):
    board.counts[i, part] += sign
    for group in range(rules.most.shape[0]):
        board.held[i, group] += sign * rules.member[part, group]


@jit
def put(board, rules, i, row, column, part):
    """Put a part into a cell; what is refused counts as invalid."""
    episode = board.episodes[i]
    old = board.maps[i, row, column]
    if part == old:
        return
    if (
        board.frozen[i, row, column]
        or episode.changes >= rules.max_changes
        or not keeps_limits(board, rules, i, old, part)
    ):
        episode.invalid += 1
        return
    episode.changed += 1
    episode.changes += 1
    _count(board, rules, i, old, -1)
    _count(board, rules, i, part, 1)
    board.maps[i, row, column] = part
    tile = rules.tile_of[part]
    tiles = board.tiles[i]
    before = tiles[row, column]
    if tile == before:
        return
    broken = broken_near(tiles, row, column)
    if rules.style:
        _add_windows(board, rules, i, row, column, -1)
    tiles[row, column] = tile
    if rules.style:
        _add_windows(board, rules, i, row, column, 1)
    episode.broken += broken_near(tiles, row, column) - broken
    if rules.solve and rules.solid[tile] != rules.solid[before]:
        change_cell(
            board.cells[i],
            board.queue[i],
            board.reached[i],
            board.search[i],
            column,
            row,
            rules.solid[tile],
        )


@jit
def _add_windows(board, rules, i, row, column, sign):
    add_windows(
        board.tiles[i],
        board.patterns[i],
        board.sums[i],
        rules.by_count,
        rules.by_pattern,
        row - 1,
        column - 1,
        sign,
    )


@inline_jit
def goal_of(board, i):
    """The column of a board's goal: the last one where its course names none."""
    goal = np.int64(board.episodes[i].goal)
    return goal if goal >= 0 else board.maps.shape[2] - 1


@jit
def measure(board, rules, i):
    """Bring the metrics and the score up to date."""
    episode = board.episodes[i]
    metrics = board.metrics[i]
    height, width = board.maps[i].shape
    goal = goal_of(board, i)
    if rules.solve:
        # The furthest column alone does not say whether the way to it is still the same.
        episode.furthest = run_search(
            board.cells[i], board.queue[i], board.reached[i], board.search[i], rules.offsets
        )
        episode.jumps = mark_way(board.queue[i], board.search[i], rules.tree, board.paths[i])
        solved = episode.furthest == goal
        metrics[_PROGRESS] = 1.0 if solved else max(episode.furthest, 0) / max(goal, 1)
        metrics[_SOLVED] = 1.0 if solved else 0.0
        metrics[_JUMPS] = episode.jumps
    enemies = np.int64(0)
    coins = np.int64(0)
    for part in range(rules.tile_of.shape[0]):
        enemies += rules.enemy[part] * np.int64(board.counts[i, part])
        coins += rules.coin[part] * np.int64(board.counts[i, part])
    metrics[_ENEMIES] = enemies
    metrics[_COINS] = coins
    over = np.int64(0)
    for group in range(rules.most.shape[0]):
        over += max(np.int64(board.held[i, group]) - rules.most[group], 0)
    metrics[_LIMITS] = over
    metrics[_STRUCTURES] = episode.broken
    if rules.style:
        metrics[_STYLE] = divergence(board.sums[i], (height - 1) * (width - 1))


@jit
def score_of(board, rules, i):
    """The weighted distance to the targets: 0 where all that count are met."""
    total = 0.0
    for metric in range(N_METRICS):
        value = board.metrics[i, metric]
        low, high = board.targets[i, metric, 0], board.targets[i, metric, 1]
        distance = max(low - value, max(value - high, 0.0))
        total += rules.weights[metric] * distance
    return total


@jit
def _look_at(board, rules, i):
    """Put the cursor where its order says."""
    episode = board.episodes[i]
    place = np.int64(board.order[i, episode.at % rules.places])
    rows, columns = 1, 1
    if rules.kind == PATCH:
        rows, columns = rules.patch_rows, rules.patch_columns
    across = (board.maps.shape[2] + columns - 1) // columns
    board.pos[i, 0] = place % across * columns
    board.pos[i, 1] = place // across * rows


@jit
def _act(board, rules, i, action):
    """Carry out an action of the representation."""
    episode = board.episodes[i]
    height, width = board.maps.shape[1], board.maps.shape[2]
    column, row = np.int64(board.pos[i, 0]), np.int64(board.pos[i, 1])
    if rules.kind == NARROW:
        put(board, rules, i, row, column, action[0])
    elif rules.kind == TURTLE:
        if action[0] >= MOVES:
            put(board, rules, i, row, column, action[0] - MOVES)
            return
        to_column = column + (action[0] == 1) - (action[0] == 0)
        to_row = row + (action[0] == 3) - (action[0] == 2)
        if 0 <= to_column < width and 0 <= to_row < height:
            board.pos[i, 0], board.pos[i, 1] = to_column, to_row
        else:
            episode.invalid += 1
        return
    elif rules.kind == PATCH:
        for y in range(rules.patch_rows):
            for x in range(rules.patch_columns):
                if row + y < height and column + x < width:
                    part = action[y * rules.patch_columns + x]
                    put(board, rules, i, row + y, column + x, part)
    elif rules.kind == GRID:
        for y in range(height):
            for x in range(width):
                put(board, rules, i, y, x, action[y * width + x])
        return
    else:
        part = action[0]
        if rules.kind == FLAT:
            k = rules.tile_of.shape[0]
            part = action[0] % k
            row, column = action[0] // k // width, action[0] // k % width
        else:
            column, row, part = action[0], action[1], action[2]
        board.pos[i, 0], board.pos[i, 1] = column, row
        put(board, rules, i, row, column, part)
        return
    episode.at += 1
    _look_at(board, rules, i)


@jit
def step_one(board, rules, i, action):
    """One step of a board; returns the reward."""
    episode = board.episodes[i]
    episode.changed = 0
    episode.invalid = 0
    _act(board, rules, i, action)
    episode.steps += 1
    before = episode.score
    if episode.changed:
        measure(board, rules, i)
        episode.score = score_of(board, rules, i)
    write_mask(board, rules, i)
    if episode.score == 0.0:
        episode.code = TERMINATED
    elif episode.changes >= rules.max_changes or episode.steps >= rules.max_steps:
        episode.code = TRUNCATED
    reward = before - episode.score
    if not rules.dense:
        reward = episode.begun_score - episode.score if episode.code else 0.0
    return reward + rules.bonus if episode.code == TERMINATED else reward


@jit
def _begin_cell(board, rules, i, fill, row, column):
    """What a cell holds in the beginning, the limits aside."""
    base = rules.base[row, column]
    if rules.base_frozen[row, column]:
        return base
    if fill == FILL_RANDOM:
        drawn = draw_uint64(board.episodes[i])
        part = 0
        while drawn > rules.shares[part]:
            part += 1
        return np.uint8(part)
    return board.maps[i, row, column] if fill == FILL_GIVEN else base


@jit
def reset_one(board, rules, i, fill):
    """Begin an episode; with FILL_GIVEN `maps[i]` holds the map, else it is made here.

    What would break a limit is left out, from the left upper corner on, row by row.
    """
    episode = board.episodes[i]
    height, width = board.maps.shape[1], board.maps.shape[2]
    board.counts[i] = 0
    board.held[i] = 0
    # Frozen cells first: their parts are not left out.
    for frozen in range(2):
        for row in range(height):
            for column in range(width):
                if rules.base_frozen[row, column] == frozen:
                    continue
                part = _begin_cell(board, rules, i, fill, row, column)
                if not keeps_limits(board, rules, i, 0, part):
                    part = np.uint8(0)
                board.maps[i, row, column] = part
                board.tiles[i, row, column] = rules.tile_of[part]
                _count(board, rules, i, part, 1)
    for row in range(height):
        for column in range(width):
            board.frozen[i, row, column] = rules.base_frozen[row, column] or (
                rules.freeze > 0.0 and _draw_unit(episode) < rules.freeze
            )
    for metric in range(N_METRICS):
        low, high = rules.control[metric, 0], rules.control[metric, 1]
        one, two = rules.targets[metric, 0], rules.targets[metric, 1]
        if low == low:
            one = low + (high - low) * _draw_unit(episode)
            two = low + (high - low) * _draw_unit(episode)
        board.targets[i, metric, 0] = min(one, two)
        board.targets[i, metric, 1] = max(one, two)
    if rules.shuffled:
        _shuffle(board, i)
    episode.start_column = rules.start_column
    episode.start_row = rules.start_row
    episode.goal = rules.goal
    episode.steps = 0
    episode.changes = 0
    episode.changed = 0
    episode.invalid = 0
    episode.at = 0
    _look_at(board, rules, i)
    if rules.kind == TURTLE:
        board.pos[i, 0] = draw_uint64(episode) % np.uint64(width)
        board.pos[i, 1] = draw_uint64(episode) % np.uint64(height)
    settle(board, rules, i)
    episode.begun_score = episode.score


@jit
def settle(board, rules, i):
    """Measure a board anew, from its map alone."""
    episode = board.episodes[i]
    episode.broken = count_broken(board.tiles[i])
    if rules.style:
        count_windows(
            board.tiles[i], board.patterns[i], board.sums[i], rules.by_count, rules.by_pattern
        )
    if rules.solve:
        begin_anew(board.queue[i], board.reached[i], board.search[i])
        aim(board.search[i], episode.start_column, episode.start_row, goal_of(board, i))
        lay_out(board.cells[i], board.search[i], board.tiles[i], rules.solid)
    measure(board, rules, i)
    rescore(board, rules, i)


@jit
def rescore(board, rules, i):
    """The score by the board's targets; the episode goes on, whatever it is."""
    episode = board.episodes[i]
    episode.score = score_of(board, rules, i)
    episode.code = RUNNING
    write_mask(board, rules, i)


@inline_jit
def _draw_unit(episode):
    return np.float64(draw_uint64(episode) >> np.uint64(11)) * _TO_UNIT


@jit
def _shuffle(board, i):
    order = board.order[i]
    episode = board.episodes[i]
    for place in range(order.shape[0]):
        order[place] = place
    for last in range(order.shape[0] - 1, 0, -1):
        other = np.int64(draw_uint64(episode) % np.uint64(last + 1))
        order[last], order[other] = order[other], order[last]


@jit
def step_rows(board, rules, first, end, actions, active, rewards):
    """One step of the boards from `first` to before `end`; one that has ended is reset instead.

    Args:
        board: Board.
        rules: Rules.
        first: First row.
        end: Row after the last.
        actions: int64[n, numbers of an action].
        active: bool[n]; the others keep their state and get reward 0.
        rewards: float64[n], filled.
    """
    for i in range(first, end):
        rewards[i] = 0.0
        if not active[i]:
            continue
        if board.episodes[i].code != RUNNING:
            reset_one(board, rules, i, rules.fill)
        else:
            rewards[i] = step_one(board, rules, i, actions[i])


@jit
def reset_rows(board, rules, mask, fill):
    """Begin episodes in the boards of `mask` (bool[n])."""
    for i in range(mask.shape[0]):
        if mask[i]:
            reset_one(board, rules, i, fill)
