"""What a dream model is: its sizes, its diffusion, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, WeightsError

# Buttons of the multi-hot input: the bits of `engine.world.Button`, and UP, which only a NES has.
BUTTONS = ("left", "right", "down", "jump", "speed", "up")
END_SHARE = 0.05  # of training windows that are ends of episodes; else it is one in some hundred
STAGES = ("motion", "herd", "denoise", "rollout", "contact")  # of a training, in their order
# What is found before a training's first step (see `findings`) is found in so many moments.
LAW_MOMENTS, BACKDROP_MOMENTS = 491_520, 3_072
CONTEXT = 4  # past frames, each with the buttons that were pressed next

# The numbers that the head gives, by name, in their order.
HEADS: tuple[tuple[str, int], ...] = (
    ("reward", 1),  # symlog of the tiles that Mario moves to the right
    ("sign", 3),  # logits: to the left, not at all, to the right
    ("done", 1),  # logit: this step ends the episode
    ("won", 1),  # logit, given that it ends: by reaching the exit
    ("coin", 1),  # logit: at least one coin
    ("kill", 1),  # logit: at least one kill
    ("power", 4),  # logits: small, large, fire, dead
    ("move", 3),  # half pixels of the frame: Mario right, Mario down, camera right
    ("speed", 2),  # of Mario after the step, right and down, in `memory.SPEED_UNIT`
    ("jump_time", 1),  # ticks that the jump still rises, in `memory.JUMP_UNIT`
    ("flags", 3),  # logits, after the step: on the ground, may jump, ducking
    ("invulnerable", 1),  # ticks left after the step, in `memory.INVULNERABLE_UNIT`
    ("near", 1),  # logit: after the step there is something near that can hurt or be stomped
    ("nearest", 4),  # where that is as seen from Mario, right and down, in `memory.SCREEN_UNIT`,
    # and its speed in `memory.SPEED_UNIT`
    ("kind", 3),  # logits: whether it is tall, winged, sharp
    ("screen", 2),  # where Mario is in the picture after the step, in `memory.SCREEN_UNIT`
)
HEAD_SIZE = sum(size for _, size in HEADS)

# The tiles and spawn points beyond the edges of the picture that a level hint shows.
HINT_ROWS = 15
HINT_LEFT, HINT_RIGHT = 1, 3  # columns beyond the left edge, and from the right edge on
HINT_COLUMNS = HINT_LEFT + HINT_RIGHT
HINT_PLANES = 2  # tile byte; spawn code
HINT_TILE_CODES, HINT_SPAWN_CODES = 256, 16
_SCREEN_TILES = (15, 20)  # rows and columns
_PANORAMA_SHAPE = (120, 160, 3)  # at which the engine draws backdrops by whole px


@dataclass(frozen=True, kw_only=True)
class DreamConfig:
    """A dream model: the layout of its network and the constants of its diffusion.

    Attributes:
        name: Name of the preset it comes from.
        network: "unshuffle", a U-Net whose convolutions all run on a grid of patches; or
            "diamond", the U-Net of the earlier system.
        width_px: Width of a frame.
        height_px: Height of a frame.
        patch: Side of a patch in px ("unshuffle").
        channels: Channels of each level.
        blocks: Residual blocks of the down level, the bottleneck and the up level ("unshuffle").
        depths: Residual blocks of each level ("diamond").
        condition: Width of the condition vector.
        shifts: The network may copy what it wants of the last scenery, moved by up to so many px to
            either side (see `composition`); 0 leaves that and the scenery out.
        copy_kernel: Side of the convolution that says what is copied, in patches.
        fine: Channels of the convolutions that correct cell by cell what patches say (see `fine`),
            with copies only; 0 leaves them out.
        level_hint: Whether there is an input for the tiles beyond the picture's edges.
        memory: Whether the model remembers Mario's speed and place (see `memory`).
        focus: Side in px of what is seen around Mario at the precision of a pixel (see `body`);
            goes with a memory.
        sprite: Side in px of the picture of Mario that is laid upon the frame (see `sprite`); 0
            leaves that out.
        edge: Whether what comes into view at the right edge is painted by itself (see `edge`); goes
            with a memory and a level hint.
        laws: How many laws of motion there are for each direction (see `laws`), with a memory only.
        panorama: Whether the backdrop is kept as a picture of its own (see `panorama`); goes with a
            memory.
        ground: Whether each law is asked what tiles are where it leads (see `ground`), with laws
            only.
        herd: Whether all creatures are remembered and drawn by themselves (see `herd`); goes with
            ground and a level hint.
        sigma_data: Standard deviation of the data, of the preconditioning (Karras et al. 2022).
        sigma_offset: Noise that is the same for all pixels of a channel, in training.
        sigma_min: Smallest noise level.
        sigma_max: Noise level that sampling starts from.
        rho: Spacing of the noise levels.
        sigma_context: Noise level that the past frames are said to have when dreaming.
        steps: Sampling steps, by default.
    """

    name: str
    network: str = "unshuffle"
    width_px: int = 160
    height_px: int = 120
    patch: int = 8
    channels: tuple[int, ...] = (128, 192)
    blocks: tuple[int, int, int] = (2, 4, 2)
    depths: tuple[int, ...] = ()
    condition: int = 128
    shifts: int = 6
    copy_kernel: int = 1
    fine: int = 0
    level_hint: bool = True
    memory: bool = False
    focus: int = 0
    sprite: int = 0
    edge: bool = False
    laws: int = 0
    ground: bool = False
    panorama: bool = False
    herd: bool = False
    sigma_data: float = 0.5
    sigma_offset: float = 0.1
    sigma_min: float = 2e-3
    sigma_max: float = 5.0
    rho: float = 7.0
    sigma_context: float = 5e-3
    steps: int = 1

    def __post_init__(self) -> None:
        if self.network not in ("unshuffle", "diamond"):
            raise OptionError(f"network must be 'unshuffle' or 'diamond', got {self.network!r}")
        if self.fine and not self.shifts:
            raise OptionError("fine needs copies: give shifts, too")
        if self.memory and self.network != "unshuffle":
            raise OptionError("a memory needs the network 'unshuffle'")
        if self.memory and not self.shifts:
            raise OptionError("a memory needs a scenery: give shifts, too")
        if self.memory != bool(self.focus):
            raise OptionError("a memory and a focus go together: give both, or none")
        if self.edge and not self.level_hint:
            raise OptionError("edge needs level_hint=True")
        for name in ("laws", "sprite", "edge", "panorama"):
            if getattr(self, name) and not self.memory:
                raise OptionError(f"{name} needs a memory: give memory=True and a focus")
        if self.ground and not self.laws:
            raise OptionError("ground needs laws")
        if self.ground and self.tile_shape is None:
            raise OptionError(
                "ground needs tiles of whole pixels: a size that is a multiple of "
                f"{_SCREEN_TILES[1]}x{_SCREEN_TILES[0]} px, got {self.width_px}x{self.height_px}"
            )
        if self.herd and not (self.ground and self.level_hint):
            raise OptionError("herd needs ground and level_hint=True")
        if self.panorama and self.shape != _PANORAMA_SHAPE:
            raise OptionError(
                f"a panorama needs frames of 160x120 px, got {self.width_px}x{self.height_px}"
            )
        if self.network == "unshuffle" and (
            self.width_px % self.patch or self.height_px % self.patch
        ):
            raise OptionError(
                f"a frame of {self.width_px}x{self.height_px} px does not divide into patches of "
                f"{self.patch} px"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.height_px // self.patch, self.width_px // self.patch

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a frame, rows first."""
        return self.height_px, self.width_px, 3

    @property
    def scenery(self) -> bool:
        """Whether the model remembers the scenery behind what moves (see `composition`)."""
        return self.shifts > 0

    @property
    def tile_shape(self) -> tuple[int, int] | None:
        """A tile's height and width in px of a frame; None where those are no whole numbers."""
        (rows, columns), (height, width) = _SCREEN_TILES, self.shape[:2]
        if height % rows or width % columns:
            return None
        return height // rows, width // columns

    @property
    def left_out(self) -> tuple[str, ...]:
        """The inputs of a denoiser that this one does not take."""
        hint = () if self.level_hint else ("tiles", "place")
        memory = () if self.memory else ("memory",)
        return hint + memory + (() if self.scenery else ("scenery",))

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON-able values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DreamConfig:
        """The configuration that `to_dict` wrote.

        Raises:
            WeightsError: For an unknown or missing value.
        """
        known = {f.name for f in fields(cls)}
        unknown = set(values) - known
        if unknown:
            raise WeightsError(
                f"the model has the setting {min(unknown)!r}, which this program does not know: "
                "it was written by another version"
            )
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        try:
            return cls(**given)
        except (TypeError, OptionError) as error:
            raise WeightsError(f"the model's settings cannot be used: {error}") from error


_FULL: dict[str, Any] = {
    **{"fine": 32, "memory": True, "focus": 40, "sprite": 24, "edge": True},
    **{"laws": 48, "ground": True, "panorama": True, "herd": True},
}
PRESETS: dict[str, DreamConfig] = {
    config.name: config
    for config in (
        # For tests: trains in seconds.
        DreamConfig(
            name="tiny",
            width_px=64,
            height_px=60,
            patch=4,
            channels=(16, 24),
            blocks=(1, 1, 1),
            condition=32,
            shifts=2,
            fine=8,
            memory=True,
            focus=16,
            sprite=12,
            edge=True,
            laws=4,
        ),
        DreamConfig(
            name="ci",
            width_px=64,
            height_px=60,
            patch=4,
            channels=(96, 160),
            blocks=(2, 3, 2),
            shifts=2,
            fine=32,
            memory=True,
            focus=16,
            sprite=12,
            edge=True,
            laws=16,
        ),
        # With all parts a tenth smaller than a bare U-Net of the size of `s`, and faster.
        DreamConfig(name="xs", channels=(96, 128), blocks=(1, 1, 1), **_FULL),
        DreamConfig(name="s", channels=(128, 192), blocks=(2, 4, 2), **_FULL),
        # The earlier system's denoiser; the head is ours, since it had none.
        DreamConfig(
            name="diamond",
            network="diamond",
            width_px=64,
            height_px=60,
            patch=4,
            channels=(64, 64, 64, 64),
            depths=(2, 2, 2, 2),
            condition=256,
            shifts=0,
            level_hint=False,
            steps=3,
        ),
    )
}


@dataclass(frozen=True, kw_only=True)
class UpsamplerConfig:
    """The earlier system's second network, from 64x60 to 256x240.

    Attributes:
        factor: How many times larger the picture gets, along each side.
        channels: Channels of each level.
        depths: Residual blocks of each level.
        attention: Which levels have self-attention.
        condition: Width of the condition vector.
        steps: Sampling steps.
        sigma_min: Last noise level but 0.
        sigma_max: First noise level.
    """

    factor: int = 4
    channels: tuple[int, ...] = (64, 64, 128, 256)
    depths: tuple[int, ...] = (2, 2, 2, 2)
    attention: tuple[bool, ...] = (False, False, False, True)
    condition: int = 2048
    steps: int = 10
    sigma_min: float = 1.0
    sigma_max: float = 5.0


def preset(name: str, **changes: Any) -> DreamConfig:
    """The preset of that name, with changes.

    Raises:
        OptionError: If there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise OptionError(f"unknown preset {name!r}; there are {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)


def head_slices() -> dict[str, slice]:
    """Where each of HEADS lies among the head's numbers."""
    slices = {}
    at = 0
    for name, size in HEADS:
        slices[name] = slice(at, at + size)
        at += size
    return slices


HEAD_CAMERA = head_slices()["move"].stop - 1  # how far the camera goes, px of a frame


def multi_hot(keys: NDArray[np.integer]) -> NDArray[np.float32]:
    """Button bits as switches: int[...] to float32[..., 6]."""
    return (np.asarray(keys)[..., None] >> np.arange(len(BUTTONS)) & 1).astype(np.float32)
