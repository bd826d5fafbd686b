"""How a model is trained, and where a training stands."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field

from gym_mario_suite.dream.losses import NoiseOptions
from gym_mario_suite.dream.presets import BACKDROP_MOMENTS, LAW_MOMENTS, STAGES
from gym_mario_suite.errors import OptionError, as_integer, as_number

_MOST = (1 << 31) - 1  # of seeds, too: torch's have 63 bits, and a step's number stands below them


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """How a model is trained.

    Attributes:
        stage: "motion": Mario's body and picture, the edge and the herd, see `motion_loss`. "herd":
            the herd alone, see `herd_loss`. "denoise": the diffusion's own objective at random
            noise levels, where the past frames are noisy too.
            "rollout": few-step dreaming, on from its own frames. "contact": what comes of Mario and
            a creature meeting, and nothing else, see `contact_loss`.
        steps: Optimiser steps; 0 for as many as fit into `minutes`.
        minutes: With `steps` 0: the time there is, for this stage.
        batch: Windows in a step.
        horizon: Frames after the context that are predicted in each window.
        motion_batch: Windows in a step, beside those, of which only the stage "motion" is learnt:
            what happens to Mario is rare, and there it costs little to see much of it.
        rate: Learning rate of AdamW.
        weight_decay: Of AdamW.
        warm_up: Steps over which the rate rises.
        cool_down: Share of the steps, at the end, over which it falls to a tenth.
        clip: Largest norm of the gradient.
        average: How slowly the average of the weights follows.
        head_weight: Weight of the head's losses.
        hint_share: Share of the windows that have a level hint.
        changed_weight: Additional weight of changed pixels ("rollout").
        seed: Decides weights, batches and noise.
        precision: "fp32" or "bf16".
        compile: Whether torch compiles the network.
        law_moments: Moments in which the laws of motion are found, before the first step.
        backdrop_moments: Frames in which the backdrops are found, before the first step.
        noise: Noise levels; by default those that suit the stage.
    """

    stage: str = "denoise"
    steps: int = 10_000
    minutes: float = 0.0
    batch: int = 32
    horizon: int = 1
    motion_batch: int = 0
    rate: float = 3e-4
    weight_decay: float = 1e-2
    warm_up: int = 100
    cool_down: float = 0.2
    clip: float = 10.0
    average: float = 0.999
    head_weight: float = 0.05
    hint_share: float = 0.5
    changed_weight: float = 4.0
    seed: int = 0
    precision: str = "fp32"
    compile: bool = False
    law_moments: int = LAW_MOMENTS
    backdrop_moments: int = BACKDROP_MOMENTS
    noise: NoiseOptions | None = None

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise OptionError(f"stage must be one of {', '.join(STAGES)}, got {self.stage!r}")
        if self.precision not in ("fp32", "bf16"):
            raise OptionError(f"precision must be fp32 or bf16, got {self.precision!r}")
        for name, low in (
            ("steps", 0),
            ("batch", 1),
            ("horizon", 1),
            ("motion_batch", 0),
            ("warm_up", 1),
            ("law_moments", 1),
            ("backdrop_moments", 1),
            ("seed", 0),
        ):
            as_integer(name, getattr(self, name), low, _MOST)
        as_number("rate", self.rate, 0, 1)
        as_number("minutes", self.minutes, 0, _MOST)
        if not self.steps and self.minutes <= 0:
            raise OptionError("give steps, or minutes from which they follow")

    @property
    def noise_options(self) -> NoiseOptions:
        """Noise levels of the stage."""
        if self.noise is not None:
            return self.noise
        if self.stage == "rollout":
            return NoiseOptions(context_loc=-4.0, context_scale=1.0)
        return NoiseOptions()

    def digest(self) -> str:
        """What must agree for a checkpoint to be gone on with."""
        values = asdict(self)
        for name in ("steps", "minutes", "compile"):
            del values[name]
        return hashlib.blake2b(
            json.dumps(values, sort_keys=True).encode(), digest_size=8
        ).hexdigest()


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done.
        steps: Steps in all; 0 while that is not known.
        predictions: Frames predicted so far, of this and the stages before.
        seconds: Time spent, of this and the stages before.
        seconds_before: Of that, what the stages before took.
        loss: The last step's frame loss; on a GPU that of the last step in which it was read.
        head: That step's head losses.
    """

    step: int = 0
    steps: int = 0
    predictions: int = 0
    seconds: float = 0.0
    seconds_before: float = 0.0
    loss: float = float("nan")
    head: dict[str, float] = field(default_factory=dict)
