"""Whole files, by their old name: `gym_mario_suite.whole_file` is where they are."""

from gym_mario_suite.whole_file import (
    file_name,
    require_folder,
    temporary_beside,
    write_numbered,
    write_whole,
)

__all__ = ["file_name", "require_folder", "temporary_beside", "write_numbered", "write_whole"]
