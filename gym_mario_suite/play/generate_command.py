"""`mario levels generate`: levels of any generator, to look at, to keep and to play."""

# No `from __future__ import annotations`: Typer reads the annotations.

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generators import GENERATORS, generator_named
from gym_mario_suite.play import command_options as options
from gym_mario_suite.whole_file import require_picture, require_writable

if TYPE_CHECKING:
    from gym_mario_suite.levels.generator import Generator
    from gym_mario_suite.play.window import WindowOptions

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(
    epilog="Example: mario levels generate --generator tile-diffusion --seed 7 --out level.json"
)
def generate(
    generator: Annotated[
        str,
        typer.Option(
            "--generator",
            "-g",
            help=f"{', '.join(GENERATORS)}, or MODULE:CLASS; NAME:weights=FILE for other weights.",
            autocompletion=words(GENERATORS),
        ),
    ] = "tile-diffusion",
    seed: Annotated[
        str, typer.Option(metavar="INTEGER", help="Seed of the first level, 64 bits.")
    ] = "0",
    count: Annotated[int, typer.Option("--count", "-n", help="Levels; seeds go up by one.")] = 1,
    width: Annotated[int | None, typer.Option(help="Columns.")] = None,
    height: Annotated[int | None, typer.Option(help="Rows.")] = None,
    theme: Annotated[
        int | None, typer.Option(help="0 overground, 1 underground, 2 castle.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            metavar="NAME=VALUE",
            help="An option of the generator's own, its value as JSON or text, such as "
            "-o style=smb -o iterations=64.",
        ),
    ] = None,
    latent: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y", help="vae: latent of a chunk; once for each chunk."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; its suffix says the format. {seed} in it is replaced."),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Write the iterations as an animation, *.gif.")
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play the level in a window.")] = False,
    list_options: Annotated[
        bool, typer.Option("--options", help="List the generator's options and stop.")
    ] = False,
    time_limit: options.TimeLimit = 200,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Make levels with a generator."""
    from gym_mario_suite.levels.formats.files import format_of
    from gym_mario_suite.levels.maker.course_files import write_level_or_course

    # Before anything is loaded or compiled.
    if count < 1:
        raise OptionError(f"--count must be 1 or more, got {count}")
    if count > 1 and (play or trace):
        raise OptionError("--play and --trace take one level at a time")
    if count > 1 and out is not None and "{seed}" not in str(out):
        raise OptionError("several levels need {seed} in the name of --out")
    maker = generator_named(generator)
    window = options.window_options(keys, scale, full_screen, max_frames) if play else None
    if list_options:
        typer.echo(_described(maker))
        return
    asked = _asked(maker, width, height, theme, option, latent)
    first = options.seed_number(seed)
    require_picture(trace, ".gif")
    if trace is not None:
        asked["trace"] = True
    if out is not None:
        path = _numbered(out, first)
        format_of(path)
        require_writable(path)
    for number in range(first, first + count):
        grid = maker.generate_grid(number, **asked)
        facts = {key: value for key, value in grid.metadata.items() if key != "trace"}
        typer.echo(", ".join(f"{key} {value}" for key, value in facts.items()))
        typer.echo("\n".join(grid.rows()))
        if out is not None:
            path = _numbered(out, number)
            write_level_or_course(path, grid)
            typer.echo(f"wrote {path}")
        if trace is not None:
            from gym_mario_suite.levels.trace_picture import write_trace

            write_trace(trace, grid)
            typer.echo(f"wrote {trace}")
        if window is not None:
            _play(maker, number, asked, window, time_limit)


def _numbered(out: Path, seed: int) -> Path:
    return Path(str(out).replace("{seed}", str(seed)))


def _play(
    maker: "Generator", seed: int, asked: dict[str, Any], window: "WindowOptions", time_limit: int
) -> None:
    """Have a person play the level until the window is closed."""
    from gym_mario_suite.play.level_course import LevelFileCourse
    from gym_mario_suite.play.window import show_course

    asked = {name: value for name, value in asked.items() if name != "trace"}
    level = maker.generate(seed, **asked)
    show_course(LevelFileCourse([level], None, time_limit), window, title=True)


def _asked(
    maker: "Generator",
    width: int | None,
    height: int | None,
    theme: int | None,
    option: list[str] | None,
    latent: list[str] | None,
) -> dict[str, Any]:
    asked: dict[str, Any] = {"width": width, "height": height, "theme": theme}
    given = {name: value for name, value in asked.items() if value is not None}
    asked = dict(given)
    for each in option or ():
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise OptionError(f"--option takes NAME=VALUE, got {each!r}")
        name = name.replace("-", "_")
        if name in given:
            raise OptionError(f"--{name} and --option {each} say it twice: leave one out")
        if name in asked:
            raise OptionError(f"--option gives {name} twice: leave one out")
        asked[name] = _value(value)
    if latent:
        asked["latents"] = [_numbers(each) for each in latent]
    maker.check_options(asked)
    return asked


def _value(text: str) -> Any:
    try:
        # Python's True is meant as JSON's true.
        return json.loads(text.lower() if text in ("True", "False") else text)
    except json.JSONDecodeError:
        return text


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(
            f"--latent takes numbers with commas, such as 0.5,-1; got {text!r}"
        ) from None


def _described(maker: "Generator") -> str:
    """The signature's options with their defaults, and what the docstring says of them."""
    lines = [f"{maker.name}:"]
    for parameter in inspect.signature(maker.generate_grids).parameters.values():
        if parameter.kind == parameter.KEYWORD_ONLY:
            lines.append(f"  {parameter.name}={parameter.default!r}")
    return "\n".join([*lines, "", inspect.getdoc(maker.generate_grids) or ""])
