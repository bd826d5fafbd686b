"""The arrays of `MarioMaker-v0`: boards being edited, and the rules they are edited by."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gym_mario_suite.envs.maker_options import (
    N_METRICS,
    NARROW,
    PATCH,
    MakerOptions,
)
from gym_mario_suite.levels.jump_arcs import arc_tree
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.style import N_PATTERNS, corpus_bits, count_bits
from gym_mario_suite.levels.solver_search import search_memory
from gym_mario_suite.levels.tile_grid import SOLID

EPISODE = np.dtype(
    [
        ("rng", "u8"),  # splitmix64 state, see envs.episode.draw_uint64
        ("steps", "i8"),
        ("changes", "i8"),
        ("at", "i8"),  # place of the cursor in its order
        ("broken", "i8"),
        ("jumps", "i8"),
        ("furthest", "i8"),
        ("begun_score", "f8"),  # weighted distance to the targets at the beginning
        ("score", "f8"),  # the same now
        ("changed", "i4"),  # cells that the last step changed
        ("invalid", "i4"),  # of its edits were refused
        ("code", "u1"),  # 0 running, 1 terminated, 2 truncated
        ("start_column", "i4"),  # -1 where the course names no start
        ("start_row", "i4"),
        ("goal", "i4"),  # column, -1 where the course names none
    ]
)
# How a map begins.
FILL_BASE, FILL_RANDOM, FILL_GIVEN = range(3)


class Board(NamedTuple):
    """Arrays with a row for each environment; see `new_board` for their shapes."""

    maps: Any  # palette codes, uint8[n, height, width]
    tiles: Any  # the same as tile codes
    frozen: Any  # uint8[n, height, width], 1 for cells that cannot be changed
    paths: Any  # uint8[n, height, width], 1 where the solver's way leads
    pos: Any  # int32[n, 2], column and row
    counts: Any  # int32[n, K], cells of each part
    held: Any  # int32[n, groups], cells of each limited group
    order: Any  # int32[n, places], the cursor's places in their order
    episodes: Any  # EPISODE[n]
    metrics: Any  # float64[n, 8]
    targets: Any  # float64[n, 8, 2]
    masks: Any  # int8[n, actions]
    cells: Any  # these four are the solver's
    queue: Any
    reached: Any
    search: Any
    patterns: Any  # int32[n, 13**4], counts of the style's windows; [n, 1] if it is not measured
    sums: Any  # int64[n, 2], the style's sums
    allowed: Any  # uint8[n, K, K], scratch: whether a part may take another's place


class Rules(NamedTuple):
    """What all environments of a batch share."""

    kind: int
    patch_rows: int
    patch_columns: int
    places: int
    max_changes: int
    max_steps: int
    dense: bool
    bonus: float
    solve: bool
    style: bool
    fill: int
    shuffled: bool
    freeze: float
    base: Any  # uint8[height, width], palette codes
    base_frozen: Any  # uint8[height, width]
    start_column: int  # of the course that a map begins with, as in EPISODE
    start_row: int
    goal: int
    shares: Any  # uint64[K], cumulated shares of a random map
    tile_of: Any  # uint8[K]
    enemy: Any  # uint8[K]
    coin: Any  # uint8[K]
    member: Any  # uint8[K, groups]
    most: Any  # int64[groups]
    weights: Any  # float64[8]
    targets: Any  # float64[8, 2]
    control: Any  # float64[8, 2], NaN where targets are not drawn
    solid: Any
    offsets: Any
    tree: Any
    by_count: Any
    by_pattern: Any


def new_board(options: MakerOptions, count: int) -> Board:
    """Boards for `count` environments; nothing on them means anything before a reset."""
    height, width, k = options.height, options.width, len(options.parts)
    groups = len(options.course_limits.most)
    cells, queue, reached, search, _ = search_memory(height, width, count)

    def plane() -> Any:
        return np.zeros((count, height, width), np.uint8)

    places = np.arange(options.positions, dtype=np.int32)
    if options.cursor == "columns":
        across = -(-width // options.patch[1]) if options.kind == PATCH else width
        places = places.reshape(-1, across).T.ravel()
    order = np.tile(places, (count, 1))
    return Board(
        maps=plane(),
        tiles=plane(),
        frozen=plane(),
        paths=plane(),
        pos=np.zeros((count, 2), np.int32),
        counts=np.zeros((count, k), np.int32),
        held=np.zeros((count, groups), np.int32),
        order=order,
        episodes=np.zeros(count, EPISODE),
        metrics=np.zeros((count, N_METRICS)),
        targets=np.tile(options.target_rows, (count, 1, 1)),
        masks=np.zeros((count, sum(options.action_sizes)), np.int8),
        cells=cells,
        queue=queue,
        reached=reached,
        search=search,
        patterns=np.zeros((count, N_PATTERNS if options.style_measured else 1), np.int32),
        sums=np.zeros((count, 2), np.int64),
        allowed=np.zeros((count, k, k), np.uint8),
    )


def ends_of(course: object) -> dict[str, int]:
    """Start and goal as the rules have them; of something else than a course there are none."""
    ends = {"start_column": -1, "start_row": -1, "goal": -1}
    if isinstance(course, MakerCourse):
        if course.start is not None:
            ends["start_column"], ends["start_row"] = course.start
        if course.goal is not None:
            ends["goal"] = course.goal
    return ends


def rules_of(options: MakerOptions) -> Rules:
    """The rules of an environment's options."""
    parts = options.parts
    limits = options.course_limits
    codes = options.part_codes
    shares = np.cumsum([part.weight for part in parts])
    if shares[-1] == 0:
        shares = np.arange(1.0, len(parts) + 1)
    # 2**64 - 1 at the end: whatever is drawn is at most that.
    cumulated = [min(int(share / shares[-1] * 2.0**64), (1 << 64) - 1) for share in shares]
    fill = FILL_BASE
    if options.init == "random":
        fill = FILL_RANDOM
    elif options.start_maker is not None:
        fill = FILL_GIVEN
    windows = (options.height - 1) * (options.width - 1)
    return Rules(
        kind=options.kind,
        patch_rows=int(options.patch[0]),
        patch_columns=int(options.patch[1]),
        places=options.positions,
        max_changes=options.max_changes,
        max_steps=min(options.step_limit, options.max_episode_steps or options.step_limit),
        dense=options.reward == "dense",
        bonus=float(options.bonus),
        solve=options.solver == "static",
        style=options.style_measured,
        fill=fill,
        shuffled=options.cursor == "random" and options.kind in (NARROW, PATCH),
        freeze=float(options.freeze),
        base=options.base,
        base_frozen=options.frozen_cells.astype(np.uint8),
        **ends_of(options.init),
        shares=np.array(cumulated, np.uint64),
        tile_of=np.array([part.tile for part in parts], np.uint8),
        enemy=np.array(["enemies" in part.groups for part in parts], np.uint8),
        coin=np.array(["coins" in part.groups for part in parts], np.uint8),
        member=limits.members()[codes].astype(np.uint8),
        most=np.array(list(limits.most.values()), np.int64),
        weights=options.weight_row,
        targets=options.target_rows,
        control=options.control_rows,
        solid=SOLID,
        offsets=search_memory(options.height, options.width, 1)[4],
        tree=arc_tree(),
        # Copies, since the compiled code tells arrays that can be written from others.
        by_count=count_bits(windows if options.style_measured else 0).copy(),
        by_pattern=corpus_bits().copy() if options.style_measured else np.zeros(1, np.int64),
    )
