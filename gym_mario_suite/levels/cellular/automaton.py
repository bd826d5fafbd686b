"""The context-window automaton of "A Mario ML Diffusion Model" (2023), and why it fails.

A network guesses an object from the tiles around it. From noise, all cells are replaced by its best
guess at once, again and again. The faults are kept:

* Air is never a guess. A cell becomes air where the best guess has less probability than `air`, so
  being sure spreads objects: the more there is, the surer the network.
* The cell itself is not seen and the best guess is taken, not a draw: a majority rule without
  memory. No randomness enters after the first grid, so iterations cannot bring anything back.
* The window is turned by 180 degrees compared with training, so the floor is seen as a ceiling.
  `mode="fixed"` mends this one and shows that it was not the cause.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.noise_fields import exact_exp
from gym_mario_suite.levels.tile_grid import Tile

OBJECTS = tuple(tile for tile in Tile if tile != Tile.EMPTY)
NO_OBJECT = len(OBJECTS)  # air, and what lies outside the grid
FIRST_COLUMN, FIRST_ROW = 5, 3  # noise begins here; what is left of and above it stays as it is


def object_numbers(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Numbers in `OBJECTS` of tile codes, NO_OBJECT for air."""
    numbers = np.full(len(Tile), NO_OBJECT, np.uint8)
    for i, tile in enumerate(OBJECTS):
        numbers[tile] = i
    return numbers[codes]


def context_of_cells(
    codes: NDArray[np.uint8], cells: NDArray[np.int64], context: int
) -> NDArray[np.uint8]:
    """The objects around some cells, row by row without the cell itself.

    Args:
        codes: Tile codes, uint8[H, W].
        cells: Rows and columns, int64[n, 2].
        context: Rows and columns of the window, odd.

    Returns:
        uint8[n, context * context - 1], numbers in `OBJECTS` or NO_OBJECT.
    """
    reach = context // 2
    padded = np.pad(object_numbers(codes), reach, constant_values=NO_OBJECT)
    view = np.lib.stride_tricks.sliding_window_view(padded, (context, context))
    around = view[cells[:, 0], cells[:, 1]].reshape(len(cells), -1)
    return np.delete(around, context * context // 2, axis=1)


class Weights(NamedTuple):
    """The network's parameters, float32; matrices are [inputs, outputs]."""

    hidden: NDArray[np.float32]  # [(c * c - 1) * 12, m]
    hidden_bias: NDArray[np.float32]
    objects: NDArray[np.float32]  # [m, 12]
    objects_bias: NDArray[np.float32]


@jit
def _guess(before, y, x, turned, context, weights, room, scores):
    """Logits of the object at (y, x), by the objects around it, left in `scores`."""
    height, width = before.shape
    kinds, reach = len(scores), context // 2
    zero = np.float32(0)
    for j in range(len(room)):
        room[j] = weights.hidden_bias[j]
    place = 0
    for tap in range(context * context):
        dy, dx = tap // context - reach, tap % context - reach
        if dy == 0 and dx == 0:
            continue
        v, u = (y - dy, x - dx) if turned else (y + dy, x + dx)
        if 0 <= v < height and 0 <= u < width and before[v, u] < kinds:
            row = weights.hidden[place * kinds + before[v, u]]
            for j in range(len(room)):
                room[j] += row[j]
        place += 1
    for k in range(kinds):
        scores[k] = weights.objects_bias[k]
    for j in range(len(room)):
        active = max(room[j], zero)
        for k in range(kinds):
            scores[k] += active * weights.objects[j, k]


@jit
def iterate(before, after, allowed, air, turned, context, weights, room, scores):
    """One step of the automaton, of all cells at once; the same to the bit on every machine.

    Args:
        before: Numbers of objects, uint8[H, W].
        after: The same of the next step, overwritten.
        allowed: Objects that may be guessed, bool[12].
        air: The probability that a guess needs not to become air.
        turned: Whether the window is turned by 180 degrees.
        context: Rows and columns of the window.
        weights: `Weights`.
        room: float32[m], overwritten.
        scores: float32[12], overwritten.
    """
    height, width = before.shape
    kinds = len(scores)
    for y in range(height):
        for x in range(width):
            if y < FIRST_ROW or x < FIRST_COLUMN:
                after[y, x] = before[y, x]
                continue
            _guess(before, y, x, turned, context, weights, room, scores)
            best, highest = -1, scores[0]
            for k in range(kinds):
                highest = max(highest, scores[k])
                if allowed[k] and (best < 0 or scores[k] > scores[best]):
                    best = k
            total = 0.0
            for k in range(kinds):
                total += exact_exp(np.float64(scores[k] - highest))
            sure = best >= 0 and exact_exp(np.float64(scores[best] - highest)) >= air * total
            after[y, x] = best if sure else kinds
