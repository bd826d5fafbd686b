"""Games of several players for RLlib, with one policy for all seats.

RLlib 2.60 wants gymnasium 1.2.2 exactly; so it goes into an environment of its own:
`pip install "gym-mario-suite[multiplayer]" "ray[rllib]"`.

Example: PPO on races of two, a few minutes on two cores::

    python -m gym_mario_suite.agents.self_play.rllib --iterations 20
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gym_mario_suite.errors import OptionError
from gym_mario_suite.multiplayer.parallel import MarioParallelEnv
from gym_mario_suite.program import told_errors
from gym_mario_suite.whole_file import require_folder

ENV_NAME = "mario_party"
_SHARED = "shared"


def register_party() -> str:
    """Make games of several players known to RLlib.

    Returns:
        The name to give to `AlgorithmConfig.environment`; its `env_config` takes the options of
        `MarioParallelEnv`.

    Raises:
        OptionError: Without RLlib.
    """
    with _told_without_rllib():
        from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
        from ray.tune.registry import register_env

    register_env(ENV_NAME, lambda options: ParallelPettingZooEnv(MarioParallelEnv(**options)))
    return ENV_NAME


@contextmanager
def _told_without_rllib() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise OptionError(
            f'this needs RLlib ({error}): pip install "ray[rllib]" in an environment of its own'
        ) from None


def self_play_config(seed: int = 0, runners: int = 0, **options: Any) -> Any:
    """PPO whose one policy plays in all seats (parameter sharing).

    Args:
        seed: Of the environments and of the learner.
        runners: Processes beside this one that play; 0 plays here.
        **options: Of `MarioParallelEnv`; by default races of two that see features.

    Returns:
        An RLlib `PPOConfig`; `build_algo()` makes the learner of it.
    """
    with _told_without_rllib():
        from ray.rllib.algorithms.ppo import PPOConfig

    made = {"contest": "race", "players": 2, "obs": "features", "frame_skip": 2, **options}
    return (
        PPOConfig()
        .environment(register_party(), env_config=made)
        .env_runners(num_env_runners=runners)
        .multi_agent(
            policies={_SHARED},
            policy_mapping_fn=lambda agent, episode, **_: _SHARED,
        )
        .training(train_batch_size_per_learner=2000, minibatch_size=250, num_epochs=4, lr=3e-4)
        .debugging(seed=seed)
    )


def _example(
    iterations: Annotated[int, typer.Option(help="Rollouts and updates.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Folder for a checkpoint.")] = None,
    difficulty: Annotated[int, typer.Option(help="Of the levels.")] = 0,
    seed: Annotated[int, typer.Option(help="Decides the levels and the start.")] = 0,
) -> None:
    """Train PPO by self-play on races of two."""
    if out is not None:
        require_folder(out)
    algorithm = self_play_config(seed=seed, difficulty=difficulty).build_algo()
    try:
        for number in range(iterations):
            figures = algorithm.train()["env_runners"]
            length = figures.get("episode_len_mean", float("nan"))
            typer.echo(f"{number + 1}: {length:.0f} decisions a race")
        if out is not None:
            typer.echo(algorithm.save_to_path(out.resolve()))
    finally:
        algorithm.stop()


if __name__ == "__main__":
    with told_errors():
        typer.run(_example)
