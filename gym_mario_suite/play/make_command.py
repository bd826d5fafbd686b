"""`mario make`: the course editor."""

# No `from __future__ import annotations`: Typer reads the annotations.

import os
from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.errors import LevelError
from gym_mario_suite.play import command_options as options

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = """Examples:

  mario make                                a new course

  mario make my.mmc.json                    go on with a course, or begin it

  mario make mario-1-1.txt --limits smb     any level file, at most 30 enemies

  mario make --generator tile-diffusion --seed 7 --width 150

F1 shows the keys. What is not saved survives a crash: the next start offers it.
"""


@app.command(epilog=_EXAMPLES)
def make(
    file: Annotated[
        Path | None,
        typer.Argument(help="A course or level file of any format; a name not there yet is new."),
    ] = None,
    width: Annotated[int, typer.Option(help="Columns of a new course.")] = 100,
    height: Annotated[int, typer.Option(help="Rows of a new course.")] = 14,
    limits: Annotated[
        str, typer.Option(metavar="PROFILE", help="mm2, smb, none, or a JSON file of limits.")
    ] = "mm2",
    generator: Annotated[
        str | None, typer.Option("--generator", "-g", help="Begin with a level of this generator.")
    ] = None,
    seed: Annotated[str, typer.Option(metavar="INTEGER", help="Its seed.")] = "0",
    no_recovery: Annotated[
        bool, typer.Option("--no-recovery", help="No autosave, and no offer of one.")
    ] = False,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Build courses in a window: paint, ask generators, see the way through, play."""
    from gym_mario_suite.display.pygame_extra import require_pygame

    require_pygame()
    window = options.window_options(keys, scale, full_screen, max_frames)
    from gym_mario_suite.display.screen import require_display
    from gym_mario_suite.levels.maker.course_files import check_file_name, read_course_file
    from gym_mario_suite.levels.maker.part_limits import course_limits
    from gym_mario_suite.play.make.asking import Wish, granted
    from gym_mario_suite.play.make.document import new_course
    from gym_mario_suite.play.make.editor import Editor
    from gym_mario_suite.play.make.recovery import Recovery
    from gym_mario_suite.play.make.window import MakeOptions, show_editor
    from gym_mario_suite.whole_file import require_writable

    require_display()
    profile = course_limits(limits)
    if file is not None and os.path.isdir(file):
        raise LevelError(f"{file} is a folder; name a file in it")
    if file is not None and os.path.exists(file):
        if generator is not None:
            raise LevelError(f"{file} is there already: leave --generator out, or name a new file")
        course = read_course_file(file)
    else:
        if file is not None:
            check_file_name(file)
            require_writable(file)
        course = new_course(width, height)
        wrong = course.violations(profile)
        if wrong:
            raise LevelError(f"limits {profile.name}: {wrong[0]}")
    recovery = None if no_recovery else Recovery()
    editor = Editor(course, file, profile, recovery)
    if generator is not None:
        wish = Wish(generator, options.seed_number(seed), None)
        editor.document.replace_cells(granted(wish, course, profile), f"generator, seed {seed}")
    if recovery is not None:
        editor.desk.offer(recovery.left_behind())
    show_editor(
        editor,
        MakeOptions(
            bindings=window.bindings,
            scale=window.scale,
            full_screen=window.full_screen,
            max_frames=window.max_frames,
        ),
    )
