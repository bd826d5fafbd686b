"""`mario levels check`, `convert` and `render`: commands for level files."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.format_names import FORMAT_NAMES
from gym_mario_suite.whole_file import require_picture, write_whole

if TYPE_CHECKING:
    from gym_mario_suite.engine.world import Mode, Rules
    from gym_mario_suite.levels.level import Level
    from gym_mario_suite.levels.playability import Playability

NOT_PLAYABLE = 1  # exit code of `check`

_FORMATS = ", ".join(FORMAT_NAMES)
_RULES = ("competition-2009", "framework-2019")
LevelFile = Annotated[Path, typer.Argument(metavar="FILE", help="A level file of any format.")]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"The file's format: {_FORMATS}.",
        autocompletion=words(FORMAT_NAMES),
    ),
]
RuleSet = Annotated[
    str | None,
    typer.Option(
        "--rules",
        help=f"{' or '.join(_RULES)}; default: what fits.",
        autocompletion=words(_RULES),
    ),
]


def rules_named(name: str | None) -> "Rules | None":
    """The rule set of a name, None for none.

    Raises:
        OptionError: For an unknown name.
    """
    from gym_mario_suite.engine.world import Rules
    from gym_mario_suite.levels.level import rules_name

    for rules in Rules:
        if name == rules_name(rules):
            return rules
    if name is not None:
        known = ", ".join(map(rules_name, Rules))
        raise OptionError(f"unknown rules {name!r}; there are {known}")
    return None


def mode_numbered(mode: int | None) -> "Mode | None":
    """The power state of a number, None for none.

    Raises:
        OptionError: For any other number.
    """
    from gym_mario_suite.engine.world import Mode

    if mode is not None and mode not in set(Mode):
        raise OptionError(f"--mode must be 0 small, 1 large or 2 fire, got {mode}")
    return None if mode is None else Mode(mode)


def level_of_file(file: Path, rules: str | None, format_name: str | None = None) -> "Level":
    """The level of a file of a level or a course, as the options of a command name it.

    Raises:
        LevelError: When it cannot be read.
        OptionError: For unknown rules or an unknown format.
    """
    from gym_mario_suite.levels.maker.course_files import read_level_or_course

    return read_level_or_course(file, format_name, rules_named(rules))


def check(
    file: LevelFile,
    picture: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the level with the ways through it.")
    ] = None,
    format_name: Format = None,
    rules: RuleSet = None,
    mode: Annotated[
        int | None, typer.Option(help="Mario at the start: 0 small, 1 large, 2 fire.")
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(help="Nodes of each of A*'s two searches; default: those of its survey."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say whether a level can be finished, and how.

    The static solver looks at the tiles alone; A* plays the level on the engine with its enemies.
    Exit code 1 where neither finds a way.
    """
    from gym_mario_suite.levels.formats.png import png_bytes
    from gym_mario_suite.levels.playability import NODES, EnginePlayer
    from gym_mario_suite.levels.playability import check as check_level

    require_picture(picture)
    level = level_of_file(file, rules, format_name)
    player = EnginePlayer(NODES if nodes is None else nodes, mode_numbered(mode))
    found = check_level(level, player)
    if picture is not None:
        from gym_mario_suite.levels.picture import playability_picture

        write_whole(picture, png_bytes(playability_picture(found)))
    if as_json:
        typer.echo(json.dumps(found.to_json()))
    else:
        for line in findings(found):
            typer.echo(line)
        if picture is not None:
            typer.echo(f"{picture}: white is the solver's way, red that of A*")
    assert found.engine is not None
    if not found.static.solved and not found.engine.won:
        raise typer.Exit(NOT_PLAYABLE)


def findings(found: "Playability") -> list[str]:
    """The findings in words."""
    from gym_mario_suite.engine.tiles import TILE_PX
    from gym_mario_suite.levels.level import rules_name

    level, static, run = found.level, found.static, found.engine
    size = f"{level.width}x{level.height}, {rules_name(level.rules)}, {len(level.spawns)} enemies"
    if static.solved:
        about_tiles = f"can be crossed ({len(static.path)} cells)"
    elif static.furthest_column < 0 and level.start is not None:
        about_tiles = "have something solid where Mario starts"
    elif static.furthest_column < 0:
        about_tiles = "have no place to start in the first columns"
    else:
        about_tiles = (
            f"end at column {static.furthest_column} of {level.x_exit} for the static solver, "
            "which knows no springs or moving platforms and steers little in the air"
        )
    lines = [f"level   {size}", f"tiles   {about_tiles}"]
    if run is not None and run.won:
        lines.append(f"engine  A* wins in {len(run.keys)} ticks ({run.nodes:,} nodes)")
    elif run is not None:
        lines.append(
            f"engine  A* finds no way with {run.nodes:,} nodes; it gets to column "
            f"{int(run.furthest_px) // TILE_PX}"
        )
    return lines


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A level file of any format.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    source_format: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help=f"Format of IN: {_FORMATS}.",
            autocompletion=words(FORMAT_NAMES),
        ),
    ] = None,
    target_format: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="NAME",
            help="Format of OUT; else by its name.",
            autocompletion=words(FORMAT_NAMES),
        ),
    ] = None,
    rules: RuleSet = None,
) -> None:
    """Write a level in another format.

    A format that cannot say everything says what it can; `json` and `npz` lose nothing of a level,
    and *.mmc.json, the files of `mario make`, nothing of a course.
    """
    from gym_mario_suite.levels.formats import read_document
    from gym_mario_suite.levels.maker import course_files

    wanted = rules_named(rules)
    if wanted is not None:
        document = course_files.read_level_or_course(source, source_format, wanted)
    elif source_format is None and course_files.is_course_file(source):
        document = course_files.read_course_file(source)
    else:
        document = read_document(source, source_format)
    course_files.write_level_or_course(target, document, target_format)


def render(
    file: LevelFile,
    target: Annotated[Path, typer.Argument(metavar="PNG", help="The picture to write.")],
    format_name: Format = None,
    rules: RuleSet = None,
) -> None:
    """Draw a whole level."""
    from gym_mario_suite.levels.formats.png import png_bytes
    from gym_mario_suite.levels.picture import level_picture

    require_picture(target)
    level = level_of_file(file, rules, format_name)
    write_whole(target, png_bytes(level_picture(level)))
