"""The denoising network at work: compiled, and the same to the last bit on every machine.

Sums are taken in an order that the code fixes, products are rounded before they are added, and no
function of a mathematics library is called. So neither the number of threads, nor what else is
computed at the same time, nor the processor changes a logit, which torch does not promise. Only
numba is needed.

The expensive part runs at half resolution; the last two layers are computed only for the cells that
are asked for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.diffusion.shape import EDGE_COLUMNS, ROWS
from gym_mario_suite.levels.tile_grid import N_TILES

Floats = NDArray[np.float32]

# Rows of a weight matrix that are read in one pass over the outputs. All inputs of a layer are a
# multiple of it.
_PASS = 8


class Weights(NamedTuple):
    """The network's parameters, float32, as the compiled functions want them.

    `C` is the number of channels at half resolution, `F` that at full resolution, `N` the number of
    blocks; matrices are [inputs, outputs], taps of a convolution row by row, top left first.
    """

    tiles: Floats  # [9, 14, F]: what a code at each tap adds
    tiles_bias: Floats  # [F]
    rows: Floats  # [ROWS, F], from the bottom
    condition: Floats  # [conditions, F]
    edges: Floats  # [2, F]: near the start, near the end
    down: Floats  # [4 * F, C]
    down_bias: Floats
    coarse_rows: Floats  # [ROWS / 2, C]
    coarse_condition: Floats  # [conditions, C]
    spread: Floats  # [N, 9 * C, C]
    spread_bias: Floats  # [N, C]
    mix: Floats  # [N, C, C]
    mix_bias: Floats
    dilations: NDArray[np.int64]  # [N]
    up: Floats  # [4, C, F]: one matrix for each quarter of a cell of half resolution
    up_bias: Floats
    gather: Floats  # [9 * F, head]
    gather_bias: Floats
    logits: Floats  # [head, 13]
    logits_bias: Floats


class Buffers(NamedTuple):
    """Room to compute in, float32, for grids of one size."""

    fine: Floats  # [H, W, F]
    coarse: Floats  # [H / 2, W / 2, C]
    padded: Floats  # [H / 2 + 2 * d, W / 2 + 2 * d, C] for the largest dilation d
    hidden: Floats  # [W / 2, C]
    risen: Floats  # [W / 2, F]
    around: Floats  # [H * W, 9 * F]
    head: Floats  # [H * W, head]
    logits: Floats  # [H * W, 13]


def make_buffers(weights: Weights, height: int, width: int) -> Buffers:
    """Buffers for grids of `height` rows and `width` columns, both even."""
    fine, coarse = weights.tiles.shape[2], weights.down.shape[1]
    rows, columns = height // 2, width // 2
    margin = 2 * int(weights.dilations.max())
    sizes = (
        (height, width, fine),
        (rows, columns, coarse),
        (rows + margin, columns + margin, coarse),
        (columns, coarse),
        (columns, fine),
        (height * width, 9 * fine),
        (height * width, weights.gather.shape[1]),
        (height * width, N_TILES),
    )
    return Buffers(*(np.zeros(size, np.float32) for size in sizes))


@jit
def _add_products(out, x, w):
    """Out += x @ w, summed over the rows of w in their order; their number is a multiple of 8."""
    n, outputs = out.shape
    for k in range(0, w.shape[0], _PASS):
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        w4, w5, w6, w7 = w[k + 4], w[k + 5], w[k + 6], w[k + 7]
        for i in range(n):
            row = out[i]
            a0, a1, a2, a3 = x[i, k], x[i, k + 1], x[i, k + 2], x[i, k + 3]
            a4, a5, a6, a7 = x[i, k + 4], x[i, k + 5], x[i, k + 6], x[i, k + 7]
            for c in range(outputs):
                row[c] = (
                    row[c]
                    + a0 * w0[c]
                    + a1 * w1[c]
                    + a2 * w2[c]
                    + a3 * w3[c]
                    + a4 * w4[c]
                    + a5 * w5[c]
                    + a6 * w6[c]
                    + a7 * w7[c]
                )


@jit
def _stem(codes, condition, first, level_width, weights, fine):
    """Full-resolution features: sums of table rows, one for each neighbour."""
    height, width = codes.shape
    channels = fine.shape[2]
    zero = np.float32(0)
    for y in range(height):
        for x in range(width):
            cell = fine[y, x]
            row = weights.rows[min(height - 1 - y, ROWS - 1)]
            of_condition = weights.condition[condition]
            for c in range(channels):
                cell[c] = weights.tiles_bias[c] + row[c] + of_condition[c]
            for end in range(2):
                away = first + x if end == 0 else level_width - 1 - first - x
                if away < EDGE_COLUMNS:
                    near = np.float32(1) - np.float32(away) / np.float32(EDGE_COLUMNS)
                    edge = weights.edges[end]
                    for c in range(channels):
                        cell[c] += near * edge[c]
            for tap in range(9):
                v, u = y + tap // 3 - 1, x + tap % 3 - 1
                if 0 <= v < height and 0 <= u < width:
                    table = weights.tiles[tap, codes[v, u]]
                    for c in range(channels):
                        cell[c] += table[c]
            for c in range(channels):
                cell[c] = max(cell[c], zero)


@jit
def _trunk(fine, condition, weights, coarse, padded, hidden):
    """Features at half resolution."""
    rows, columns, channels = coarse.shape
    fine_channels = fine.shape[2]
    zero = np.float32(0)
    for y in range(rows):
        row = weights.coarse_rows[min(rows - 1 - y, ROWS // 2 - 1)]
        of_condition = weights.coarse_condition[condition]
        for x in range(columns):
            for c in range(channels):
                coarse[y, x, c] = weights.down_bias[c] + row[c] + of_condition[c]
        for tap in range(4):
            inputs = fine[2 * y + tap // 2, tap % 2 :: 2]
            part = weights.down[tap * fine_channels : (tap + 1) * fine_channels]
            _add_products(coarse[y], inputs, part)
    margin = (padded.shape[0] - rows) // 2
    for block in range(len(weights.dilations)):
        d = weights.dilations[block]
        for y in range(rows):
            for x in range(columns):
                for c in range(channels):
                    padded[y + margin, x + margin, c] = max(coarse[y, x, c], zero)
        for y in range(rows):
            for x in range(columns):
                for c in range(channels):
                    hidden[x, c] = weights.spread_bias[block, c]
            for tap in range(9):
                at = margin + (tap % 3 - 1) * d
                inputs = padded[y + margin + (tap // 3 - 1) * d, at : at + columns]
                part = weights.spread[block, tap * channels : (tap + 1) * channels]
                _add_products(hidden, inputs, part)
            for x in range(columns):
                for c in range(channels):
                    hidden[x, c] = max(hidden[x, c], zero)
                    coarse[y, x, c] += weights.mix_bias[block, c]
            _add_products(coarse[y], hidden, weights.mix[block])


@jit
def _join(fine, coarse, weights, risen):
    """Add the features of half resolution to those of full resolution, in place."""
    rows, columns, channels = coarse.shape
    fine_channels = fine.shape[2]
    zero = np.float32(0)
    for y in range(rows):
        for x in range(columns):
            for c in range(channels):
                coarse[y, x, c] = max(coarse[y, x, c], zero)
        for quarter in range(4):
            for x in range(columns):
                for c in range(fine_channels):
                    risen[x, c] = weights.up_bias[c]
            _add_products(risen, coarse[y], weights.up[quarter])
            for x in range(columns):
                cell = fine[2 * y + quarter // 2, 2 * x + quarter % 2]
                for c in range(fine_channels):
                    cell[c] = max(cell[c] + risen[x, c], zero)


@jit
def features(codes, condition, first, level_width, weights, buffers):
    """What `cell_logits` needs of a grid.

    Args:
        codes: uint8[H, W], tiles and MASK; H and W even.
        condition: Code of `NetworkShape.condition`.
        first: Column of the level that the grid's first one is.
        level_width: Columns of the level, or so many that its end is far.
        weights: `Weights`.
        buffers: `Buffers` of the grid's size; the features are left in `fine`.
    """
    _stem(codes, condition, first, level_width, weights, buffers.fine)
    _trunk(buffers.fine, condition, weights, buffers.coarse, buffers.padded, buffers.hidden)
    _join(buffers.fine, buffers.coarse, weights, buffers.risen)


@jit
def cell_logits(cells, weights, buffers):
    """Logits of some cells, after `features`.

    Args:
        cells: int64[n], row * W + column.
        weights: `Weights`.
        buffers: Those that `features` was given; the logits are left in the first n rows of
            `logits`.
    """
    joined = buffers.fine
    height, width, channels = joined.shape
    n = len(cells)
    zero = np.float32(0)
    around, hidden, logits = buffers.around[:n], buffers.head[:n], buffers.logits[:n]
    for i in range(n):
        y, x = cells[i] // width, cells[i] % width
        for tap in range(9):
            v, u = y + tap // 3 - 1, x + tap % 3 - 1
            inside = 0 <= v < height and 0 <= u < width
            for c in range(channels):
                around[i, tap * channels + c] = joined[v, u, c] if inside else zero
        for c in range(hidden.shape[1]):
            hidden[i, c] = weights.gather_bias[c]
        for c in range(N_TILES):
            logits[i, c] = weights.logits_bias[c]
    _add_products(hidden, around, weights.gather)
    for i in range(n):
        for c in range(hidden.shape[1]):
            hidden[i, c] = max(hidden[i, c], zero)
    _add_products(logits, hidden, weights.logits)
