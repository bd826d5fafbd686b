"""Dreams beside the truth: from the same frames, with the same buttons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.facts import FACT, memory_of
from gym_mario_suite.dream.frames import Frames
from gym_mario_suite.dream.hints import HintMap
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.dream.runtime import DreamModel
from gym_mario_suite.dream.tape_player import Pieces, TapePlayer
from gym_mario_suite.errors import DatasetError
from gym_mario_suite.levels.generate import generate


@dataclass(frozen=True, eq=False)
class Rollouts:
    """n dreams of k steps beside the truth.

    Attributes:
        truth: The engine's course: pieces of k + 1 frames, the first that of the spawn.
        dreamt: uint8[n, k + 1, h, w, 3]; the first frame is the truth's.
    """

    truth: Pieces
    dreamt: Frames


def starts(tapes: Tapes, count: int, steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Episodes and first context frames of `count` places with `steps` frames after the context.

    Raises:
        DatasetError: When no episode is that long.
    """
    room = tapes.episodes["ticks"] - (CONTEXT + steps)
    fit = np.flatnonzero(room >= 0)
    if not len(fit):
        raise DatasetError(f"no episode has {CONTEXT + steps} frames")
    rng = np.random.default_rng([3, steps])
    # Every episode once before any comes again.
    chosen = np.resize(rng.permutation(fit), count)
    return chosen, rng.integers(0, room[chosen] + 1)


def begin_at(
    dreamer: Dreamer, row: int, pieces: Pieces, piece: int, level: HintMap | None = None
) -> None:
    """Begin a dream with the first frames of a piece, and all that the engine knows of them.

    Args:
        dreamer: The dreams.
        row: Which of them.
        pieces: Pieces of tapes, of at least as many frames as a dream begins with.
        piece: Which of them.
        level: The level to follow.
    """
    facts = pieces.facts[piece, CONTEXT - 1]
    dreamer.begin(
        row,
        pieces.frames[piece, :CONTEXT],
        pieces.keys[piece, : CONTEXT - 1],
        level,
        0 if level is None else int(facts[FACT["camera"]]),
        memory_of(facts),
        pieces.scenery[piece, CONTEXT - 1],
    )


def forked(tapes: Tapes, episode: int, ticks: int, held: NDArray[np.uint8], after: int) -> Tapes:
    """What would have become of an episode with other buttons from some tick on.

    Args:
        tapes: Episodes.
        episode: Which of them.
        ticks: How many ticks are left as they were.
        held: uint8[n], the buttons then held, for each of n courses.
        after: For so many ticks.

    Returns:
        n episodes of `ticks + after` ticks.
    """
    before = tapes.keys_of(episode)[:ticks]
    keys = np.stack([np.append(before, np.full(after, bits, np.uint8)) for bits in held])
    episodes = np.repeat(tapes.episodes[episode : episode + 1], len(held))
    episodes["first"] = np.arange(len(held)) * keys.shape[1]
    episodes["ticks"] = keys.shape[1]
    return Tapes(episodes, keys.ravel(), tapes.players)


def roll_out(
    model: DreamModel,
    tapes: Tapes,
    count: int,
    steps: int,
    hint: bool = False,
    threads: int = 1,
) -> Rollouts:
    """Dream `count` pieces of the tapes again.

    Args:
        model: What dreams.
        tapes: Episodes.
        count: How many pieces.
        steps: How long they are.
        hint: Whether the model is told the level.
        threads: Cores for playing and drawing.
    """
    height, width, _ = model.config.shape
    episodes, begins = starts(tapes, count, steps)
    player = TapePlayer(tapes, height, width, threads)
    pieces = player.pieces(episodes, begins, CONTEXT + steps)
    dreamer = Dreamer(model, count)
    dreamer.seeds[:] = np.arange(count)
    for row in range(count):
        level = None
        if hint:
            origin = tapes.episodes[episodes[row]]
            names = ("seed", "difficulty", "level_type", "length")
            level = HintMap(generate(*(int(origin[n]) for n in names)))
        begin_at(dreamer, row, pieces, row, level)
    dreamt = np.empty((count, steps + 1, height, width, 3), np.uint8)
    dreamt[:, 0] = pieces.frames[:, CONTEXT - 1]
    for step in range(steps):
        dreamt[:, step + 1], _ = dreamer.step(pieces.keys[:, CONTEXT - 1 + step])
    first = CONTEXT - 1
    truth = Pieces(
        pieces.frames[:, first:],
        pieces.scenery[:, first:],
        pieces.keys[:, first:],
        pieces.facts[:, first:],
        pieces.hints[:, first:],
    )
    return Rollouts(truth, dreamt)
