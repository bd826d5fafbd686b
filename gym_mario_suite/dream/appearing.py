"""Appearing: how creatures come into being, beyond the right edge or out of cannons.

What appears beyond the edge a level hint tells; it does so in the step after the camera has come to
another column of tiles. Cannons are seen, and take turns: each fires every hundred ticks, and that
of the next column two ticks later. What comes is the same every time, so that it is found once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.herd_numbers import (
    COLUMNS,
    ROWS,
    herd_of,
    left_edge,
)
from gym_mario_suite.dream.memory import (
    BULLET,
    CAMERA,
    CAMERA_PERIOD,
    CREATURE,
    HALF_PX,
    HERD,
    PLACED,
    SCANS,
    SCREEN,
    VOLLEY,
    Of,
)
from gym_mario_suite.dream.presets import (
    HINT_LEFT,
    HINT_SPAWN_CODES,
    HINT_TILE_CODES,
    DreamConfig,
)
from gym_mario_suite.engine.tiles import TILE_PX

_SPAWNED, _FIRED = 2, 1  # creatures that come in one step, at most
_CHANNELS = 16
_SURE = 8.0  # logit


class Appearing(nn.Module):
    """What comes into being.

    Args:
        config: The model, with ground.
    """

    births: Tensor

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        assert config.tile_shape is not None
        # Of each spawn code the creature as it comes into being, its place as seen from the corner
        # of its tile. The last two are what cannons fire, to the left and to the right.
        self.register_buffer("births", torch.zeros(HINT_SPAWN_CODES + 2, len(CREATURE)))
        self.cannon = nn.Sequential(
            nn.Conv2d(4, _CHANNELS, config.tile_shape, stride=config.tile_shape),
            nn.SiLU(),
            nn.Conv2d(_CHANNELS, 1, 1),
        )
        self.hinted = nn.Embedding(HINT_TILE_CODES, 1)
        nn.init.zeros_(self.hinted.weight)

    def cannons(self, whole: Tensor, hint: Tensor, place: Tensor) -> Tensor:
        """How likely each tile is a cannon that fires, logits [n, rows, columns].

        Args:
            whole: See `ground.TileKinds.whole`.
            hint: int64[n, HINT_COLUMNS, 15, 2], the level hint.
            place: float[n, 2], the camera's place within its tile, and 1 where there is a hint.
        """
        return with_hint(self.cannon(whole), self.hinted, hint, place, -_SURE)[:, 0]

    def spawned(
        self, memory: Tensor, herd: Tensor, hint: Tensor, place: Tensor, scrolled: Tensor
    ) -> Tensor:
        """The herd with those that come into being beyond the right edge, as the hint says."""
        codes = hint[:, HINT_LEFT + 1, :, 1]
        spawns = (codes > 0) & (memory[:, SCANS, None] > 0) & (place[:, 1:] > 0)
        left = (COLUMNS + 1) * TILE_PX - left_edge(memory) - scrolled
        return self._put(herd, spawns, codes, left, _SPAWNED)

    def fired(self, memory: Tensor, herd: Tensor, cannons: Tensor, scrolled: Tensor) -> Tensor:
        """The herd with what cannons fire in this step."""
        said, aims, apart, left = _aimed(memory, cannons)
        code = (apart > 0).long().expand(-1, ROWS) + HINT_SPAWN_CODES
        return self._put(herd, (said > 0) & aims, code, left - scrolled, _FIRED)

    def _put(
        self, herd: Tensor, comes: Tensor, codes: Tensor, left: Tensor, at_once: int
    ) -> Tensor:
        """The herd with those that come into being in a column of tiles, in free places.

        Args:
            herd: float[n, HERD, CREATURE].
            comes: bool[n, rows].
            codes: int64[n, rows], of what comes there.
            left: float[n, 1], how far that column is from the picture's left edge, px.
            at_once: How many come in a step, at most.
        """
        rows = torch.arange(ROWS, device=herd.device)
        slots = torch.arange(HERD, device=herd.device)
        numbers = torch.arange(len(CREATURE), device=herd.device)
        # Each as it would come into being: so far to the right, so many rows down.
        down = rows[:, None] * TILE_PX * (numbers == Of.Y)
        born = functional.embedding(codes, self.births) + down
        born = born + left[..., None] * (numbers == Of.X)
        wanted = comes.to(herd.dtype)
        for _ in range(at_once):
            row = wanted.argmax(1, keepdim=True)
            new = born.gather(1, row[..., None].expand(-1, 1, len(CREATURE)))
            free = (herd[..., Of.THERE] == 0).to(herd.dtype)
            put = (slots == free.argmax(1, keepdim=True)) & (wanted.amax(1, keepdim=True) > 0)
            put = put & (free > 0)
            herd = torch.where(put[..., None], new, herd)
            wanted = wanted * (rows != row)
        return herd

    def fit(self, codes: Tensor, born: Tensor) -> None:
        """Find what comes.

        Args:
            codes: int64[b], see `born_of`.
            born: float[b, CREATURE].
        """
        for code in codes.unique().tolist():
            self.births[code] = born[codes == code].median(0).values


def with_hint(
    seen: Tensor, table: nn.Embedding, hint: Tensor, place: Tensor, unknown: float
) -> Tensor:
    """What is known of the picture's tiles, and behind them of those that a hint tells of.

    Args:
        seen: float[n, numbers, rows, columns], of the picture's tiles; the last column is the one
            that comes into view.
        table: Those numbers of each tile byte.
        hint: int64[n, HINT_COLUMNS, 15, 2], the level hint.
        place: float[n, 2], the camera's place within its tile, and 1 where there is a hint.
        unknown: What stands where there is no hint.

    Returns:
        float[n, numbers, rows, columns + 2].
    """
    told = table(hint[:, HINT_LEFT:, :, 0]).permute(0, 3, 2, 1)
    hinted = place[:, 1, None, None, None] > 0
    last = torch.where(hinted, told[..., :1], seen[..., -1:])
    beyond = torch.where(hinted, told[..., 1:], unknown)
    return torch.cat([seen[..., :-1], last, beyond], dim=3)


def volley_column(memory: Tensor, columns: int) -> tuple[Tensor, Tensor]:
    """Which column of tiles has the turn to fire, int64[n], and whether it is one of so many."""
    turn = memory[:, VOLLEY]
    column = (turn / 2).round()
    turn = (turn % 2 < 0.5) & (column < columns) & (memory[:, PLACED] > 0)
    return column.clamp(0, columns - 1).long(), turn


def _aimed(memory: Tensor, cannons: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The column that has the turn to fire.

    Returns:
        How likely its tiles are cannons, logits [n, rows]; bool[n, 1], whether it is one of the
        picture's, and Mario is not beside it; float[n, 1], how far he is to the right of its
        middle, and how far it is from the picture's left edge, px.
    """
    column, turn = volley_column(memory, int(cannons.shape[2]))
    said = cannons.gather(2, column[:, None, None].expand(-1, ROWS, -1))[..., 0]
    left = column[:, None] * TILE_PX - left_edge(memory)
    apart = memory[:, SCREEN.start, None] - (left + TILE_PX / 2)
    return said, turn[:, None] & (apart.abs() > TILE_PX), apart, left


def shot_loss(cannons: Tensor, memory: Tensor, shots: Tensor) -> Tensor:
    """How wrongly cannons are told: in the column that has the turn they fire, or are none.

    Args:
        cannons: See `Herd.tiles`.
        memory: float[n, MEMORY_SIZE].
        shots: float[n, rows], 1 where one fires.
    """
    said, aims, _, _ = _aimed(memory, cannons)
    error = functional.binary_cross_entropy_with_logits(said, shots, reduction="none")
    return (error.sum(1) * aims[:, 0]).sum() / aims.sum().clamp_min(1)


def born_of(hint: Tensor, before: Tensor, after: Tensor, new: Tensor) -> tuple[Tensor, Tensor]:
    """Creatures that came into being beyond the right edge or out of cannons, and of which code.

    Args:
        hint: int[n, HINT_COLUMNS, 15, 2], level hints before a step.
        before: float[n, MEMORY_SIZE], memories of the engine before it.
        after: float[n, MEMORY_SIZE], and after it.
        new: bool[n, HERD], which creatures of `after` are new.

    Returns:
        int64[b], and float[b, CREATURE], their places as seen from the corner of the tile.
    """
    shift = (after[:, CAMERA] - before[:, CAMERA]) % CAMERA_PERIOD * HALF_PX
    left = (COLUMNS + 1) * TILE_PX - left_edge(before)[:, 0] - shift
    herd = herd_of(after).clone()
    herd[..., Of.X] -= left[:, None]
    row = (herd[..., Of.Y] / TILE_PX).floor()
    inside = (herd[..., Of.X] >= 0) & (herd[..., Of.X] < TILE_PX) & (row >= 0) & (row < ROWS)
    column = hint[:, HINT_LEFT + 1, :, 1].long()
    # Flowers come out of the tile above.
    code, y = torch.zeros_like(row, dtype=torch.long), herd[..., Of.Y].clone()
    for above in (1, 0):
        there = column.gather(1, (row + above).long().clamp(0, ROWS - 1))
        code = torch.where(there > 0, there, code)
        herd[..., Of.Y] = torch.where(there > 0, y - (row + above) * TILE_PX, herd[..., Of.Y])
    spawned = new & inside & (code > 0) & (before[:, SCANS, None] > 0)
    spawned = spawned & (herd[..., Of.KIND] != BULLET)
    column, turn = volley_column(before, COLUMNS)
    fired = new & turn[:, None] & (herd[..., Of.KIND] == BULLET)
    shot = herd_of(after).clone()
    shot[..., Of.X] -= (column * TILE_PX - left_edge(before)[:, 0] - shift)[:, None]
    shot[..., Of.Y] %= TILE_PX
    side = (shot[..., Of.FACING] > 0).long() + HINT_SPAWN_CODES
    return torch.cat([code[spawned], side[fired]]), torch.cat([herd[spawned], shot[fired]])
