"""`mario record`: an agent plays, and its replays are written."""

# No `from __future__ import annotations`: Typer reads the annotations.

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.file_commands import RuleSet, level_of_file, mode_numbered
from gym_mario_suite.play import command_options as options
from gym_mario_suite.play.level_commands import Files, OwnTimeLimit, UsualMode
from gym_mario_suite.play.nes_commands import record_nes
from gym_mario_suite.program import Interruption

if TYPE_CHECKING:
    from gym_mario_suite.datasets.recorder import RecordedGame

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(
    invoke_without_command=True,
    epilog="Example: mario record --agent astar --episodes 3 --out replays",
)
def record(
    context: typer.Context,
    agent: Annotated[str | None, options.AGENT] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the replays go.")
    ] = None,
    seed: options.Seed = "0",
    difficulty: options.Difficulty = 0,
    level_type: options.LevelType = 0,
    length: options.Length = 320,
    episodes: Annotated[int, typer.Option(help="How many levels to play, of seeds in a row.")] = 1,
    time_limit: options.TimeLimit = 200,
    mode: options.Mode = 2,
) -> None:
    """Have an agent play generated levels and write a replay of each.

    `mario record level` plays level files, `mario record nes` the NES. A level that is
    interrupted is written as far as it was played.
    """
    if context.invoked_subcommand is not None:
        return
    from gym_mario_suite.datasets.recorder import RecordedGame
    from gym_mario_suite.levels.generate import check_parameters, generate

    agent, out = options.required("--agent", agent), options.required("--out", out)
    first = options.seed_number(seed)
    if episodes < 1:
        raise OptionError(f"--episodes must be at least 1, got {episodes}")
    check_parameters(first + episodes - 1, difficulty, level_type, length)

    def games() -> "Iterable[tuple[str, RecordedGame]]":
        for number in range(first, first + episodes):
            level = generate(number, difficulty, level_type, length)
            name = f"seed{number}-difficulty{difficulty}-type{level_type}"
            yield name, RecordedGame(level, mode, time_limit)

    _record(agent, games(), episodes, out)


@app.command(epilog="Example: mario record level my.txt --agent astar --out replays")
def level(
    files: Files,
    agent: Annotated[str, options.AGENT],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the replays go.")],
    time_limit: OwnTimeLimit = None,
    mode: UsualMode = None,
    rules: RuleSet = None,
) -> None:
    """Have an agent play files of levels or courses and write a replay of each.

    A level that is interrupted is written as far as it was played.
    """
    from gym_mario_suite.play.level_course import level_game
    from gym_mario_suite.whole_file import file_name

    power = mode_numbered(mode)
    levels = [(file, level_of_file(file, rules)) for file in files]

    def games() -> "Iterable[tuple[str, RecordedGame]]":
        seen: Counter[str] = Counter()
        for file, each in levels:
            name = file_name(file.name, "")
            seen[name] += 1
            # Files of one name may lie in several folders.
            name += f"-{seen[name]}" if seen[name] > 1 else ""
            yield name, level_game(each, power, time_limit)

    _record(agent, games(), len(levels), out)


app.command("nes", epilog="Example: mario record nes --agent nes-search --stage 1-1 --out runs")(
    record_nes
)


def _record(agent: str, games: "Iterable[tuple[str, RecordedGame]]", count: int, out: Path) -> None:
    """Play named games, `count` of them, each written as soon as it ends."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from gym_mario_suite.competition.episode import play_level
    from gym_mario_suite.datasets.replay import SUFFIX
    from gym_mario_suite.whole_file import distinct_file_name, require_folder

    player = make_agent(agent)
    require_folder(out)
    errors = Console(stderr=True)
    with (
        Interruption(at_once=True) as interruption,
        Progress(
            *Progress.get_default_columns()[:2],
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        ) as progress,
    ):
        task = progress.add_task(player.name, total=count)
        for name, game in games:
            path = out / distinct_file_name(agent, f"-{name}", SUFFIX)
            try:
                play_level(player, game, name)
            finally:
                with interruption.postponed():
                    game.replay({"agent": agent}).save(path)
            progress.advance(task)
            if interruption.asked:
                raise KeyboardInterrupt
    typer.echo(f"{out}: {count} replays")
