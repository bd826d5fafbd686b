"""`mario dream`: the commands of the dream's room, and those that need agents."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.dream.command_parts import shown
from gym_mario_suite.dream.commands import app
from gym_mario_suite.dream.presets import PRESETS
from gym_mario_suite.errors import OptionError, as_integer

__all__ = ["app"]
_MOST_WORKERS = 1024
_MOST_EPISODES = (1 << 63) - 1


@app.command(epilog="Example: mario dream gen --out tapes --ticks 1000000")
def gen(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the tapes go.")],
    ticks: Annotated[int, typer.Option(help="Ticks to play.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="Decides everything.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes; 0 for one on each core.")] = 0,
    agent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SHARE",
            help="One more agent in the mix, say ppo-infinite=0.5; one of the mix is replaced.",
        ),
    ] = None,
    replays: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Add these recordings of people.")
    ] = None,
) -> None:
    """Play Infinite Mario with a mix of agents, for training data.

    The same command goes on where it was stopped, and with more --ticks, but not with other
    agents. Only what is pressed is kept.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from gym_mario_suite.agents.dream_collect import CollectOptions, collect
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.datasets.replay import SUFFIX
    from gym_mario_suite.datasets.tapes import Tapes, tapes_of_replays
    from gym_mario_suite.whole_file import files_in

    extra = tuple(_share_of(text) for text in agent or ())
    for name, _ in extra:
        make_agent(name)
    options = CollectOptions(ticks=ticks, seed=seed, agents=extra)
    as_integer("--workers", workers, 0, _MOST_WORKERS)
    people = None
    if replays is not None:
        files = files_in(replays, f"*{SUFFIX}")
        if not files:
            raise OptionError(f"there are no replays in {replays}")
        people = tapes_of_replays(files)
    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task("playing", total=options.shards)
        for done, _ in collect(out, options, workers or None):
            progress.update(task, completed=done)
    if people is not None:
        people.save(out / "people.npz")
    tapes = Tapes.load(out)
    typer.echo(f"{out}: {len(tapes):,} episodes, {tapes.ticks:,} ticks")


def _share_of(text: str) -> tuple[str, float]:
    name, _, share = text.rpartition("=")
    try:
        number = float(share)
    except ValueError:
        name, number = "", 0.0
    if not name:
        raise OptionError(f"--agent must be NAME=SHARE with a share above 0, got {text!r}")
    return name, number


@app.command("record-nes", epilog="Example: mario dream record-nes --out nes --episodes 50")
def record_nes(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the episodes go.")],
    rom: Annotated[
        Path | None, typer.Option(help="Your ROM; by default the one that `mario play nes` finds.")
    ] = None,
    stage: Annotated[str, typer.Option(help="World and stage; '' for the whole game.")] = "1-1",
    episodes: Annotated[int, typer.Option(help="How many.")] = 20,
    steps: Annotated[int, typer.Option(help="Steps of an episode at most.")] = 1000,
    frame_skip: Annotated[int, typer.Option(help="Frames of the console in a step.")] = 2,
    seed: Annotated[int, typer.Option(help="Decides what is pressed.")] = 0,
) -> None:
    """Record frames of a NES with a ROM of your own, to train a dream of it.

    The same command goes on where it was stopped, and with more --episodes, but not with other
    --steps or --frame-skip. `mario dream train --data FOLDER` takes them.
    """
    from gym_mario_suite.agents import dream_nes

    options = dream_nes.NESFrameOptions(
        rom=rom, stage=stage, episodes=episodes, steps=steps, frame_skip=frame_skip, seed=seed
    )
    with shown("episodes", episodes) as tell:
        for done, _ in enumerate(dream_nes.record_nes(out, options), 1):
            tell(completed=done)
    typer.echo(f"{out}: {episodes:,} episodes of {stage or 'the whole game'}")


@app.command(epilog="Example: mario dream data tapes --replays replays --limit 100")
def data(
    tapes: Annotated[Path, typer.Argument(help="A file or folder of tapes.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the card here.")
    ] = None,
    replays: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write replays there; `mario export` takes them on."),
    ] = None,
    hdf5: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write files in the earlier system's layout there."),
    ] = None,
    limit: Annotated[int, typer.Option(help="Episodes to write at most.")] = 100,
) -> None:
    """Print the card of a data set, and write its episodes in other forms."""
    from gym_mario_suite.agents.dream_data import dataset_card, recorded_episode
    from gym_mario_suite.datasets.diamond_hdf5 import save_diamond
    from gym_mario_suite.datasets.replay import SUFFIX
    from gym_mario_suite.datasets.tapes import Tapes
    from gym_mario_suite.whole_file import require_folder, require_writable, write_json

    as_integer("--limit", limit, 0, _MOST_EPISODES)
    require_writable(json_file)
    found = Tapes.load(tapes)
    card = dataset_card(found)
    typer.echo(json.dumps(card, indent=1))
    if json_file is not None:
        write_json(json_file, card)
    for index in range(min(limit, len(found))):
        if replays is not None:
            found.replay(index).save(require_folder(replays) / f"episode-{index:06d}{SUFFIX}")
        if hdf5 is not None:
            save_diamond(
                require_folder(hdf5) / f"episode-{index:06d}.hdf5", recorded_episode(found, index)
            )


@app.command(epilog="Example: mario dream transfer --model xs --steps 20000")
def transfer(
    model: Annotated[
        str,
        typer.Option(
            help="Name of a shipped model, or the path of one.", autocompletion=words(PRESETS)
        ),
    ] = "",
    steps: Annotated[
        int, typer.Option(help="Decisions that each learner takes, of four ticks each.")
    ] = 25_000,
    episodes: Annotated[int, typer.Option(help="Episodes that each then plays.")] = 20,
    envs: Annotated[int, typer.Option(help="Environments at once.")] = 8,
    seed: Annotated[int, typer.Option(help="Decides everything.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here.")
    ] = None,
) -> None:
    """Train PPO in the dream and PPO in the engine, and have both play in the engine."""
    from gym_mario_suite.agents.dream_transfer import TransferOptions, run_transfer
    from gym_mario_suite.dream.runtime import DEFAULT_MODEL
    from gym_mario_suite.whole_file import require_writable, write_json

    require_writable(json_file)
    options = TransferOptions(
        model=model or DEFAULT_MODEL, steps=steps, episodes=episodes, envs=envs, seed=seed
    )
    with shown("PPO", 2 * steps) as tell:
        records = run_transfer(
            options,
            lambda name, done: tell(completed=done + steps * (name == "engine"), note=name),
        )
    typer.echo(json.dumps(records, indent=1))
    if json_file is not None:
        write_json(json_file, records)
