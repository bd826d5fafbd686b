"""Level files of all kinds: `read_level`, `read_grid`, `write_level`."""

from gym_mario_suite.levels.formats.files import (
    FORMATS,
    read_document,
    read_grid,
    read_level,
    write_level,
)

__all__ = ["FORMATS", "read_document", "read_grid", "read_level", "write_level"]
