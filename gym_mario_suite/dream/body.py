"""Mario's body: how he goes on, from what is around him.

Whether he lands, stops at a wall or runs into an enemy is a matter of single pixels, which
convolutions over patches see badly: the same tile edge looks different to them at each of 64 places
in a patch. So what surrounds Mario is cut out of the last two frames and of the scenery, always
with him at the same place, and two small networks look at that. The memory says where he is;
without a memory he is looked for in the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.creature import Creature, Paths
from gym_mario_suite.dream.ground import TileKinds
from gym_mario_suite.dream.laws import MIDDLE_PX, Laws, Proposals
from gym_mario_suite.dream.layers import cut
from gym_mario_suite.dream.memory import MEMORY, SCREEN, SCREEN_UNIT
from gym_mario_suite.dream.presets import HEAD_SIZE, DreamConfig, head_slices
from gym_mario_suite.dream.remembered import REMEMBERED, Remembered
from gym_mario_suite.dream.sight import Sight
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX

_SLICES = head_slices()
_ASIDE = 2
_SEEN = MEMORY.index("seen")
_SEEN_FRAMES = 2
_TILES_IN_VIEW = (SCREEN_WIDTH_PX / TILE_PX, SCREEN_HEIGHT_PX / TILE_PX)
_MIDDLE, _REACH = (MIDDLE_PX / SCREEN_UNIT, 7.5), 3.0
_CELLS = 4  # layers of the closer look that lead to its features by cell
_BELOW = 1 / 3  # of the cut lies below Mario's feet


class Surroundings(NamedTuple):
    """What is around Mario.

    Attributes:
        near: float[n, 10, focus, focus], cut out of the last two frames and the scenery.
        tiles: What `ground.TileKinds` sees of the scenery, where the ground counts.
    """

    near: Tensor
    tiles: Tensor | None


def known_size(config: DreamConfig) -> int:
    """How many numbers a body knows: what it sees, what is remembered, where Mario is."""
    return config.condition + REMEMBERED + _ASIDE


def _look(
    inputs: int, convolutions: tuple[tuple[int, int, int, int], ...], cells: int, width: int
) -> nn.Sequential:
    """Convolutions down to so many cells, and what all of them together tell: float[n, width]."""
    layers: list[nn.Module] = []
    for channels, kernel, stride, padding in convolutions:
        layers += [nn.Conv2d(inputs, channels, kernel, stride, padding), nn.SiLU()]
        inputs = channels
    layers += [nn.Flatten(), nn.Linear(inputs * cells, width), nn.SiLU()]
    return nn.Sequential(*layers)


class Followed(NamedTuple):
    """What laws propose: of Mario, and of the nearest creature."""

    laws: Proposals
    paths: Paths


class Said(NamedTuple):
    """What the body says of a step.

    Attributes:
        head: float[n, HEAD_SIZE].
        known: float[n, known_size], the features.
        followed: What laws propose, where there are laws.
    """

    head: Tensor
    known: Tensor
    followed: Followed | None


class Finder(nn.Module):
    """Where in the picture Mario is, for those who do not remember it.

    Args:
        features: Channels of the patches' features.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.likely = nn.Conv2d(features, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """float[n, 2], to the right and down, in SCREEN_UNIT: the mean of all likely places."""
        rows, columns = map(int, features.shape[2:])
        shares = self.likely(features).float().flatten(1).softmax(1).unflatten(1, (rows, columns))
        x = (torch.arange(columns, device=features.device) + 0.5) * (_TILES_IN_VIEW[0] / columns)
        y = (torch.arange(rows, device=features.device) + 0.5) * (_TILES_IN_VIEW[1] / rows)
        return torch.stack([(shares.sum(1) * x).sum(1), (shares.sum(2) * y).sum(1)], dim=1)


class Body(nn.Module):
    """How Mario goes on, and what happens to him.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.side = config.focus
        self.scale = config.width_px / SCREEN_WIDTH_PX
        self.height_scale = config.height_px / SCREEN_HEIGHT_PX
        inputs = 3 * (_SEEN_FRAMES + 1) + 1
        width = config.condition
        first, last = width // 2, width * 3 // 4
        cells = (-(-config.focus // 8)) ** 2
        # Channels, kernel, stride and padding of each convolution.
        self.look = _look(
            inputs, ((first, 4, 4, 0), (first, 3, 1, 1), (last, 3, 2, 1)), cells, width
        )
        # The same at twice the precision: whether an enemy is touched is a matter of a pixel.
        self.closer = _look(
            inputs, ((width // 4, 4, 2, 1), (first, 3, 2, 1), (last, 3, 2, 1)), cells, width
        )
        self.remembered = Remembered()
        self.head = nn.Sequential(
            nn.Linear(known_size(config), width), nn.SiLU(), nn.Linear(width, HEAD_SIZE)
        )
        aside = REMEMBERED + _ASIDE
        self.laws = Laws(config.laws, width, aside, config.ground) if config.laws else None
        self.tiles = TileKinds(config) if config.ground else None
        self.creature = Creature(width + aside, width) if config.laws else None
        feet = config.focus - int(config.focus * _BELOW)
        self.sight = Sight(first, config.focus, feet) if config.laws else None

    def where(self, memory: Tensor, found: Tensor) -> Tensor:
        """Where Mario is, in SCREEN_UNIT: as remembered, else as found. float[n, 2]."""
        return torch.where(memory[:, _SEEN, None] > 0, memory[:, SCREEN] / SCREEN_UNIT, found)

    def surroundings(
        self, context: Tensor, scenery: Tensor, memory: Tensor, place: Tensor
    ) -> Surroundings:
        """What is around Mario.

        Args:
            context: float[n, 6 or more, h, w], oldest frame first, as the network gets them (over
                `sigma_data`).
            scenery: float[n, 3, h, w], of the last frame, likewise.
            memory: float[n, MEMORY_SIZE].
            place: float[n, 2], see `where`.
        """
        corner = self.pixels(place).floor().long()
        left = corner[:, 0] - self.side // 2
        top = corner[:, 1] - self.side + int(self.side * _BELOW)
        pictures = torch.cat([context[:, -3 * _SEEN_FRAMES :], scenery], dim=1)
        near = cut(pictures, top, left, self.side, self.side)
        tiles = None if self.tiles is None else self.tiles.seen(scenery, memory, place)
        return Surroundings(near, tiles)

    def pixels(self, place: Tensor) -> Tensor:
        """A place given in SCREEN_UNIT, in px of the frame."""
        scale = place.new_tensor([self.scale, self.height_scale]) * SCREEN_UNIT
        return place.detach() * scale

    def forward(
        self,
        around: Surroundings,
        place: Tensor,
        memory: Tensor,
        buttons: Tensor,
        more: Tensor | None,
    ) -> Said:
        """What comes of the next step.

        Args:
            around: See `surroundings`.
            place: float[n, 2], see `where`.
            memory: float[n, MEMORY_SIZE].
            buttons: float[n, CONTEXT, 6].
            more: float[n, HEAD_SIZE], to be added to the head.
        """
        cells = self.closer[:_CELLS](around.near)
        features = self.look(around.near) + self.closer[_CELLS:](cells)
        kinds = None
        if self.tiles is not None and around.tiles is not None:
            kinds = self.tiles(around.tiles, memory)
        # In full precision: a hundredth of a pixel a tick is a matter of pixels after a while.
        with torch.autocast(place.device.type, enabled=False):
            # Whether the camera goes with Mario, too, is a matter of where in the picture he is.
            aside = (place.detach() - place.new_tensor(_MIDDLE)).clamp(-_REACH, _REACH)
            remembered = torch.cat([self.remembered(memory, buttons), aside], dim=1)
            features = features.float()
            known = torch.cat([features, remembered], dim=1)
            head = self.head(known) + self.remembered.expected(memory)
            if more is not None:
                head = head + more.float()
            followed = None
            if self.laws is not None and self.creature is not None and self.sight is not None:
                pixels = self.pixels(place)
                sight = self.sight(cells.float(), pixels - pixels.floor())
                goes, paths = self.creature(memory, known, sight)
                head, proposals = self.laws(
                    memory, buttons, features, remembered, head, kinds, goes
                )
                head, paths = self.creature.follow(paths, head)
                followed = Followed(proposals, paths)
            head = torch.cat([head[:, : _SLICES["screen"].start], self._moved(place, head)], dim=1)
            return Said(head, known, followed)

    def _moved(self, place: Tensor, head: Tensor) -> Tensor:
        """Where Mario is after the step; only the finder learns from it."""
        move = head[:, _SLICES["move"]].detach()
        way = torch.stack([move[:, 0] - move[:, 2], move[:, 1]], dim=1)
        return place + way * (2 / SCREEN_UNIT)
