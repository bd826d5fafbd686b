"""The training loop of the learned generators (torch): early stop, checkpoints, exact resume."""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from gym_mario_suite.errors import MarioError, OptionError, WeightsError, as_integer
from gym_mario_suite.whole_file import require_folder, write_whole

CHECKPOINT = "checkpoint.pt"
_MOST = (1 << 63) - 1
_MOST_THREADS = 256


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings that all trainings share.

    Attributes:
        seed: Of everything random.
        steps: Optimiser steps at most.
        check_every: Steps between looks at the held-out levels; a checkpoint follows each.
        patience: Looks without a new best after which training stops.
        threads: Threads of torch; results depend on them.

    Raises:
        OptionError: For a number out of range.
    """

    seed: int = 0
    steps: int = 1000
    check_every: int = 100
    patience: int = 10
    threads: int = 1

    def __post_init__(self) -> None:
        as_integer("seed", self.seed, 0, _MOST)
        for name in ("steps", "check_every", "patience"):
            as_integer(name, getattr(self, name), 1, _MOST)
        as_integer("threads", self.threads, 1, _MOST_THREADS)


@dataclass(frozen=True)
class Look:
    """One look at the held-out levels.

    Attributes:
        step: After how many steps.
        train: Mean loss since the last look.
        held_out: Loss of the held-out levels.
        best: Whether it is the lowest so far.
    """

    step: int
    train: float
    held_out: float
    best: bool


Network = TypeVar("Network", bound=nn.Module)


class Trainer(ABC, Generic[Network]):
    """Trains a network, keeps its best parameters, checkpoints, and goes on as if never stopped.

    Args:
        folder: For the checkpoint; made if missing.
        settings: See `TrainingSettings`.
        about: JSON-able facts that must agree for a checkpoint to be gone on from.

    Raises:
        OptionError: If the folder cannot be written.
    """

    network: Network
    optimiser: torch.optim.Optimizer

    def __init__(self, folder: Path, settings: TrainingSettings, about: dict[str, Any]) -> None:
        torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.folder = require_folder(folder)
        self.settings = settings
        self.step = 0
        self.looks: list[Look] = []
        self.best: dict[str, Tensor] = {}
        self.rng = np.random.default_rng(settings.seed)
        self._about = json.loads(json.dumps({"settings": asdict(settings), **about}))
        self._losses: list[float] = []

    @abstractmethod
    def loss(self) -> Tensor:
        """The loss of the next batch."""

    @abstractmethod
    def held_out_loss(self) -> float:
        """The loss of the held-out levels, the same for the same parameters."""

    def kept(self) -> dict[str, Tensor]:
        """The parameters that a look judges and that are shipped in the end."""
        return self.network.state_dict()

    def after_step(self) -> None:
        """Called after each step of the optimiser."""

    def more_state(self) -> dict[str, dict[str, Tensor]]:
        """Further state dictionaries of a checkpoint, by attribute name of their modules."""
        return {}

    def run(
        self,
        on_step: Callable[[int, float], None],
        on_look: Callable[[Look], None],
        stop_at: int | None = None,
    ) -> None:
        """Train to the end, or until held-out levels stop getting better.

        Args:
            on_step: Called with the step and its loss.
            on_look: Called with each look, after its checkpoint was written.
            stop_at: Step to stop at before the end of the schedule; see `last_step`.
        """
        settings = self.settings
        last = self.last_step(stop_at)
        while self.step < last and not self.exhausted:
            self.network.train()
            loss = self.loss()
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
            self.optimiser.step()
            self.step += 1
            self.after_step()
            self._losses.append(float(loss.detach()))
            on_step(self.step, self._losses[-1])
            if self.step % settings.check_every == 0 or self.step == last:
                look = self._look()
                self.save()
                on_look(look)

    def last_step(self, stop_at: int | None) -> int:
        """The step that a run ends with: that of the next look.

        A look out of turn would count for patience when the run goes on.
        """
        every, steps = self.settings.check_every, self.settings.steps
        return steps if stop_at is None else min(steps, -(-stop_at // every) * every)

    @property
    def clip(self) -> float:
        """Largest norm of a gradient."""
        return 1.0

    @property
    def exhausted(self) -> bool:
        """Whether the held-out levels have not got better for `patience` looks."""
        best = max((i for i, look in enumerate(self.looks) if look.best), default=-1)
        return len(self.looks) - 1 - best >= self.settings.patience

    def _look(self) -> Look:
        self.network.eval()
        with torch.inference_mode():
            held_out = self.held_out_loss()
        best = all(held_out < look.held_out for look in self.looks)
        look = Look(self.step, float(np.mean(self._losses)), held_out, best)
        self.looks.append(look)
        self._losses = []
        if best:
            self.best = {name: value.clone() for name, value in self.kept().items()}
        return look

    def save(self) -> None:
        """Write the checkpoint, whole or not at all.

        Raises:
            OptionError: When it cannot be written.
        """
        state: dict[str, Any] = {
            "about": self._about,
            "step": self.step,
            "looks": [asdict(look) for look in self.looks],
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best": self.best,
            "more": self.more_state(),
            "rng": json.dumps(self.rng.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
        }
        written = io.BytesIO()
        torch.save(state, written)
        write_whole(self.folder / CHECKPOINT, written.getvalue())

    def resume(self) -> bool:
        """Go on from the folder's checkpoint; False when there is none.

        Raises:
            OptionError: If it was made with other settings, or on other levels.
            WeightsError: If it is damaged, or something else.
        """
        path = self.folder / CHECKPOINT
        if not path.exists():
            return False
        try:
            self._go_on(torch.load(path, weights_only=True), path)
        except (MarioError, OSError):
            raise
        except Exception as error:
            # Of a file that holds something else torch says so in many ways, some of them long.
            reason = str(error).partition("\n")[0][:80] or type(error).__name__
            raise WeightsError(
                f"{path} is damaged, or no checkpoint of `mario levels train` ({reason}); choose "
                "another folder, or delete it to begin anew"
            ) from error
        return True

    def _go_on(self, state: dict[str, Any], path: Path) -> None:
        differing = _differing(state["about"], self._about)
        if differing:
            raise OptionError(
                f"{path} was made with other {' and '.join(differing)}; choose another folder to "
                "begin anew, or the same to go on"
            )
        self.step = state["step"]
        self.looks = [Look(**look) for look in state["looks"]]
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best = state["best"]
        for name, more in state["more"].items():
            getattr(self, name).load_state_dict(more)
        self.rng.bit_generator.state = json.loads(state["rng"])
        torch.set_rng_state(state["torch_rng"])

    def kept_arrays(self) -> dict[str, np.ndarray]:
        """The parameters as they are now, as numpy arrays."""
        return {name: value.numpy() for name, value in self.kept().items()}

    def best_arrays(self) -> dict[str, np.ndarray]:
        """The parameters of the best look, as numpy arrays."""
        return {name: value.numpy() for name, value in self.best.items()}


def _differing(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What of the facts about a training has changed, by name; of settings which, and from what."""
    names = []
    for name, value in now.items():
        before = then.get(name)
        if before == value:
            continue
        parts = ""
        if isinstance(value, dict) and isinstance(before, dict):
            changed = [part for part in value if before.get(part) != value[part]]
            parts = ", ".join(f"{part} {before.get(part)}, now {value[part]}" for part in changed)
        names.append(f"{name} ({parts})" if parts else name)
    return names
