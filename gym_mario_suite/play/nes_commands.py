"""`mario play nes`, `mario watch nes` and `mario record nes`."""

# No `from __future__ import annotations`: Typer reads the annotations.

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gym_mario_suite.agents.registry import NES_AGENTS, make_nes_agent
from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.play import command_options as options
from gym_mario_suite.program import Interruption

if TYPE_CHECKING:
    from gym_mario_suite.agents.base import NESAgent
    from gym_mario_suite.datasets.nes_replay import RecordedRun
    from gym_mario_suite.nes.run import Stage

GAME = "game"
StageOption = Annotated[
    str,
    typer.Option(
        "--stage",
        metavar="W-S",
        help='1-1 to 8-4, or "game" for the whole game.',
        autocompletion=words((*(f"{w}-{s}" for w in range(1, 9) for s in range(1, 5)), GAME)),
    ),
]
Agent = Annotated[
    str,
    typer.Option(
        metavar="NAME[:OPTION=VALUE,...]",
        help=f"Who plays: {', '.join(NES_AGENTS)}.",
        autocompletion=words(NES_AGENTS),
    ),
]
Backend = Annotated[
    str,
    typer.Option(
        help="Emulator: builtin, fceumm, nes-py, or the fastest there is.",
        autocompletion=words(("auto", "builtin", "fceumm", "nes-py")),
    ),
]
RomFile = Annotated[
    Path | None, typer.Option("--rom", metavar="FILE", help="The ROM; see `mario rom where`.")
]


def play_nes(
    stage: StageOption = "1-1",
    backend: Backend = "auto",
    rom: RomFile = None,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Play Super Mario Bros., with a ROM of your own; the next stage comes after each.

    Arrows walk, duck and climb, S jumps, A runs and fires, Enter starts; the window shows the
    other keys. With --replays every run is kept, also one that is left in the middle.
    """
    chosen = _stage(stage)
    window = options.window_options(keys, scale, full_screen, max_frames)
    with _opened(rom, backend) as run:
        _show(run, chosen, None, window, replays)


def watch_nes(
    agent: Agent,
    stage: StageOption = "1-1",
    backend: Backend = "auto",
    rom: RomFile = None,
    speed: options.Speed = 1,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Watch an agent play Super Mario Bros. It thinks before each stage.

    G shows the tiles and enemies that RAM tells of, P pauses, + and - change the speed, the full
    stop makes a single step.
    """
    player = make_nes_agent(agent)
    chosen = _stage(stage)
    window = options.window_options(keys, scale, full_screen, max_frames, speed)
    with _opened(rom, backend) as run, _thinking_shown(player):
        _show(run, chosen, player, window, replays)


def record_nes(
    agent: Agent,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the replay goes.")],
    stage: StageOption = "1-1",
    backend: Backend = "auto",
    rom: RomFile = None,
) -> None:
    """Have an agent play a stage of Super Mario Bros., and write its replay.

    A run that is interrupted is written as far as it was played.
    """
    from gym_mario_suite.datasets.nes_replay import stage_name
    from gym_mario_suite.datasets.replay import SUFFIX
    from gym_mario_suite.datasets.replay_file import MAX_TICKS
    from gym_mario_suite.engine.world import Status
    from gym_mario_suite.whole_file import file_name, require_folder

    player = make_nes_agent(agent)
    chosen = _stage(stage)
    require_folder(out)
    path = out / file_name(f"{agent}-nes-{stage_name(chosen) or GAME}", SUFFIX)
    with (
        Interruption(at_once=True) as interruption,
        _opened(rom, backend) as run,
        _thinking_shown(player),
    ):
        run.begin(chosen)
        player.reset()
        try:
            while run.status is Status.RUNNING and run.frames < MAX_TICKS:
                run.frame(player.act(run))
                run.settle()
                if interruption.asked:
                    raise KeyboardInterrupt
        finally:
            with interruption.postponed():
                run.replay({"agent": agent}).save(path)
        end = {Status.WIN: "cleared", Status.DEAD: "dead"}.get(run.status, "unfinished")
        from gym_mario_suite.nes import smb

        typer.echo(f"{path}: {end} after {run.frames} frames, x {smb.x_px(run.ram)} px")


def _stage(text: str) -> "Stage | None":
    from gym_mario_suite.nes.run import parse_stage

    if text == GAME:
        return None
    try:
        return parse_stage(text)
    except OptionError as error:
        raise OptionError(f'--stage: {error}, or "{GAME}" for the whole game') from None


@contextmanager
def _opened(rom: Path | None, backend: str) -> "Iterator[RecordedRun]":
    """A run in a console with the ROM."""
    from gym_mario_suite.datasets.nes_replay import RecordedRun
    from gym_mario_suite.nes.backend import open_backend
    from gym_mario_suite.nes.rom_store import find_rom

    console = open_backend(find_rom(rom), backend)
    try:
        yield RecordedRun(console)
    finally:
        console.close()


@contextmanager
def _thinking_shown(player: "NESAgent") -> Iterator[None]:
    """A line on the terminal while an agent searches."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    thinker: Any = player
    if not hasattr(thinker, "on_plan"):
        yield
        return
    errors = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=not errors.is_terminal
    ) as progress:
        task = progress.add_task(player.name)

        def tell(plan: Any) -> None:
            text = f"{plan.progress_px} px on, {plan.frames_tried:,} frames tried"
            progress.update(task, description=f"{player.name} thinks: {text}")

        thinker.on_plan = tell
        try:
            yield
        finally:
            close: Callable[[], None] = getattr(thinker, "close", lambda: None)
            close()


def _show(
    run: "RecordedRun",
    stage: "Stage | None",
    agent: "NESAgent | None",
    window: Any,
    replays: Path | None,
) -> None:
    from gym_mario_suite.play.nes_episodes import NESCourse

    options.show_course_and_replays(
        lambda archive: NESCourse(run, stage, agent, archive), agent, window, replays
    )
