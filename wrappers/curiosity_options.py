"""What a curiosity is made with, and the running scale of its rewards. Neither needs torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_choice, as_integer, as_number, as_switch

FEATURE_MODES = ("idf", "random", "rnd", "pixels")
FORWARD_MODELS = ("linear", "resnet", "mlp")
ENCODERS = ("auto", "conv", "mlp")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class CuriosityOptions:
    """What a curiosity is made with. The defaults are those of the curiosity replication article.

    Attributes:
        features: What the forward model predicts. "idf": features learned by inverse dynamics,
            which keep what the actions act upon (Pathak et al. 2017); "random": those of a network
            that never learns; "pixels": the next observation itself; "rnd": no forward model, but
            the answer of a fixed random network to the next observation (Burda et al. 2018).
        forward: Forward model. "resnet": four residual blocks (Burda et al., large-scale
            curiosity); "linear": the article's, linear after its first layer; "mlp": two hidden
            layers.
        encoder: "conv" for pictures, "mlp" for anything else; "auto" decides by the observation.
        feature_size: Numbers in a state's features.
        hidden_size: Width of the hidden layers.
        n_steps: Steps of each game between two times of learning.
        epochs: How often each of them is learned from.
        minibatches: Into how many groups the games are divided; a minibatch is the trajectories of
            one group. Fewer games than that make as many minibatches as there are games.
        learning_rate: Adam's.
        gamma: Discount of the sums whose running deviation the rewards are divided by.
        intrinsic: Weight of the curiosity's reward.
        extrinsic: Weight of the environment's own, clipped to -1 .. 1.
        hide_dones: True: the learner is never told of an end; death is one more transition, to the
            first observation of the next episode. False: ends are ends, and the transition goes to
            the last observation.
        seed: Of networks and the order of minibatches.
        device: "cpu", "cuda", "auto" (the accelerator if there is one) or another name of torch's.
        precision: Of the networks' arithmetic. "auto": bfloat16 on a CUDA device that has it,
            float32 elsewhere.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
    """

    features: str = "idf"
    forward: str = "linear"
    encoder: str = "auto"
    feature_size: int = 512
    hidden_size: int = 512
    n_steps: int = 128
    epochs: int = 3
    minibatches: int = 8
    learning_rate: float = 1e-4
    gamma: float = 0.99
    intrinsic: float = 1.0
    extrinsic: float = 0.0
    hide_dones: bool = True
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, known in (
            ("features", FEATURE_MODES),
            ("forward", FORWARD_MODELS),
            ("encoder", ENCODERS),
            ("precision", PRECISIONS),
        ):
            as_choice(name, getattr(self, name), known)
        for name in ("feature_size", "hidden_size", "n_steps", "epochs", "minibatches"):
            as_integer(name, getattr(self, name), 1, 1 << 20)
        as_integer("seed", self.seed, 0, (1 << 63) - 1)
        as_switch("hide_dones", self.hide_dones)
        if not 0.0 <= as_number("gamma", self.gamma) < 1.0:
            raise OptionError(f"gamma must be from 0 to below 1, got {self.gamma}")
        for name in ("learning_rate", "intrinsic", "extrinsic"):
            as_number(name, getattr(self, name), 0.0)

    @property
    def architecture(self) -> dict[str, str | int]:
        """The options that decide which weights fit."""
        names = ("features", "forward", "encoder", "feature_size", "hidden_size")
        return {name: getattr(self, name) for name in names}


class RewardScale:
    """The running standard deviation of discounted sums of rewards, one for all games.

    Large-scale curiosity (Burda et al. 2018) divides its rewards by it: each game's rewards are
    summed with a discount, backward in time as it were (`sum = gamma * sum + reward`), and the
    variance of all games' sums over all of training is kept by the parallel algorithm of Chan,
    Golub and LeVeque (1979).

    Args:
        num_envs: How many games.
        gamma: The discount.
    """

    def __init__(self, num_envs: int, gamma: float) -> None:
        self.gamma = gamma
        self.sums = np.zeros(num_envs)
        self.count = 0.0
        self.mean = 0.0
        self.squares = 0.0  # sum of squared deviations from the mean

    def add(self, rewards: NDArray[np.floating], counted: NDArray[np.bool_] | None = None) -> None:
        """Take in rewards.

        Args:
            rewards: float[steps, num_envs], oldest first.
            counted: bool[steps, num_envs], False where a game has made no step; all by default.
        """
        sums = np.empty(rewards.shape)
        for step, row in enumerate(rewards.astype(np.float64)):
            following = self.gamma * self.sums + row
            if counted is not None:
                following = np.where(counted[step], following, self.sums)
            self.sums = sums[step] = following
        if counted is not None:
            sums = sums[counted]
        if sums.size:
            mean = float(sums.mean())
            self.add_moments(sums.size, mean, float(np.square(sums - mean).sum()))

    def add_moments(self, size: int, mean: float, squares: float) -> None:
        """Take in sums that somebody else has kept.

        Args:
            size: How many they are.
            mean: Their mean.
            squares: Sum of their squared deviations from it.
        """
        count = self.count + size
        difference = mean - self.mean
        self.squares += squares
        self.squares += difference * difference * self.count * size / count
        self.mean += difference * size / count
        self.count = count

    @property
    def deviation(self) -> float:
        """What to divide rewards by.

        The first sums have next to no variance; the root of their mean square, which is never
        smaller than the deviation, stands in for it until there are 8 for each game.
        """
        if self.count == 0:
            return 1.0
        variance = self.squares / self.count
        if self.count < 8 * self.sums.size:
            variance += self.mean * self.mean
        return max(math.sqrt(variance), 1e-8)

    def state(self) -> NDArray[np.float64]:
        """Everything as float64[3 + num_envs]."""
        return np.concatenate([[self.count, self.mean, self.squares], self.sums])

    def load_state(self, state: NDArray[np.float64]) -> None:
        """Take up what `state` has given, of as many games.

        Raises:
            OptionError: If it is of another number of games.
        """
        if state.shape != (3 + self.sums.size,):
            raise OptionError(
                f"the reward scale is of {state.size - 3} games, this one of {self.sums.size}"
            )
        self.count, self.mean, self.squares = state[:3].tolist()
        self.sums = state[3:].copy()
