"""The table of environments, and their registration with Gymnasium."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One environment id and what `gymnasium.make` and `gymnasium.make_vec` build for it.

    Attributes:
        id: Id in Gymnasium's root namespace, `Mario<Name>-v<N>`.
        entry_point: `module:class` of the single environment. A string, so that its module is
            imported when the environment is made and not before.
        vector_entry_point: `module:class` (or function) of the native vector environment, if there
            is one.
        max_episode_steps: Length at which Gymnasium truncates an episode; None where the
            environment ends its episodes itself.
        kwargs: Arguments the id adds to the constructor. They must survive JSON, since
            Gymnasium writes specs as JSON.
    """

    id: str
    entry_point: str
    vector_entry_point: str | None = None
    max_episode_steps: int | None = None
    kwargs: Mapping[str, Any] = field(default_factory=dict)


REGISTRATIONS: tuple[Registration, ...] = (
    # No max_episode_steps: the level's own clock ends the episode.
    Registration(
        id="MarioInfinite-v0",
        entry_point="gym_mario_suite.envs.infinite:MarioInfiniteEnv",
        vector_entry_point="gym_mario_suite.envs.infinite_vector:make_vector_env",
    ),
    # No max_episode_steps: the horizon is an option of its own.
    Registration(
        id="MarioDream-v0",
        entry_point="gym_mario_suite.envs.dream:MarioDreamEnv",
        vector_entry_point="gym_mario_suite.envs.dream_vector:MarioDreamVectorEnv",
    ),
    # No max_episode_steps: scans and the budget of changes end the episode.
    Registration(
        id="MarioMaker-v0",
        entry_point="gym_mario_suite.envs.maker:MarioMakerEnv",
        vector_entry_point="gym_mario_suite.envs.maker_vector:MarioMakerVectorEnv",
    ),
    # As MarioInfinite-v0.
    Registration(
        id="MarioMakerPlay-v0",
        entry_point="gym_mario_suite.envs.maker_play:MarioMakerPlayEnv",
        vector_entry_point="gym_mario_suite.envs.maker_play:MarioMakerPlayVectorEnv",
    ),
    # The whole game, and each of its 32 stages.
    *(
        Registration(
            id=f"MarioNES-{stage}-v0" if stage else "MarioNES-v0",
            entry_point="gym_mario_suite.envs.nes:MarioNESEnv",
            vector_entry_point="gym_mario_suite.envs.nes_vector:MarioNESVectorEnv",
            kwargs={"stage": stage} if stage else {},
        )
        for stage in ("", *(f"{world}-{stage}" for world in range(1, 9) for stage in range(1, 5)))
    ),
)


def register_all() -> None:
    """Register every row of `REGISTRATIONS` that Gymnasium does not know yet.

    Safe to call again: `gymnasium.make("gym_mario_suite:MarioInfinite-v0")` imports this package
    once more, and registering an id twice would warn about overriding it.
    """
    for row in REGISTRATIONS:
        if row.id in gymnasium.registry:
            continue
        gymnasium.register(
            id=row.id,
            entry_point=row.entry_point,
            vector_entry_point=row.vector_entry_point,
            max_episode_steps=row.max_episode_steps,
            kwargs=dict(row.kwargs),
        )
