"""What happens in the games of a run: how far they come, who wins, and the way of the best."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray

from gym_mario_suite.agents.icm_ppo.ways import ways_of
from gym_mario_suite.engine.world import Status

_RECENT = 100  # episodes in the means of the curve


class Episodes:
    """Follows the games of a vector environment.

    Distances are those of the environments' infos (`distance`, px), the furthest of each episode.

    Args:
        envs: The environment, perhaps wrapped.
        span: Frames of a decision, 0 for the environment's own.
        replays: Whether to keep the way of the best.
    """

    def __init__(self, envs: gym.vector.VectorEnv[Any, Any, Any], span: int, replays: bool) -> None:
        self._envs = envs
        count = envs.num_envs
        self._furthest = np.zeros(count)
        self._taken: list[list[int]] = [[] for _ in range(count)]
        self._recent: deque[tuple[float, float, float]] = deque(maxlen=_RECENT)
        self._totals = np.zeros(4)  # episodes, sum of furthest, wins, furthest of all
        self._new: dict[str, tuple[str, bytes]] = {}
        self._ways = ways_of(envs, span) if replays else None

    def begin(self) -> None:
        """All games are at the beginning of their first episode."""
        for game in range(len(self._taken)):
            self._begin(game)

    def step(
        self, actions: NDArray[np.int64], ended: NDArray[np.bool_], infos: dict[str, Any]
    ) -> None:
        """Take in a step of all games.

        Args:
            actions: int64[num_envs].
            ended: Whose episode ended with it.
            infos: Of the step, with SAME_STEP autoreset.
        """
        # Also without replays: a run that is gone on with may ask for them.
        for taken, action in zip(self._taken, actions.tolist(), strict=True):
            taken.append(action)
        distance = infos.get("distance")
        if distance is not None:
            going_on = ~ended
            self._furthest[going_on] = np.maximum(self._furthest, distance)[going_on]
        for game in np.flatnonzero(ended).tolist():
            final = infos["final_info"]
            last = float(final["distance"][game]) if "distance" in final else 0.0
            furthest = max(self._furthest[game], last)
            won = "status" in final and int(final["status"][game]) == Status.WIN
            self._end(game, furthest, won)

    def _end(self, game: int, furthest: float, won: bool) -> None:
        self._totals += (1, furthest, won, 0)
        self._recent.append((furthest, float(won), float(len(self._taken[game]))))
        is_best = furthest > self._totals[3]
        # The furthest place need not be the goal.
        is_first_win = won and self._totals[2] == 1
        self._totals[3] = max(furthest, self._totals[3])
        if self._ways is not None and (is_best or is_first_win):
            replay = self._ways.replay(game, self._taken[game])
            if is_best:
                self._new["best"] = (f"best-{round(furthest):05d}px", replay)
            if is_first_win:
                self._new["win"] = ("first-win", replay)
        self._begin(game)

    def new_replays(self) -> list[tuple[str, bytes]]:
        """Names and replays since the last call: the last personal best, and the first win."""
        new, self._new = self._new, {}
        return list(new.values())

    def figures(self) -> dict[str, float]:
        """Figures of the curve, by name: of all episodes, and of the last 100."""
        episodes, furthest, wins, best = self._totals.tolist()
        recent = np.array(self._recent).reshape(-1, 3)
        means = recent.mean(0).tolist() if len(recent) else [0.0, 0.0, 0.0]
        return {
            "episodes": int(episodes),
            "wins": int(wins),
            "furthest_max": best,
            "furthest_mean": furthest / max(episodes, 1.0),
            "furthest_mean_100": means[0],
            "won_100": means[1],
        }

    def _begin(self, game: int) -> None:
        self._furthest[game] = 0.0
        self._taken[game] = []
        if self._ways is not None:
            self._ways.begin(game)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state of games and figures; the games' only where the environment can save them."""
        tensors = {
            "episodes.furthest": torch.from_numpy(self._furthest.copy()),
            "episodes.totals": torch.from_numpy(self._totals.copy()),
            "episodes.recent": torch.tensor(list(self._recent), dtype=torch.float64),
        }
        inner: Any = self._envs.unwrapped
        if not hasattr(inner, "get_state"):
            return tensors
        for game, state in enumerate(inner.get_state()):
            bytes_ = torch.frombuffer(bytearray(state), dtype=torch.uint8)
            tensors[f"games.{game}"] = bytes_
            tensors[f"taken.{game}"] = torch.tensor(self._taken[game], dtype=torch.int16)
        return tensors

    def load(self, tensors: dict[str, torch.Tensor]) -> bool:
        """Take up what `tensors` gave.

        Returns:
            Whether the games go on where they were; otherwise new episodes have begun.
        """
        self._totals = tensors["episodes.totals"].numpy().copy()
        recent = tensors["episodes.recent"].reshape(-1, 3).tolist()
        self._recent = deque([tuple(row) for row in recent], maxlen=_RECENT)
        if "games.0" not in tensors:
            return False
        count = len(self._taken)
        states = [tensors[f"games.{game}"].numpy().tobytes() for game in range(count)]
        self._envs.reset(options={"state": states})
        for game in range(count):
            self._begin(game)
            self._taken[game] = tensors[f"taken.{game}"].tolist()
        self._furthest = tensors["episodes.furthest"].numpy().copy()
        return True
