"""An agent that plays by a trained policy network, a multi-layer perceptron read from a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView, world_of
from gym_mario_suite.envs.actions import action_set
from gym_mario_suite.envs.observations import ViewOptions, checked_z, observation_mode
from gym_mario_suite.errors import OptionError, WeightsError, as_integer, reason_of
from gym_mario_suite.whole_file import write_whole

_FORMAT = "gym-mario-suite policy 1"
_LEAK = np.float32(0.2)

_ACTIVATIONS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, np.float32(0)),
    "leaky_relu": lambda x: np.where(x > 0, x, _LEAK * x),
    "tanh": np.tanh,
}


@dataclass(frozen=True, eq=False)
class PolicyNetwork:
    """A perceptron from one observation to one logit for each action.

    Attributes:
        card: What the network is for and where it is from. The keys `obs`, `actions` and
            `frame_skip` are those of the environment it was trained in; so is what `view_of` adds.
        mean: float32[inputs], subtracted from the observation.
        scale: float32[inputs], what is left is multiplied by it.
        layers: float32[outputs, inputs] and float32[outputs] of each layer.
        activations: What follows each layer: linear, relu, leaky_relu (slope 0.2) or tanh.
    """

    card: dict[str, Any]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    activations: tuple[str, ...]

    def logits(self, observation: NDArray[Any]) -> NDArray[np.float32]:
        """One number for each action, float32[actions]."""
        x = (observation.reshape(-1).astype(np.float32) - self.mean) * self.scale
        for (weight, bias), activation in zip(self.layers, self.activations, strict=True):
            x = _ACTIVATIONS[activation](weight @ x + bias)
        return x

    def save(self, path: Path) -> None:
        """Write the network with its card as a safetensors file.

        Raises:
            OptionError: When the file cannot be written.
        """
        tensors = {"mean": self.mean, "scale": self.scale}
        for number, (weight, bias) in enumerate(self.layers):
            tensors[f"{number}.weight"] = weight
            tensors[f"{number}.bias"] = bias
        about = {
            "format": _FORMAT,
            "activations": json.dumps(self.activations),
            "card": json.dumps(self.card, sort_keys=True),
        }
        whole = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        write_whole(path, _safetensors().save(whole, metadata=about))

    @classmethod
    def load(cls, path: Path) -> PolicyNetwork:
        """Read a network that `save` wrote.

        Raises:
            WeightsError: When the file cannot be read, is of another kind or damaged.
        """
        library = _safetensors()
        try:
            data = path.read_bytes()
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            about = header.get("__metadata__", {})
            if about.get("format") != _FORMAT:
                raise WeightsError(
                    f"{path} holds no policy of this suite (format {about.get('format')!r}, "
                    f"expected {_FORMAT!r})"
                )
            tensors = library.load(data)
            activations = tuple(json.loads(about["activations"]))
            layers = tuple(
                (tensors[f"{number}.weight"], tensors[f"{number}.bias"])
                for number in range(len(activations))
            )
            network = cls(
                json.loads(about["card"]), tensors["mean"], tensors["scale"], layers, activations
            )
        except WeightsError:
            raise
        except Exception as error:  # safetensors, JSON and the file system have each their own
            raise WeightsError(f"cannot read the weights {path}: {reason_of(error)}") from error
        network._check(path)
        return network

    def _check(self, path: Path) -> None:
        width = self.mean.size
        for weight, bias in self.layers:
            if weight.ndim != 2 or weight.shape != (bias.size, width):
                raise WeightsError(f"{path}: layers of shapes that do not fit one another")
            width = bias.size
        arrays = [self.mean, self.scale, *(array for layer in self.layers for array in layer)]
        if not all(np.isfinite(array).all() for array in arrays):
            raise WeightsError(f"{path}: the weights are not all finite")
        unknown = set(self.activations) - set(_ACTIVATIONS)
        if unknown:
            raise WeightsError(f"{path}: unknown activation {min(unknown)!r}")


class PolicyPlayer:
    """Decides as a trained policy network says, and holds each action for as long as in training.

    Args:
        weights: A policy file.
        temperature: 1 draws actions by their probabilities, as in training; lower ones prefer the
            likely; 0 takes the likeliest.
        seed: Of the draws. Every level begins with the same stream.

    Raises:
        WeightsError: When the file holds no policy.
        OptionError: When `safetensors` is missing, or for a temperature or seed out of range.
    """

    def __init__(self, weights: Path, temperature: float, seed: int) -> None:
        self.network = PolicyNetwork.load(weights)
        if not 0.0 <= temperature <= 10.0:
            raise OptionError(f"temperature must be 0 to 10, got {temperature}")
        self._temperature = temperature
        self._seed = as_integer("seed", seed, 0, (1 << 63) - 1)
        self.reset()

    def reset(self) -> None:
        """A new level: the action held before is forgotten."""
        self._random = np.random.default_rng(self._seed)
        self._held = 0
        self._left = 0

    def _set_up(self, weights: Path, observation: NDArray[Any], keys: list[int], skip: Any) -> None:
        """What is seen, pressed, and held for how long, where the network is made for that.

        Raises:
            WeightsError: Where it has other inputs or outputs.
        """
        network = self.network
        if observation.size != network.mean.size or network.layers[-1][1].size != len(keys):
            raise WeightsError(
                f"{weights}: the network has {network.mean.size} inputs and "
                f"{network.layers[-1][1].size} actions; the observation {network.card['obs']!r} "
                f"and the action set have {observation.size} and {len(keys)}"
            )
        self._observation, self._keys = observation, keys
        self._hold = as_integer("frame_skip", skip, 1, 1000)

    def _next(self, observe: Callable[[], NDArray[Any]]) -> int:
        """Buttons of the action held, or of a new one on what `observe` returns."""
        if self._left == 0:
            self._held = self._keys[self._choose(self.network.logits(observe()))]
            self._left = self._hold
        self._left -= 1
        return self._held

    def _choose(self, logits: NDArray[np.float32]) -> int:
        # The Gumbel trick: as a draw from the softmax, without its sum.
        noise = self._random.gumbel(size=logits.size)
        return int((logits + self._temperature * noise).argmax())


class NetworkAgent(PolicyPlayer):
    """Plays Infinite Mario as a trained policy network says.

    It observes as the environment does in which it was trained and holds each action for as many
    ticks as there. It must be given the game itself, an `engine.game.Game`, whose level and world
    the observation is made from.

    Args:
        weights: A policy file.
        temperature: As of `PolicyPlayer`.
        seed: As of `PolicyPlayer`.

    Raises:
        WeightsError: When the file holds no policy that can play Infinite Mario.
        OptionError: When `safetensors` is missing, or for a temperature or seed out of range.
    """

    name = "network"
    independent_levels = True

    def __init__(self, weights: Path, temperature: float, seed: int) -> None:
        super().__init__(weights, temperature, seed)
        card = self.network.card
        if plays_nes(card):
            raise WeightsError(
                f"{weights} is a policy for {card['env_id']}: `mario watch nes --agent "
                f"ppo-nes:weights={weights}` plays it"
            )
        try:
            mode = observation_mode(card["obs"])
            view = ViewOptions(**card.get("view", {}))
            checked_z("z_level", view.z_level)
            checked_z("z_enemies", view.z_enemies)
            keys: list[int] = action_set(card["actions"]).keys.tolist()
            self._set_up(weights, mode.buffer(1), keys, card["frame_skip"])
        except (KeyError, TypeError, OptionError) as error:
            raise WeightsError(f"{weights} is no policy for Infinite Mario: {error}") from error
        self._write = mode.writer(view)

    def act(self, game: GameView) -> int:
        """Buttons of the action held, or of a new one.

        Raises:
            OptionError: When `game` does not show its world.
        """
        return self._next(lambda: self._observe(game))

    def _observe(self, game: Any) -> NDArray[Any]:
        image, worlds = world_of(game, self.name, "observes the world itself")
        zeros = np.zeros(1, np.int64)
        everyone = np.ones(1, bool)
        self._write(image[None], zeros, worlds, zeros, everyone, 0, 1, self._observation)
        return self._observation[0]


def plays_nes(card: Mapping[str, Any]) -> bool:
    """Whether a card is of a policy that was trained on the NES."""
    return "MarioNES" in str(card.get("env_id", ""))


def view_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What a card has beside for an environment whose grids are not of the usual detail.

    Args:
        options: The environment's.
    """
    changed = {
        field.name: options[field.name]
        for field in fields(ViewOptions)
        if options.get(field.name, field.default) != field.default
    }
    return {"view": changed} if changed else {}


def shipped_weights(package: str, name: str) -> Path:
    """A weights file that comes with a package of this distribution."""
    path = Path(str(resources.files(package) / "weights" / f"{name}.safetensors"))
    if not path.is_file():
        known = sorted(file.stem for file in path.parent.glob("*.safetensors"))
        raise WeightsError(f"there are no weights {name!r}; shipped: {', '.join(known) or 'none'}")
    return path


def layers_of(
    modules: Sequence[tuple[Any, str]],
) -> tuple[tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...], tuple[str, ...]]:
    """Layers and activations of a `PolicyNetwork`, from torch's layers and what follows each."""
    layers = tuple(
        tuple(tensor.detach().cpu().numpy().astype(np.float32) for tensor in (m.weight, m.bias))
        for m, _ in modules
    )
    return layers, tuple(activation for _, activation in modules)  # type: ignore[return-value]


def _safetensors() -> Any:
    try:
        from safetensors import numpy as library
    except ImportError:
        raise OptionError(
            'trained networks need safetensors: pip install "gym-mario-suite[agents]"'
        ) from None
    return library
