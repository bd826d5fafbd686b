"""Where the user's own key file is."""

from __future__ import annotations

from pathlib import Path

import typer

from gym_mario_suite.play.bindings import DEFAULTS, Bindings, load_bindings


def user_key_file() -> Path:
    """`keys.toml` in the folder that the system has for the user's configuration."""
    return Path(typer.get_app_dir("gym-mario-suite")) / "keys.toml"


def chosen_bindings(path: Path | None) -> Bindings:
    """The bindings of `path`, or else of the user's key file, or else the defaults.

    Raises:
        OptionError: When the file cannot be used.
        WindowError: When pygame is missing, which knows the names of the keys.
    """
    from gym_mario_suite.display.pygame_extra import require_pygame

    require_pygame()
    from gym_mario_suite.play.controls import key_codes

    if path is None:
        path = user_key_file()
        if not path.exists():
            return DEFAULTS
    return load_bindings(path, key_codes())
