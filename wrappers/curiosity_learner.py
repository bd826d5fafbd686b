"""Curiosity at work: it rewards transitions as they come, and learns from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.whole_file import require_folder, write_whole
from gym_mario_suite.wrappers.curiosity_module import CuriosityModule, check_finite
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions, RewardScale

FORMAT = "gym-mario-suite curiosity 1"
_ADAM_EPS = 1e-8


class CuriosityLearner:
    """Rewards the transitions of `num_envs` games step by step, and learns every `n_steps` steps.

    The networks stand still between two times of learning, so a step's surprisal is the same as if
    all of a rollout's were computed at its end. Only the scale differs from the article's
    arrangement by little: it takes in each step's surprisal at once, not the rollout's together.

    Args:
        observation_space: Of one game.
        action_space: Of one game.
        num_envs: How many games.
        options: What it is made with.
        log_dir: Folder for TensorBoard's files; None writes none.

    Attributes:
        module: The networks.
        scale: The running deviation that surprisal is divided by.
        metrics: Means over the last rollout, once there was one: `surprisal`, `reward`,
            `forward_loss`, and with inverse dynamics `inverse_loss`, `inverse_accuracy`.
        transitions: How many have been seen.

    Raises:
        OptionError: For spaces that curiosity is not for, or an unknown device.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        num_envs: int,
        options: CuriosityOptions,
        log_dir: str | Path | None = None,
    ) -> None:
        self.options = options
        self.num_envs = num_envs
        self.device = torch_device(options.device)
        self._bfloat16 = uses_bfloat16(options.precision, self.device)
        self.module = CuriosityModule(observation_space, action_space, options).to(self.device)
        self.optimizer = torch.optim.Adam(
            [p for p in self.module.parameters() if p.requires_grad],
            lr=options.learning_rate,
            eps=_ADAM_EPS,
        )
        self.scale = RewardScale(num_envs, options.gamma)
        self.metrics: dict[str, float] = {}
        self.transitions = 0
        self._order = np.random.default_rng(options.seed)
        self._steps: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._sums = np.zeros(3)  # surprisal, reward, transitions since the last learning
        self._writer: Any = None
        if log_dir is not None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise OptionError("log_dir needs tensorboard: pip install tensorboard") from None
            self._writer = SummaryWriter(str(require_folder(Path(log_dir))))

    def rewards(
        self,
        observations: NDArray[Any],
        actions: NDArray[Any],
        next_observations: NDArray[Any],
        extrinsic: NDArray[np.floating],
        counted: NDArray[np.bool_] | None = None,
        learn: bool = True,
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Reward one step of all games.

        Args:
            observations: [num_envs, ...], before the step.
            actions: int[num_envs].
            next_observations: [num_envs, ...], after it.
            extrinsic: float[num_envs], the environment's own rewards.
            counted: bool[num_envs], False where no transition took place (a step that only reset
                a game): these get no reward of curiosity, are not learned from and change nothing
                of the scale.
            learn: False rewards, and changes nothing.

        Returns:
            The rewards, float64[num_envs], and the surprisal, float32[num_envs].

        Raises:
            ObservationError: For observations that hold NaN or infinite numbers.
        """
        check_finite(observations)
        check_finite(next_observations)
        surprisal = self.surprisal(observations, actions, next_observations)
        if counted is not None:
            surprisal = np.where(counted, surprisal, np.float32(0.0))
        if learn:
            self.scale.add(surprisal[None], None if counted is None else counted[None])
        options = self.options
        rewards = options.intrinsic * surprisal.astype(np.float64) / self.scale.deviation
        if options.extrinsic:
            rewards += options.extrinsic * np.clip(extrinsic, -1.0, 1.0)
        if learn:
            weights = np.ones(self.num_envs) if counted is None else counted.astype(np.float64)
            self._sums += (surprisal.sum(), rewards.sum(), weights.sum())
            self.transitions += int(weights.sum())
            # Copies: environments may write into the arrays that they have given out.
            step = (observations, actions, next_observations, weights.astype(np.float32))
            self._steps.append(tuple(np.array(array) for array in step))  # type: ignore[arg-type]
            if len(self._steps) == options.n_steps:
                self._learn()
        return rewards, surprisal

    def surprisal(
        self,
        observations: NDArray[Any],
        actions: NDArray[Any],
        next_observations: NDArray[Any],
    ) -> NDArray[np.float32]:
        """How wrong the forward model is about each transition: float32[n]."""
        self.module.eval()
        with self.autocast():
            result = self.module.surprisal(
                self._tensor(observations),
                self._tensor(actions, torch.int64),
                self._tensor(next_observations),
            )
        return result.float().cpu().numpy()

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which the networks compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16)

    def minibatches(self) -> Iterator[NDArray[np.int64]]:
        """Groups of games, in a new order for each epoch."""
        groups = min(self.options.minibatches, self.num_envs)
        for _ in range(self.options.epochs):
            yield from np.array_split(self._order.permutation(self.num_envs), groups)

    def _learn(self) -> None:
        """Learn from the rollout, a group of games' trajectories at a time."""
        observations, actions, following, weights = (
            np.stack(arrays, axis=1) for arrays in zip(*self._steps, strict=True)
        )
        self._steps.clear()
        self.module.train()
        losses = []
        for games in self.minibatches():
            with self.autocast():
                loss = self.module.losses(
                    self._tensor(observations[games]).flatten(0, 1),
                    self._tensor(actions[games], torch.int64).flatten(),
                    self._tensor(following[games]).flatten(0, 1),
                    self._tensor(weights[games]).flatten(),
                )
            total = loss.inverse + loss.forward
            if total.requires_grad:
                self.optimizer.zero_grad(set_to_none=True)
                total.backward()
                self.optimizer.step()
            losses.append([float(part.detach()) for part in loss])
        inverse, forward, accuracy = np.mean(losses, axis=0).tolist()
        count = max(self._sums[2], 1.0)
        self.metrics = {
            "surprisal": self._sums[0] / count,
            "reward": self._sums[1] / count,
            "forward_loss": forward,
        }
        if self.module.inverse is not None:
            self.metrics |= {"inverse_loss": inverse, "inverse_accuracy": accuracy}
        self._sums[:] = 0.0
        if self._writer is not None:
            for name, value in self.metrics.items():
                self._writer.add_scalar(f"curiosity/{name}", value, self.transitions)
            self._writer.flush()

    def save(self, path: str | Path) -> None:
        """Write networks, optimiser and scale as a safetensors file, its options in the header.

        Steps since the last time of learning are not saved.

        Raises:
            OptionError: When the file cannot be written.
        """
        tensors = module_tensors("module", self.module)
        tensors |= adam_tensors("adam", self.optimizer)
        tensors["scale"] = torch.from_numpy(self.scale.state())
        about = {
            "format": FORMAT,
            "architecture": json.dumps(self.options.architecture),
            "transitions": str(self.transitions),
            "order": json.dumps(self._order.bit_generator.state),
        }
        write_tensors(Path(path), tensors, about)

    def load(self, path: str | Path) -> None:
        """Take up what `save` wrote.

        Raises:
            WeightsError: When the file cannot be read, is of another kind, or of networks of
                another architecture.
            OptionError: When it is of another number of games.
        """
        tensors, about = read_tensors(Path(path), FORMAT)
        saved = json.loads(about["architecture"])
        check_architecture(path, saved, self.options.architecture)
        scale = RewardScale(self.num_envs, self.options.gamma)
        scale.load_state(tensors.pop("scale").numpy())
        load_module(path, self.module, tensors, "module")
        load_adam(path, self.optimizer, tensors, "adam")
        self.scale = scale
        self.transitions = int(about["transitions"])
        self._order.bit_generator.state = json.loads(about["order"])
        self._steps.clear()
        self._sums[:] = 0.0

    def close(self) -> None:
        """Close TensorBoard's file."""
        if self._writer is not None:
            self._writer.close()

    def _tensor(self, array: NDArray[Any], dtype: torch.dtype | None = None) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array)).to(self.device, dtype)


def torch_device(name: str) -> torch.device:
    """The device of that name; "auto" is the accelerator, where there is one.

    Raises:
        OptionError: For a name that torch does not know, or a device that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise OptionError(f"there is no device {name!r} here: {reason}") from None
    return device


def uses_bfloat16(precision: str, device: torch.device) -> bool:
    """Whether the networks are to compute in bfloat16."""
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return precision == "bfloat16"


def adam_tensors(prefix: str, optimizer: torch.optim.Adam) -> dict[str, torch.Tensor]:
    """Adam's moments and step counts by name."""
    return {
        f"{prefix}.{number}.{key}": value
        for number, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
    }


def load_adam(
    path: str | Path, optimizer: torch.optim.Adam, tensors: dict[str, torch.Tensor], prefix: str
) -> None:
    """Take up what `adam_tensors` gave.

    Raises:
        WeightsError: If the moments are of other parameters.
    """
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(f"{prefix}."):
            number, key = name.removeprefix(f"{prefix}.").split(".")
            state.setdefault(int(number), {})[key] = value
    parameters = optimizer.param_groups[0]["params"]
    for number, moments in state.items():
        if number >= len(parameters) or moments["exp_avg"].shape != parameters[number].shape:
            raise WeightsError(f"{path}: the optimiser's state is of other networks")
    whole = optimizer.state_dict()
    optimizer.load_state_dict({**whole, "state": state})


def module_tensors(prefix: str, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A network's weights by name."""
    return {f"{prefix}.{key}": value for key, value in module.state_dict().items()}


def load_module(
    path: str | Path, module: torch.nn.Module, tensors: dict[str, torch.Tensor], prefix: str
) -> None:
    """Take up a network's weights.

    Raises:
        WeightsError: If they are of another network.
    """
    own = module.state_dict()
    saved = {
        name.removeprefix(f"{prefix}."): value
        for name, value in tensors.items()
        if name.startswith(f"{prefix}.")
    }
    if saved.keys() != own.keys():
        odd = sorted(saved.keys() ^ own.keys())[0]
        raise WeightsError(f"{path} is of another architecture: {odd!r} is in one only")
    for name, value in saved.items():
        if value.shape != own[name].shape:
            raise WeightsError(
                f"{path} is of another architecture: {name} is {list(value.shape)} there, "
                f"{list(own[name].shape)} here"
            )
    module.load_state_dict(saved)


def check_architecture(path: str | Path, saved: dict[str, Any], own: dict[str, Any]) -> None:
    """Compare the options that decide which weights fit.

    Raises:
        WeightsError: Naming the first that differs.
    """
    for name, value in own.items():
        if saved.get(name) != value:
            raise WeightsError(
                f"{path} was made with other options, which must stay the same: {name} is "
                f"{saved.get(name)!r} there, {value!r} here"
            )


def write_tensors(path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
    """Write a safetensors file, whole or not at all.

    Raises:
        OptionError: When it cannot be written.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, _safetensors().save(whole, metadata=about))


def read_tensors(path: Path, kind: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and header of a safetensors file that this suite wrote.

    Args:
        path: The file.
        kind: What the header's `format` must be.

    Raises:
        WeightsError: When it cannot be read, or is of another kind.
    """
    library = _safetensors()
    try:
        data = path.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = header.get("__metadata__", {})
        tensors = library.load(data)
    except Exception as error:  # safetensors, JSON and the file system have each their own
        raise WeightsError(f"cannot read {path}: {error}") from error
    if about.get("format") != kind:
        raise WeightsError(f"{path} is {about.get('format')!r}, expected {kind!r}")
    return tensors, about


def _safetensors() -> Any:
    try:
        from safetensors import torch as library
    except ImportError:
        raise OptionError(
            'checkpoints need safetensors: pip install "gym-mario-suite[agents]"'
        ) from None
    return library
