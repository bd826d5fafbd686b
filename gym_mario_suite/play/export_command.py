"""`mario export`: replays become datasets."""

# No `from __future__ import annotations`: Typer reads the annotations.

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.errors import MarioError, OptionError, ReplayError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _export() -> None:
    """Turn replays into datasets."""


@app.command(
    epilog="Example: mario export minari replays/astar-seed0-difficulty0-type0.mario --id astar-v0 "
    "--obs features"
)
def minari(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Replay files.")],
    dataset_id: Annotated[
        str, typer.Option("--id", metavar="NAME", help="Id of the dataset, such as forward-v0.")
    ],
    obs: Annotated[str, typer.Option(help="Observation mode: grid, channels, features ...")] = (
        "grid"
    ),
    actions: Annotated[
        str, typer.Option(help="Action set: buttons, complex, simple ...")
    ] = "buttons",
    frame_skip: Annotated[int, typer.Option(help="Ticks in each step.")] = 1,
    reward: Annotated[
        str, typer.Option(help="Reward: distance, score, fitness, sparse.")
    ] = "distance",
    description: Annotated[str, typer.Option(help="What the dataset holds.")] = "",
) -> None:
    """Re-render replays into a Minari dataset, an episode from each.

    The dataset goes where Minari keeps them, MINARI_DATASETS_PATH or ~/.minari/datasets. After an
    interruption it holds the episodes so far.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from gym_mario_suite.datasets.minari_export import Episode, check_dataset_id, write_minari
    from gym_mario_suite.datasets.replay import Replay, verify
    from gym_mario_suite.envs.replayed import make_environment, replayed_episode, step_actions

    check_dataset_id(dataset_id)
    replays = {path: Replay.load(path) for path in files}
    options = {"obs": obs, "actions": actions, "frame_skip": frame_skip, "reward": reward}
    env = make_environment(list(replays.values()), **options)
    chosen = env.unwrapped.options.action_set  # type: ignore[attr-defined]
    for path, replay in list(replays.items()):
        try:
            # All that can fail, before the dataset is begun.
            verify(replay)
            if not len(step_actions(replay, chosen, frame_skip)):
                typer.echo(f"{path}: no step was made, left out", err=True)
                del replays[path]
        except ReplayError as error:
            raise ReplayError(f"{path}: {error}") from error
    if not replays:
        raise OptionError("there is no episode to export")

    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task(dataset_id, total=len(replays))

        def episodes() -> Iterator[Episode]:
            for path, replay in replays.items():
                try:
                    yield replayed_episode(replay, **options)
                except MarioError as error:
                    raise ReplayError(f"{path}: {error}") from error
                progress.advance(task)

        text = description or f"{len(replays)} replays of Infinite Mario"
        count = write_minari(dataset_id, episodes(), env, text)
    typer.echo(f"{dataset_id}: {count} episodes")
