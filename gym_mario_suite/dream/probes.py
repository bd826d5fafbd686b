"""Probes: small networks that look at true frames and then judge dreams.

One finds Mario in a frame; another tells from two frames how the camera moved and what was pressed.
They learn from the engine's truth alone, so what they miss on true frames is the floor of whatever
is measured with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.copies import Motion
from gym_mario_suite.dream.facts import FACT
from gym_mario_suite.dream.frames import Frames
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.dream.tape_player import Pieces
from gym_mario_suite.dream.weights import fill, load_tensors, save_tensors
from gym_mario_suite.dream.windows import TapeWindows
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX
from gym_mario_suite.errors import WeightsError

_CELL = 4  # px of a frame for a cell of the map in which Mario is looked for
_REACH = 6
_SUPPRESS = 5  # cells around a find in which no second Mario can be
_FOUND = 0.5
_WEIGHT = 3.0  # of the cell with Mario: he is found, too, where he stands between two of them
_BODY_PX = 12.0  # of the engine: from the feet up to the middle of small Mario
# What is to be told from two frames: LEFT, none, RIGHT, each with or without JUMP.
DEEDS = 6


def deeds(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """Button bits as one of six classes: direction and jump."""
    keys = np.asarray(keys, np.int64)
    direction = 1 + (keys >> 1 & 1) - (keys & 1)
    return direction * 2 + (keys >> 3 & 1)


class _Trunk(nn.Module):
    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 2 * _CELL, stride=_CELL, padding=_CELL // 2),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=2, dilation=2),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Features [n, width, rows, columns] of cells of 4x4 px."""
        return self.layers(x)


class MarioFinder(nn.Module):
    """Where Mario is in a frame: a map of chances, and where within the cell he is."""

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.trunk = _Trunk(3, width)
        self.out = nn.Conv2d(width, 3, 1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [n, rows, columns] and offsets [n, 2, rows, columns] in cells."""
        y = self.out(self.trunk(frames))
        return y[:, 0], y[:, 1:]


class MotionReader(nn.Module):
    """What happened between two frames: the camera's way and the deed."""

    def __init__(self, config: DreamConfig, width: int = 32) -> None:
        super().__init__()
        self.motion = Motion(config)
        self.trunk = _Trunk(6, width)
        speeds = 2 * config.shifts + 1
        # Each row of patches by itself: the ground moves with the camera, the sky does not.
        rows = config.grid[0]
        self.mixed = nn.Sequential(nn.Linear(width * 2 + speeds * (1 + rows), 96), nn.ReLU())
        self.scroll = nn.Linear(96, speeds)
        self.deed = nn.Linear(96, DEEDS)
        self._reach = config.shifts

    def forward(self, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the camera's way [n, 2 reach + 1] and of the deed [n, DEEDS].

        Args:
            pairs: float[n, 6, h, w], the frame before and the frame.
        """
        _, local, whole = self.motion(pairs)
        y = self.trunk(pairs)
        columns = y.shape[-1]
        # Mario is in the middle of the picture wherever the camera moves.
        middle = y[..., columns // 2 - 8 : columns // 2 + 8]
        y = self.mixed(
            torch.cat([middle.amax((2, 3)), y.mean((2, 3)), whole, local.mean(3).flatten(1)], 1)
        )
        return self.scroll(y), self.deed(y)


@dataclass(frozen=True)
class Sighting:
    """What a probe sees in n frames.

    Attributes:
        x: float64[n], Mario's px in the frame (of the best find).
        y: float64[n].
        count: int64[n], how many Marios are found.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    count: NDArray[np.int64]


class Probes:
    """Both probes, trained.

    Args:
        height: Height of the frames.
        width: Width of the frames.
    """

    def __init__(self, height: int, width: int) -> None:
        patch = 8 if height % 8 == 0 and width % 8 == 0 else 4
        config = DreamConfig(
            name="probe", width_px=width, height_px=height, patch=patch, shifts=_REACH
        )
        self.size = height, width
        self._body_px = _BODY_PX * height / SCREEN_HEIGHT_PX
        self.finder = MarioFinder()
        self.reader = MotionReader(config)

    # --- learning -------------------------------------------------------------------------------

    def train(
        self,
        windows: TapeWindows,
        steps: int,
        batch: int = 32,
        tell: Callable[[int], None] = lambda step: None,
    ) -> None:
        """Learn from true frames.

        Args:
            windows: Where they come from.
            steps: Optimiser steps.
            batch: Frames (and pairs of frames) in a step.
            tell: Called with each step's number.
        """
        torch.manual_seed(0)
        for module in (self.finder, self.reader):
            for part in module.modules():
                if isinstance(part, nn.Conv2d | nn.Linear):
                    part.reset_parameters()
        parameters = [*self.finder.parameters(), *self.reader.parameters()]
        optimiser = torch.optim.Adam(parameters, 2e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, max(steps, 2))
        for step in range(steps):
            loss = self._loss(windows.batch(1, step, batch, 2))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            tell(step)

    def _loss(self, pieces: Pieces) -> Tensor:
        frames = _tensor(pieces.frames)
        after = frames[:, 1]
        x, y = mario_px(pieces.facts[:, 1], *self.size)
        logits, offsets = self.finder(after)
        rows, columns = logits.shape[-2:]
        # The middle of Mario's body; cells outside the picture hold none.
        cx, cy = torch.from_numpy(x / _CELL), torch.from_numpy((y - self._body_px) / _CELL)
        inside = (cx >= 0) & (cx < columns) & (cy >= 0) & (cy < rows)
        row = cy.floor().clamp(0, rows - 1).long()
        column = cx.floor().clamp(0, columns - 1).long()
        wanted = torch.zeros_like(logits)
        index = torch.arange(len(wanted))
        wanted[index, row, column] = inside.float()
        loss = functional.binary_cross_entropy_with_logits(
            logits, wanted, pos_weight=torch.tensor(_WEIGHT), reduction="none"
        )
        loss = loss.sum((1, 2)).mean()
        at = offsets[index, :, row, column]
        truth = torch.stack([cx - column, cy - row], 1).float()
        loss = loss + ((at - truth).abs().sum(1) * inside).mean()
        scroll, deed = self.reader(frames.flatten(1, 2))
        left = _left_px(pieces.facts, self.size[1])
        moved = torch.from_numpy(np.clip(left[:, 1] - left[:, 0], -_REACH, _REACH) + _REACH)
        loss = loss + functional.cross_entropy(scroll, moved)
        return loss + functional.cross_entropy(deed, torch.from_numpy(deeds(pieces.keys[:, 0])))

    # --- looking --------------------------------------------------------------------------------

    @torch.inference_mode()
    def find(self, frames: Frames) -> Sighting:
        """Mario in each of the frames uint8[n, h, w, 3]."""
        xs, ys, counts = [], [], []
        for part in np.array_split(frames, max(1, len(frames) // 64)):
            logits, offsets = self.finder(_tensor(part))
            chance = logits.sigmoid()
            n, _, columns = chance.shape
            best = chance.view(n, -1).argmax(1)
            row, column = best // columns, best % columns
            at = offsets[torch.arange(n), :, row, column]
            xs.append((column + at[:, 0]).numpy() * _CELL)
            ys.append((row + at[:, 1]).numpy() * _CELL + self._body_px)
            peaks = functional.max_pool2d(chance[:, None], 2 * _SUPPRESS + 1, 1, _SUPPRESS)[:, 0]
            counts.append(((chance == peaks) & (chance > _FOUND)).sum((1, 2)).numpy())
        return Sighting(
            np.concatenate(xs).astype(np.float64),
            np.concatenate(ys).astype(np.float64),
            np.concatenate(counts),
        )

    @torch.inference_mode()
    def read(self, before: Frames, after: Frames) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The camera's way in px of the frame, and the deed, between frames uint8[n, h, w, 3]."""
        scrolls, found = [], []
        for i in range(0, len(before), 64):
            pair = torch.cat([_tensor(before[i : i + 64]), _tensor(after[i : i + 64])], 1)
            scroll, deed = self.reader(pair)
            scrolls.append(scroll.argmax(1).numpy() - _REACH)
            found.append(deed.argmax(1).numpy())
        return np.concatenate(scrolls), np.concatenate(found)

    @torch.inference_mode()
    def features(self, clips: Frames) -> NDArray[np.float64]:
        """Features of clips uint8[n, length, h, w, 3]: mean and spread over time and place."""
        rows = []
        for clip in clips:
            y = self.finder.trunk(_tensor(clip)).mean((2, 3))
            rows.append(torch.cat([y.mean(0), y.std(0)]).double().numpy())
        return np.stack(rows)

    # --- files ----------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write both probes.

        Raises:
            OptionError: When the file cannot be written.
        """
        tensors = {f"finder.{n}": t for n, t in self.finder.state_dict().items()}
        tensors |= {f"reader.{n}": t for n, t in self.reader.state_dict().items()}
        save_tensors(path, tensors, {"probes": 1, "size": self.size})

    def load(self, path: Path) -> None:
        """Read what `save` wrote.

        Raises:
            WeightsError: When the file cannot be read, or holds something else, such as probes for
                frames of another size.
        """
        tensors, about = load_tensors(path)
        if "probes" not in about:
            raise WeightsError(f"{path}: weights, but not those of probes (`mario dream probes`)")
        # Those of different sizes have weights of the same shapes. Older files tell no size.
        height, width = about.get("size", self.size)
        if (height, width) != self.size:
            raise WeightsError(
                f"{path}: probes for frames of {width}x{height} px, where frames have "
                f"{self.size[1]}x{self.size[0]}; choose another file"
            )
        for name, module in (("finder.", self.finder), ("reader.", self.reader)):
            part = {n.removeprefix(name): t for n, t in tensors.items() if n.startswith(name)}
            fill(module, part, path)


def _left_px(facts: NDArray[np.float32], width: int) -> NDArray[np.int64]:
    """Where frames of that width begin, in their px."""
    return facts[..., FACT["camera"]].astype(np.int64) * width // SCREEN_WIDTH_PX


def mario_px(
    facts: NDArray[np.float32], height: int, width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mario's feet in px of frames of that size, from facts float32[..., FACTS]."""
    x = facts[..., FACT["x"]].astype(np.float64) * (width / SCREEN_WIDTH_PX)
    y = facts[..., FACT["y"]].astype(np.float64) * (height / SCREEN_HEIGHT_PX)
    return x - _left_px(facts, width), y


def _tensor(frames: Frames) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, -3).float() / 127.5 - 1
