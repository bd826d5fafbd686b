"""Ground: what tiles there are where a law of motion would lead Mario.

He stops at what is solid, and whether a step ends on it, in front of it or beside it is a matter of
single pixels. The memory says where the picture's tiles begin, so each is seen by itself and always
in the same place: it takes no more than one convolution to know what it is. Every law is then asked
what is there, at points a quarter of a tile apart around the place where it leads, and just below.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.layers import cut
from gym_mario_suite.dream.memory import PLACE, PLACED, SCREEN_UNIT
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.engine.tiles import TILE_PX

_ABOVE, _BELOW, _ASIDE = 4, 2, 2  # tiles that are seen around the one in which Mario's feet are
_ROWS, _COLUMNS = _ABOVE + 1 + _BELOW, 2 * _ASIDE + 1
_QUARTER = TILE_PX // 4
# Px to the right of Mario's feet, and down from them: his width and more, his height and more, and
# the first px below them, which he may stand on without being in it.
_POINTS_X = tuple(range(-2 * _QUARTER, 2 * _QUARTER + 1, _QUARTER))
_POINTS_Y = (*range(-7 * _QUARTER, _QUARTER + 1, _QUARTER), 1)
KIND = 8  # numbers that tell what kind a tile is
_FIRST, _HIDDEN = 64, 64  # channels: of a tile at first, of a law's answer


class TileKinds(nn.Module):
    """The tiles around Mario in the last scenery.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        size = config.tile_shape
        assert size is not None
        self.size = size
        self.look = nn.Sequential(
            nn.Conv2d(4, _FIRST, size, stride=size),
            nn.SiLU(),
            nn.Conv2d(_FIRST, _FIRST // 2, 1),
            nn.SiLU(),
            nn.Conv2d(_FIRST // 2, KIND, 1),
        )

    def seen(self, scenery: Tensor, memory: Tensor, place: Tensor) -> Tensor:
        """The part of the scenery in which those tiles are.

        Args:
            scenery: float[n, 3, h, w].
            memory: float[n, MEMORY_SIZE].
            place: float[n, 2], where Mario is in the picture, in SCREEN_UNIT.

        Returns:
            float[n, 4, rows, columns]; the last channel says what is inside the picture.
        """
        tile = place.new_tensor([self.size[1], self.size[0]])
        # Where Mario's tile begins.
        corner = (place.detach() * SCREEN_UNIT - memory[:, PLACE]) / TILE_PX * tile
        corner = corner.round().long()
        top, left = corner[:, 1] - _ABOVE * self.size[0], corner[:, 0] - _ASIDE * self.size[1]
        return cut(scenery, top, left, _ROWS * self.size[0], _COLUMNS * self.size[1])

    def whole(self, scenery: Tensor, left: Tensor) -> Tensor:
        """The whole scenery, from where the first tile in it begins, as in `seen`.

        Args:
            scenery: float[n, 3, h, w].
            left: int64[n], where in its tile the picture's left edge is, px of a frame.

        Returns:
            float[n, 4, h, w + tile].
        """
        rows, columns = map(int, scenery.shape[2:])
        return cut(scenery, left * 0, -left, rows, columns + self.size[1])

    def forward(self, seen: Tensor, memory: Tensor) -> Tensor:
        """What kind each tile is, float[n, tiles, kind]; zeros where Mario's place is not known."""
        kinds = self.look(seen).float().flatten(2).transpose(1, 2)
        return kinds * memory[:, PLACED, None, None]


class Ground(nn.Module):
    """How likely each law makes what is where it leads.

    Args:
        count: How many laws there are, and the guess.
        numbers: How many numbers a law says.
        state: Width of what is known beside that.
    """

    TILES = _ROWS * _COLUMNS  # that count
    # Of the columns, and then the rows, in which points are: which of a place's coordinates counts
    # (in tiles), how far the points are from it, and the first and the last that is looked at.
    axes: Tensor
    points: Tensor
    first: Tensor
    last: Tensor
    pairs: Tensor  # of each point its column and its row, as what they add to a tile's number

    def __init__(self, count: int, numbers: int, state: int) -> None:
        super().__init__()
        across, down = len(_POINTS_X), len(_POINTS_Y)
        sides = torch.arange(across + down) >= across
        parts = {
            "axes": torch.stack([~sides, sides]) / TILE_PX,
            "points": torch.tensor([*_POINTS_X, *_POINTS_Y]) / TILE_PX,
            "first": torch.where(sides, -_ABOVE, -_ASIDE),
            "last": torch.where(sides, _BELOW, _ASIDE),
            "pairs": torch.cat(
                [
                    torch.eye(across).repeat(1, down),
                    torch.eye(down).repeat_interleave(across, 1) * _COLUMNS,
                ]
            ),
        }
        for name, part in parts.items():
            self.register_buffer(name, part.float(), persistent=False)
        self.tiles = nn.Linear(KIND * len(_POINTS_X) * len(_POINTS_Y), _HIDDEN)
        self.state = nn.Linear(state, _HIDDEN, bias=False)
        self.numbers = nn.Linear(numbers, _HIDDEN, bias=False)
        self.law = nn.Parameter(torch.zeros(count, _HIDDEN))
        last = nn.Linear(_HIDDEN, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.answer = nn.Sequential(nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU(), last)

    @staticmethod
    def window(like: Tensor) -> Tensor:
        """Columns and rows of the tiles that count, from the one in which feet are: [2, tiles]."""
        rows = torch.arange(-_ABOVE, _BELOW + 1, device=like.device, dtype=like.dtype)
        columns = torch.arange(-_ASIDE, _ASIDE + 1, device=like.device, dtype=like.dtype)
        return torch.stack([columns.repeat(_ROWS), rows.repeat_interleave(_COLUMNS)])

    def forward(self, kinds: Tensor, feet: Tensor, said: Tensor, state: Tensor) -> Tensor:
        """What is to be added to the laws' logits, float[n, laws].

        Args:
            kinds: float[n, tiles, kind], of `TileKinds`.
            feet: float[n, laws, 2], where each law leads, px to the right of and down from where
                Mario's tile begins.
            said: float[n, laws, numbers].
            state: float[n, state].
        """
        # By products of matrices: exact, and fewer steps than coordinate by coordinate.
        where = (feet.detach() @ self.axes + self.points).floor()
        where = torch.minimum(torch.maximum(where, self.first), self.last)
        # Tile after tile in one table: a row of it is faster found than a kind's each number. Of
        # each batch row the first tile's number comes by counting, since the exporter would take a
        # number of rows for a constant.
        rows_before = (kinds[:, :1, :1] * 0 + 1).cumsum(0) - 1
        centre = rows_before * self.TILES + (_ABOVE * _COLUMNS + _ASIDE)
        places = (where @ self.pairs + centre).long()
        there = functional.embedding(places, kinds.flatten(0, 1)).flatten(2)
        told = self.tiles(there) + self.numbers(said.detach())
        return self.answer(told + self.state(state)[:, None] + self.law)[..., 0]
