"""The herd's numbers: where in the memory they are, and where in the level the picture is."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from gym_mario_suite.dream.memory import (
    CREATURE,
    HALF_PX,
    HERD,
    HERD_FROM,
    HURT_TICKS,
    INVULNERABLE,
    PLACE,
    SCREEN,
    Of,
)
from gym_mario_suite.dream.presets import HEAD_CAMERA
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX

WHERE, SPEED = slice(Of.X, Of.Y + 1), slice(Of.SPEED_X, Of.SPEED_Y + 1)
ROWS, COLUMNS = SCREEN_HEIGHT_PX // TILE_PX, SCREEN_WIDTH_PX // TILE_PX  # of tiles


def herd_of(memory: Tensor) -> Tensor:
    """The herd of memories, float[n, HERD, CREATURE]."""
    return memory[:, HERD_FROM:].unflatten(1, (HERD, len(CREATURE)))


def part_of(creatures: Tensor, part: Of) -> Tensor:
    """One of their numbers, float[..., 1]."""
    return creatures[..., part : part + 1]


def left_edge(memory: Tensor) -> Tensor:
    """Where in its tile the picture's left edge is, float[n, 1], px of the engine."""
    return (memory[:, PLACE.start] - memory[:, SCREEN.start]).round()[:, None] % TILE_PX


def phase_of(memory: Tensor) -> Tensor:
    """Where in its tile each of the herd is, float[n, HERD, 2], px of the engine."""
    edge = functional.pad(left_edge(memory), (0, 1))
    return (herd_of(memory)[..., WHERE] + edge[:, None]) % TILE_PX


def frozen(memory: Tensor) -> Tensor:
    """1 where all stand still in the next step, since Mario has just been hurt; float[n, 1]."""
    return (memory[:, INVULNERABLE, None] >= HURT_TICKS).to(memory.dtype)


def scrolled(head: Tensor) -> Tensor:
    """How far the camera goes, float[n, 1], px of the engine."""
    return head[:, HEAD_CAMERA].round()[:, None] * HALF_PX
