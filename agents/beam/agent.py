"""The competition's agent that plans by beam search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView, world_of
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError

_NO_BUTTONS = 0


class BeamAgent:
    """Plans a whole level by beam search before its first step, and plays the plan to its end.

    It must be given the game itself, an `engine.game.Game`. Where the game is not what the plan has
    foreseen (somebody else has played in between) it plans anew. See `beam.BeamOptions` for the
    arguments; `python -m gym_mario_suite.agents.beam` plans for any weights of the reward.

    Args:
        width: Games that are kept in each step.
        span: Ticks between two decisions.
        reward: What is planned for, by name: "fitness", "distance", "score", "sparse".
        tick_cost: What a tick is taken to cost beside its reward.
        cell_px: Games whose Mario is in the same square of this side are taken for one.
        spread: Share of the width for games further back.
        device: "cpu" or "cuda".
        threads: Cores to plan on at most.

    Raises:
        OptionError: For a value out of range, or without torch.
        DeviceError: If there is no GPU where one was asked for.
    """

    name = "beam"
    independent_levels = True

    def __init__(
        self,
        *,
        width: int = 256,
        span: int = 2,
        reward: str = "fitness",
        tick_cost: float = 0.01,
        cell_px: float = 8.0,
        spread: float = 0.125,
        device: str = "cpu",
        threads: int = 1,
    ) -> None:
        try:
            from gym_mario_suite.agents.beam.beam import Beam, BeamOptions
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise OptionError(
                'the agent beam needs torch: pip install "gym-mario-suite[agents,sb3]"'
            ) from None
        self._beam = Beam(
            BeamOptions(
                width=width,
                span=span,
                reward=reward,
                tick_cost=tick_cost,
                cell_px=cell_px,
                spread=spread,
                device=device,
                threads=threads,
            )
        )
        self.reset()

    def reset(self) -> None:
        """Forget the plan."""
        self._keys = np.zeros(0, np.uint8)
        self._positions = np.zeros((0, 2), np.float32)
        self._next = 0

    def trajectories(self) -> list[NDArray[np.float32]]:
        """The way that is planned, for drawing: Mario's positions in px, float32[n, 2]."""
        return [self._positions]

    def act(self, game: GameView) -> int:
        """Buttons by the plan.

        Raises:
            OptionError: When `game` does not show its world.
        """
        image, worlds = world_of(game, self.name, "plans on the game itself")
        done = self._next
        if done == len(self._keys) or (
            done > 0 and tuple(self._positions[done - 1]) != (game.x, game.y)
        ):
            if worlds[0]["players"][0]["status"] != Status.RUNNING:
                return _NO_BUTTONS
            plan = self._beam.plan(image, worlds)
            self._keys, self._positions = plan.keys, plan.positions
            done = 0
        self._next = done + 1
        return int(self._keys[done])
