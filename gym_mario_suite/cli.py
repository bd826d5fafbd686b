"""The `mario` command: a table of commands whose modules are imported when they are called.

A command lives in the room it belongs to, as a `typer.Typer` object, and has one row in
`COMMANDS`. A Typer object with one function and no callback is a plain command (`mario score`);
with a callback or several functions it is a group (`mario levels bench`). `mario --help` reads the
table only, so it starts without numba.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from gym_mario_suite import __version__
from gym_mario_suite.program import told_errors


@dataclass(frozen=True, kw_only=True)
class Command:
    """One row of the table: a command or a group of commands, not yet imported.

    Attributes:
        name: Word after `mario`; two words put the command into the group of the first, where the
            group's own room may not import it.
        app: `module:attribute` of the `typer.Typer` object.
        help: One line for `mario --help`, which does not import the module.
    """

    name: str
    app: str
    help: str

    def load(self) -> Any:
        """Import the module and return its Click command."""
        module_name, attribute = self.app.split(":")
        loaded: Any = typer.main.get_command(
            getattr(importlib.import_module(module_name), attribute)
        )
        loaded.name = self.name.split()[-1]
        for row in COMMANDS:
            if row.name.startswith(f"{self.name} "):
                loaded.add_command(StandIn(row))
        return loaded


COMMANDS: tuple[Command, ...] = (
    Command(
        name="doctor",
        app="gym_mario_suite.doctor.command:app",
        help="Say what works on this machine, and how to mend what does not.",
    ),
    Command(
        name="dream",
        app="gym_mario_suite.agents.dream_command:app",
        help="Train, measure and make dream models, their data and spawns.",
    ),
    Command(
        name="export",
        app="gym_mario_suite.play.export_command:app",
        help="Turn replays into datasets.",
    ),
    Command(
        name="leaderboard",
        app="gym_mario_suite.competition.leaderboard_command:app",
        help="Rank the results of many runs, and report on them.",
    ),
    Command(
        name="levels",
        app="gym_mario_suite.levels.commands:app",
        help="Make levels and look at them.",
    ),
    Command(
        name="levels bench",
        app="gym_mario_suite.levels.bench_command:app",
        help="Compare level generators: playable, like the corpus, new, fast.",
    ),
    Command(
        name="levels generate",
        app="gym_mario_suite.play.generate_command:app",
        help="Make levels with a generator, to look at, to keep and to play.",
    ),
    Command(
        name="levels latents",
        app="gym_mario_suite.levels.latents_command:app",
        help="Draw what the latents of a VAE decode to.",
    ),
    Command(
        name="levels score",
        app="gym_mario_suite.competition.generation_command:app",
        help="Score level generators by how agents fare in their levels.",
    ),
    Command(
        name="levels simulate",
        app="gym_mario_suite.play.simulate_command:app",
        help="Have a level played and print the telemetry.",
    ),
    Command(
        name="levels train",
        app="gym_mario_suite.levels.train_command:app",
        help="Train the learned generators.",
    ),
    Command(
        name="make",
        app="gym_mario_suite.play.make_command:app",
        help="Build courses in an editor, with a solver and generators at hand.",
    ),
    Command(
        name="play",
        app="gym_mario_suite.play.play_command:app",
        help="Play in a window, with keyboard or gamepad.",
    ),
    Command(
        name="record",
        app="gym_mario_suite.play.record_command:app",
        help="Write replays of an agent.",
    ),
    Command(
        name="replay",
        app="gym_mario_suite.play.replay_command:app",
        help="Play, check and film replays.",
    ),
    Command(
        name="rom",
        app="gym_mario_suite.nes.commands:app",
        help="Bring a ROM of your own for the NES environments.",
    ),
    Command(
        name="score",
        app="gym_mario_suite.competition.commands:app",
        help="Play a track of levels with an agent and score it.",
    ),
    Command(
        name="serve",
        app="gym_mario_suite.competition.serve_command:app",
        help="Let programs in any language play.",
    ),
    Command(
        name="verify",
        app="gym_mario_suite.competition.verify_command:app",
        help="Check the numbers of a results file by its replays.",
    ),
    Command(
        name="watch",
        app="gym_mario_suite.play.watch_command:app",
        help="Watch an agent play in a window.",
    ),
)


class StandIn(typer.core.TyperCommand):
    """Stands in a group for a command that is imported only to run it."""

    def __init__(self, row: Command) -> None:
        super().__init__(row.name.split()[-1], help=row.help)
        self._row = row

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """The context of the real command, which then runs."""
        return self._row.load().make_context(*arguments, **options)


class LazyGroup(typer.core.TyperGroup):
    """A Typer group of stand-ins."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for row in COMMANDS:
            if " " not in row.name:
                self.add_command(StandIn(row))


app = typer.Typer(
    name="mario",
    cls=LazyGroup,
    no_args_is_help=True,
    # A bug's traceback is for its author: plain, and without the values of local variables.
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gym-mario-suite {__version__}")
        raise typer.Exit


@app.callback()
def _mario(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Mario environments, agents and competitions for Gymnasium."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the `mario` command and leave the interpreter with its exit code.

    Args:
        arguments: Words after `mario`; those of the process by default.

    Raises:
        SystemExit: Always. Code 0 on success, 2 after a `MarioError` or a wrong argument, 130
            after Ctrl-C.
    """
    with told_errors():
        app(arguments)
