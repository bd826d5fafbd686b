"""The networks of curiosity: features, inverse and forward dynamics, and their surprisal."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from gym_mario_suite.errors import ObservationError, OptionError
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions

LEAK = 0.2  # slope of the leaky rectifiers, TensorFlow's default
_SMALLEST_PICTURE = 36  # the three convolutions need as many lines
_MOST_CHANNELS = 16


class CuriosityLosses(NamedTuple):
    """What the networks are trained on, as means over transitions.

    Attributes:
        inverse: Cross-entropy of the action given the features before and after (0 without "idf").
        forward: The mean surprisal.
        accuracy: Share of actions that the inverse dynamics names right (0 without "idf").
    """

    inverse: torch.Tensor
    forward: torch.Tensor
    accuracy: torch.Tensor


class CuriosityModule(nn.Module):
    """Surprisal of transitions: how wrong the forward model's prediction of the next state is.

    Args:
        observation_space: Of one game, a Box: a picture (height and width of 36 or more, with or
            without an axis of channels first or last), or anything else to be taken as numbers.
        action_space: Of one game, Discrete.
        options: What it is made with.

    Raises:
        OptionError: For a space that it is not for.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        options: CuriosityOptions,
    ) -> None:
        super().__init__()
        space = checked_observations(observation_space)
        self.n_actions = checked_actions(action_space)
        self.options = options
        size, hidden = options.feature_size, options.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            self.encoder = make_encoder(space, options.encoder, size, hidden)
            self.inverse: nn.Module | None = None
            self.target: nn.Module | None = None
            self.forward_model: nn.Module | None = None
            if options.features == "rnd":
                self.target = make_encoder(space, options.encoder, size, hidden)
            else:
                out = int(np.prod(space.shape)) if options.features == "pixels" else size
                kind = _FORWARD_MODELS[options.forward]
                self.forward_model = kind(size, self.n_actions, hidden, out)
            if options.features == "idf":
                self.inverse = nn.Sequential(
                    dense(2 * size, hidden), nn.ReLU(), dense(hidden, self.n_actions)
                )
        fixed = {"random": self.encoder, "rnd": self.target}.get(options.features)
        if fixed is not None:
            fixed.requires_grad_(False)

    def surprisal(
        self,
        observations: torch.Tensor,
        actions: torch.Tensor,
        next_observations: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Squared error of the prediction, mean over what is predicted: float32, as `actions`.

        Args:
            observations: [n, ...] before each transition; or, without `next_observations`, those
                of whole trajectories: [steps + 1, games, ...].
            actions: int64[n]; of trajectories int64[steps, games].
            next_observations: [n, ...] after each transition.
        """
        with torch.no_grad():
            before, after, seen = self._states(observations, next_observations)
            return self._error(before, actions.flatten(), after, seen).reshape(actions.shape)

    def losses(
        self,
        observations: torch.Tensor,
        actions: torch.Tensor,
        next_observations: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
    ) -> CuriosityLosses:
        """The losses of transitions, given as to `surprisal`.

        Args:
            observations: As of `surprisal`.
            actions: As of `surprisal`.
            next_observations: As of `surprisal`.
            weights: float32[n], how much each counts; all the same by default.
        """
        before, after, seen = self._states(observations, next_observations)
        actions = actions.flatten()
        forward = _mean(self._error(before, actions, after, seen), weights)
        if self.inverse is None:
            zero = torch.zeros((), device=forward.device)
            return CuriosityLosses(zero, forward, zero)
        logits = self.inverse(torch.cat([before, after], 1)).float()
        inverse = _mean(functional.cross_entropy(logits, actions, reduction="none"), weights)
        right = (logits.detach().argmax(1) == actions).float()
        return CuriosityLosses(inverse, forward, _mean(right, weights))

    def _states(
        self, observations: torch.Tensor, next_observations: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Features before and after, and the next observations: [n, ...] each."""
        if next_observations is None:
            # The state after a transition is the one before the next: each is looked at once.
            features = self.encoder(observations.flatten(0, 1))
            features = features.reshape(*observations.shape[:2], -1)
            return (
                features[:-1].flatten(0, 1),
                features[1:].flatten(0, 1),
                observations[1:].flatten(0, 1),
            )
        if self.options.features == "rnd":
            after = self.encoder(next_observations)
            return after, after, next_observations
        features = self.encoder(torch.cat([observations, next_observations]))
        before, after = features.split(len(observations))
        return before, after, next_observations

    def _error(
        self,
        before: torch.Tensor,
        actions: torch.Tensor,
        after: torch.Tensor,
        next_observations: torch.Tensor,
    ) -> torch.Tensor:
        if self.target is not None:
            predicted, target = after, self.target(next_observations)
        else:
            assert self.forward_model is not None
            one_hot = functional.one_hot(actions, self.n_actions).to(before.dtype)
            if self.options.features == "pixels":
                of_bytes = next_observations.dtype == torch.uint8
                target = foreseen_pixels(next_observations, of_bytes)
            else:
                # Only inverse dynamics shapes the features: with the forward error they would
                # shrink to what is easy to foresee.
                before, target = before.detach(), after.detach()
            predicted = self.forward_model(before, one_hot)
        return (predicted.float() - target.float()).square().mean(1)


class _ResidualForward(nn.Module):
    """Large-scale curiosity's: four blocks x + W2[lrelu(W1[x, a]), a] between two dense layers."""

    def __init__(self, size: int, n_actions: int, hidden: int, out: int) -> None:
        super().__init__()
        self.first = dense(size + n_actions, hidden)
        self.blocks = nn.ModuleList(
            nn.ModuleList([dense(hidden + n_actions, hidden), dense(hidden + n_actions, hidden)])
            for _ in range(4)
        )
        self.last = dense(hidden + n_actions, out)

    def forward(self, features: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        x = _lrelu(self.first(torch.cat([features, action], 1)))
        for block in self.blocks:
            one, two = block.children()
            inner = _lrelu(one(torch.cat([x, action], 1)))
            x = x + two(torch.cat([inner, action], 1))
        return self.last(torch.cat([x, action], 1))


class _LinearForward(nn.Module):
    """The article's: one hidden layer, then five linear ones, each with the action beside it."""

    def __init__(self, size: int, n_actions: int, hidden: int, out: int) -> None:
        super().__init__()
        self.first = dense(size + n_actions, hidden)
        self.linear = nn.ModuleList(dense(hidden + n_actions, hidden) for _ in range(4))
        self.last = dense(hidden + n_actions, out)

    def forward(self, features: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        x = _lrelu(self.first(torch.cat([features, action], 1)))
        for layer in self.linear:
            x = layer(torch.cat([x, action], 1))
        return self.last(torch.cat([x, action], 1))


class _PerceptronForward(nn.Module):
    """Two hidden layers."""

    def __init__(self, size: int, n_actions: int, hidden: int, out: int) -> None:
        super().__init__()
        self.first = dense(size + n_actions, hidden)
        self.second = dense(hidden + n_actions, hidden)
        self.last = dense(hidden + n_actions, out)

    def forward(self, features: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
        x = _lrelu(self.first(torch.cat([features, action], 1)))
        x = _lrelu(self.second(torch.cat([x, action], 1)))
        return self.last(torch.cat([x, action], 1))


_FORWARD_MODELS: dict[str, type[nn.Module]] = {
    "resnet": _ResidualForward,
    "linear": _LinearForward,
    "mlp": _PerceptronForward,
}


class _Picture(nn.Module):
    """Brings pictures into the shape [n, channels, height, width] of floats near 0."""

    def __init__(self, space: gym.spaces.Box) -> None:
        super().__init__()
        shape = space.shape
        self._without_channels = len(shape) == 2
        self._channels_last = len(shape) == 3 and shape[2] <= _MOST_CHANNELS < shape[0]
        self._of_bytes = space.dtype == np.uint8
        if self._without_channels:
            shape = (1, *shape)
        elif self._channels_last:
            shape = (shape[2], *shape[:2])
        self.shape = shape

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        x = pictures.float()
        if self._of_bytes:
            x = _bytes_as_floats(x)
        if self._without_channels:
            return x[:, None]
        return x.permute(0, 3, 1, 2) if self._channels_last else x


def make_encoder(space: gym.spaces.Box, kind: str, size: int, hidden: int) -> nn.Sequential:
    """A network from observations to `size` features, as large-scale curiosity has it.

    Args:
        space: The observations.
        kind: "conv", "mlp" or "auto".
        size: How many features.
        hidden: Width of the perceptron's hidden layers.

    Raises:
        OptionError: If "conv" is asked for and the observations are no pictures.
    """
    if kind == "mlp" or (kind == "auto" and not is_picture(space)):
        inputs = int(np.prod(space.shape))
        return nn.Sequential(
            nn.Flatten(),
            _Floats(),
            normed(nn.Linear(inputs, hidden)),
            nn.LeakyReLU(LEAK),
            normed(nn.Linear(hidden, hidden)),
            nn.LeakyReLU(LEAK),
            normed(nn.Linear(hidden, size)),
        )
    if not is_picture(space):
        raise OptionError(
            f"convolutions need pictures of {_SMALLEST_PICTURE} lines or more, got {space}"
        )
    picture = _Picture(space)
    convolutions = nn.Sequential(
        picture,
        normed(nn.Conv2d(picture.shape[0], 32, 8, stride=4)),
        nn.LeakyReLU(LEAK),
        normed(nn.Conv2d(32, 64, 4, stride=2)),
        nn.LeakyReLU(LEAK),
        normed(nn.Conv2d(64, 64, 3, stride=1)),
        nn.LeakyReLU(LEAK),
        nn.Flatten(),
    )
    with torch.no_grad():
        inputs = convolutions(torch.zeros(1, *space.shape)).shape[1]
    return convolutions.append(normed(nn.Linear(inputs, size)))


def foreseen_pixels(observations: torch.Tensor, of_bytes: bool) -> torch.Tensor:
    """What the forward model of `features="pixels"` foresees: [n, numbers of an observation]."""
    target = observations.flatten(1).float()
    return _bytes_as_floats(target) if of_bytes else target


def _bytes_as_floats(x: torch.Tensor) -> torch.Tensor:
    """Bytes of pictures that nobody has normalised, brought near 0."""
    return (x - 128.0) / 64.0


class _Floats(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float()


def is_picture(space: gym.spaces.Box) -> bool:
    """Whether the convolutions can read the observations."""
    shape = space.shape
    if len(shape) == 3:
        shape = shape[:2] if shape[2] <= _MOST_CHANNELS < shape[0] else shape[1:]
    return len(shape) == 2 and min(shape) >= _SMALLEST_PICTURE


def checked_observations(space: gym.Space[Any]) -> gym.spaces.Box:
    """The space, if it is a Box.

    Raises:
        OptionError: If it is another.
    """
    if not isinstance(space, gym.spaces.Box):
        raise OptionError(f"curiosity needs observations that are a Box, got {space}")
    return space


def checked_actions(space: gym.Space[Any]) -> int:
    """How many actions there are, if they are numbered.

    Raises:
        OptionError: If they are not: for a continuous action space, say.
    """
    if not isinstance(space, gym.spaces.Discrete) or space.start != 0:
        raise OptionError(
            f"curiosity needs numbered actions, Discrete(n), got {space}; Mario's environments "
            'have them with actions="curiosity", "complex", "simple" or "right_only"'
        )
    return int(space.n)


def check_finite(observations: np.ndarray) -> None:
    """Refuse observations that are no numbers.

    Raises:
        ObservationError: Naming the games that they come from.
    """
    if observations.dtype.kind != "f":
        return
    flat = observations.reshape(len(observations), -1)
    if np.isfinite(flat.sum()):
        return
    bad = np.flatnonzero(~np.isfinite(flat).all(axis=1)).tolist()
    if bad:
        raise ObservationError(
            f"the observations of games {bad[:8]} hold NaN or infinite numbers; a network that "
            "learned from them would be lost"
        )


def normed(layer: Any) -> Any:
    """Weights of normal draws, scaled so that each output's have length 1; no bias (`normc`)."""
    with torch.no_grad():
        weight = layer.weight
        weight.normal_()
        weight /= weight.flatten(1).norm(dim=1).reshape(-1, *[1] * (weight.ndim - 1))
        layer.bias.zero_()
    return layer


def dense(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that begins as TensorFlow's: Glorot's uniform draws, no bias."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _lrelu(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, LEAK)


def _mean(values: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    if weights is None:
        return values.mean()
    return (values * weights).sum() / weights.sum().clamp_min(1.0)
