"""One door for all level files: which format a file is in, reading it, writing it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import LevelError, MarioError, OptionError
from gym_mario_suite.levels import framework_text
from gym_mario_suite.levels.formats import matrix, vglc_structural
from gym_mario_suite.levels.formats.course import (
    COURSE_BYTES,
    ENCRYPTED_BYTES,
    Course,
    read_course,
    write_course,
)
from gym_mario_suite.levels.formats.course_grids import course_grid, course_of_grid
from gym_mario_suite.levels.formats.level_json import (
    parse_json,
    read_level_json,
    write_level_json,
)
from gym_mario_suite.levels.formats.level_npz import read_level_npz, write_level_npz
from gym_mario_suite.levels.formats.text_rows import decoded
from gym_mario_suite.levels.formats.vglc_text import read_vglc_text, write_vglc_text
from gym_mario_suite.levels.framework_text_writer import write_framework_text
from gym_mario_suite.levels.grid_levels import to_grid, to_level
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.tile_grid import LETTERS, TileGrid
from gym_mario_suite.whole_file import write_whole

Document = Level | TileGrid | Course
_MAX_FILE_BYTES = 256 << 20


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: As in `--format`.
        suffixes: File names that end so are written in it; the first format of a suffix wins.
        about: What it is, for `--help`.
        read: What a file's bytes hold.
        write: A file's bytes.
    """

    name: str
    suffixes: tuple[str, ...]
    about: str
    read: Callable[[bytes], Document]
    write: Callable[[Document], bytes]


def as_level(document: Document, rules: Rules | None = None) -> Level:
    """The level of what a file holds.

    Raises:
        LevelError: When it is a level of other rules than `rules`, or a course that is no level.
    """
    if isinstance(document, Course):
        document = course_grid(document)
    if isinstance(document, TileGrid):
        return to_level(document, rules)
    if rules is not None and document.rules != rules:
        return to_level(to_grid(document), rules)
    return document


def as_grid(document: Document) -> TileGrid:
    """The grid of what a file holds; of a level, what 13 codes can say.

    Raises:
        LevelError: When it is a course that is no grid.
    """
    if isinstance(document, Course):
        return course_grid(document)
    return to_grid(document) if isinstance(document, Level) else document


def _text_of(write: Callable[[TileGrid], str]) -> Callable[[Document], bytes]:
    return lambda document: write(as_grid(document)).encode()


def _native(document: Document) -> Level | TileGrid:
    return course_grid(document) if isinstance(document, Course) else document


def _course_bytes(compressed: bool) -> Callable[[Document], bytes]:
    def write(document: Document) -> bytes:
        course = document if isinstance(document, Course) else course_of_grid(as_grid(document))
        return write_course(course, compressed=compressed)

    return write


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format(
            "json",
            (".json",),
            "this project's own, nothing lost",
            lambda data: read_level_json(decoded(data)),
            lambda document: write_level_json(_native(document)).encode(),
        ),
        Format(
            "npz",
            (".npz",),
            "NumPy arrays, nothing lost",
            read_level_npz,
            lambda document: write_level_npz(_native(document)),
        ),
        Format(
            "vglc",
            (".txt", ".vglc"),
            "Video Game Level Corpus, 13 letters",
            lambda data: read_vglc_text(decoded(data)),
            _text_of(write_vglc_text),
        ),
        Format(
            "vglc-structural",
            (".structural.txt",),
            "the corpus' 33 letters, with kinds of enemies",
            lambda data: vglc_structural.read_structural_text(decoded(data)),
            _text_of(vglc_structural.write_structural_text),
        ),
        Format(
            "framework",
            (".lvl", ".maf.txt"),
            "Mario AI Framework text",
            lambda data: framework_text.read_framework_text(decoded(data)),
            lambda d: write_framework_text(as_level(d, Rules.FRAMEWORK_2019)).encode(),
        ),
        Format(
            "matrix-npy",
            (".npy",),
            "tile codes as a NumPy array",
            matrix.read_matrix_npy,
            lambda document: matrix.write_matrix_npy(as_grid(document)),
        ),
        Format(
            "matrix-json",
            (".matrix.json",),
            "tile codes as a JSON list of lists",
            lambda data: matrix.read_matrix_rows(parse_json(decoded(data))),
            _text_of(matrix.write_matrix_json),
        ),
        Format(
            "matrix-text",
            (".matrix.txt", ".csv"),
            "tile codes as numbers",
            lambda data: matrix.read_matrix_text(decoded(data)),
            _text_of(matrix.write_matrix_text),
        ),
        Format(
            "course",
            (".course",),
            "decrypted course of Super Mario Maker 2",
            read_course,
            _course_bytes(compressed=False),
        ),
        Format(
            "course-zlib",
            (".course.z",),
            "the same, compressed as in the published data set",
            read_course,
            _course_bytes(compressed=True),
        ),
        Format(
            "bytes",
            (".level",),
            "what Level.to_bytes gives",
            Level.from_bytes,
            lambda document: as_level(document).to_bytes(),
        ),
    )
}


def format_of(path: Path) -> Format:
    """The format in which a file of this name is written.

    Raises:
        OptionError: For a name that no format has.
    """
    best: tuple[int, Format] | None = None
    for entry in FORMATS.values():
        for suffix in entry.suffixes:
            if path.name.lower().endswith(suffix) and (best is None or len(suffix) > best[0]):
                best = len(suffix), entry
    if best is None:
        known = ", ".join(sorted({s for entry in FORMATS.values() for s in entry.suffixes}))
        raise OptionError(f"{path.name}: a level file's name ends in one of {known}")
    return best[1]


def format_named(name: str) -> Format:
    """The format of a name.

    Raises:
        OptionError: For an unknown name.
    """
    if name not in FORMATS:
        raise OptionError(f"unknown level format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def read_document(path: Path | str, format: str | None = None) -> Document:
    """What a level file holds, as it is: a level, a grid or a course.

    Args:
        path: The file.
        format: A name of `FORMATS`; None to find it out by the contents.

    Raises:
        LevelError: When it cannot be read; the message names the file, and line or row and column
            where there are such.
        OptionError: For an unknown format.
    """
    path = Path(path)
    chosen = format_named(format) if format is not None else None
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise LevelError(f"{path}: larger than {_MAX_FILE_BYTES >> 20} MiB, no level is")
        data = path.read_bytes()
    except OSError as error:
        raise LevelError(f"cannot read {path}: {error.strerror}") from None
    try:
        return (chosen or _recognized(data, path)).read(data)
    except MarioError as error:
        raise LevelError(f"{path}: {error}") from None


def read_level(path: Path | str, format: str | None = None, rules: Rules | None = None) -> Level:
    """The level of a file of any format; arguments and errors as for `read_document`.

    Args:
        path: The file.
        format: Its format.
        rules: The rules the level shall have; None for the file's own, or where it has none, those
            that `grid_levels.to_level` chooses.
    """
    level = as_level(read_document(path, format), rules)
    if "file" in level.metadata:
        return level
    metadata = {**level.metadata, "file": Path(path).name}
    return Level(
        level.tiles, level.spawns, level.x_exit, level.y_exit, metadata, level.rules, level.start
    )


def read_grid(path: Path | str, format: str | None = None) -> TileGrid:
    """The grid of a file of any format; arguments and errors as for `read_document`."""
    return as_grid(read_document(path, format))


def write_level(path: Path | str, document: Document, format: str | None = None) -> None:
    """Write a level, a grid or a course; formats that cannot say everything say what they can.

    Args:
        path: The file, replaced if it is there.
        document: What to write.
        format: A name of `FORMATS`; None to choose by the file's name.

    Raises:
        OptionError: For an unknown format or file name, or when the file cannot be written.
        LevelError: When the format cannot hold such a level at all.
    """
    path = Path(path)
    chosen = format_named(format) if format is not None else format_of(path)
    write_whole(path, chosen.write(document))


def _recognized(data: bytes, path: Path) -> Format:
    """The format of a file's contents; of its name, where they are neither known nor a text."""
    if data[:4] == b"GMSL":
        return FORMATS["bytes"]
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):  # the latter where nothing is in it
        return FORMATS["npz"]
    if data[:6] == b"\x93NUMPY":
        return FORMATS["matrix-npy"]
    if len(data) in (COURSE_BYTES, ENCRYPTED_BYTES) or _is_zlib(data):
        return FORMATS["course"]
    try:
        text = decoded(data)
    except LevelError:
        # A course that was cut off is told by its size, not by the first byte that is no letter.
        try:
            return format_of(path)
        except OptionError:
            pass
        raise
    start = text.lstrip()[:1]
    if start in ("{", '"'):
        return FORMATS["json"]
    if start == "[" and _is_json(text):
        return FORMATS["matrix-json"]
    return FORMATS[_text_format(text)]


def _is_zlib(data: bytes) -> bool:
    """Whether the first two bytes are the header of zlib (RFC 1950) and no text."""
    return data[:2] in (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda") and not data.isascii()


def _is_json(text: str) -> bool:
    """Whether a text that begins with `[` is JSON; a pipe does so, too."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text.lstrip()[1:2] in ("[", "\n", " ") and any(c.isdigit() for c in text)
    return True


def _text_format(text: str) -> str:
    letters = set(text) - set("\r\n")
    if letters & set("0123456789") and letters <= set("0123456789 \t,;+-"):
        return "matrix-text"
    lines = [line.rstrip() for line in text.splitlines() if line]
    in_framework = letters <= framework_text.KNOWN
    # Blanks at the ends of lines of one length count for nothing in the corpus' texts; those that
    # fill lines up are the framework's air.
    if len({len(line) for line in lines}) == 1:
        letters = set("".join(lines))
    if letters <= set(LETTERS):
        return "vglc"
    in_structural = letters <= set(vglc_structural.LETTERS)
    # Both have `#`: ground in the corpus, stairs in the framework, whose ground is `X`.
    ground = lines[-1].count("#") > lines[-1].count("X") if lines else False
    if in_structural and (ground or not in_framework):
        return "vglc-structural"
    if in_framework:
        return "framework"
    # Neither: the message of the one with the most letters in common is of most use.
    known = {
        "vglc": set(LETTERS),
        "vglc-structural": set(vglc_structural.LETTERS),
        "framework": set(framework_text.KNOWN),
    }
    return min(known, key=lambda name: sum(letter not in known[name] for letter in text))
