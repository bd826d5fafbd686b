"""The policy trained by self-play, in a seat of a race."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.agents.network_agent import PolicyNetwork, shipped_weights
from gym_mario_suite.envs.actions import action_set
from gym_mario_suite.errors import WeightsError
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.views import PartyViews

PACKAGE = "gym_mario_suite.agents.self_play"
RACE_PPO = "race-ppo"


class RaceAgent:
    """Plays races of two as a policy trained by self-play says: it sees the other one.

    Args:
        weights: A policy file; the shipped one by default.

    Raises:
        WeightsError: If the file holds no policy for races.
    """

    def __init__(self, weights: str = "") -> None:
        path = Path(weights) if weights else shipped_weights(PACKAGE, RACE_PPO)
        self.network = PolicyNetwork.load(path)
        card: dict[str, Any] = self.network.card
        if card.get("players") != 2:
            raise WeightsError(f"{path} holds no policy for races of two")
        options = PartyOptions(contest="race", players=2, obs=card["obs"])
        self._views = PartyViews(options)
        self._keys = action_set(card["actions"]).keys.tolist()
        self._frame_skip = int(card["frame_skip"])
        self.reset()

    def reset(self) -> None:
        """A new race: the action held before is forgotten."""
        self._held = 0
        self._ticks_left = 0

    def act_in(self, batch: PartyBatch, game: int, seat: int) -> int:
        """Buttons for the next tick of the player in a seat."""
        if self._ticks_left == 0:
            space = self._views.space
            out = np.zeros((batch.count, 2, *space.shape), space.dtype)
            self._views.write(
                batch.levels.images,
                batch.levels.rows,
                batch.worlds,
                batch.levels.themes,
                batch.seats,
                batch.memory,
                np.arange(batch.count) == game,
                game,
                game + 1,
                out,
            )
            self._held = self._keys[int(self.network.logits(out[game, seat]).argmax())]
            self._ticks_left = self._frame_skip
        self._ticks_left -= 1
        return self._held


def racer_named(text: str) -> RaceAgent | None:
    """The racer that `race-ppo` or `race-ppo:FILE` names; None where a text names something else.

    Raises:
        WeightsError: If the file holds no policy for races.
    """
    name, _, file = text.partition(":")
    return RaceAgent(file) if name == RACE_PPO else None
