"""Which key and which gamepad button does what, and the file that changes it."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError
from gym_mario_suite.play.actions import MEANINGS, Action

MAX_PAD_BUTTON = 63
_SECTIONS = ("keys", "gamepad")

DEFAULT_KEYS: dict[Action, tuple[str, ...]] = {
    Action.LEFT: ("left",),
    Action.RIGHT: ("right",),
    Action.UP: ("up",),
    Action.DOWN: ("down",),
    Action.JUMP: ("s",),
    Action.SPEED: ("a",),
    Action.START: ("return", "space", "kp_enter"),
    Action.PAUSE: ("p",),
    Action.RESTART: ("r",),
    Action.NEXT: ("n",),
    Action.SLOW: ("m",),
    Action.STEP: ("period",),
    Action.SLOWER: ("minus", "kp_minus"),
    Action.FASTER: ("equals", "kp_plus"),
    Action.FULL_SCREEN: ("f", "f11"),
    Action.GRID: ("g",),
    Action.TRAJECTORIES: ("t",),
    Action.QUIT: ("escape",),
}
# Most pads: 0 and 3 are the lower and the upper of the four, 1 and 2 right and left, 6 and 7 start
# (or back); those without a hat have their cross on 11 to 14.
DEFAULT_PAD: dict[Action, tuple[int, ...]] = {
    **dict.fromkeys(Action, ()),
    Action.LEFT: (13,),
    Action.RIGHT: (14,),
    Action.UP: (11,),
    Action.DOWN: (12,),
    Action.JUMP: (0, 3),
    Action.SPEED: (1, 2),
    Action.START: (6, 7),
}


@dataclass(frozen=True)
class Bindings:
    """Keys by name and gamepad buttons by number, of each action.

    Attributes:
        keys: Names of keys, as pygame's constants without `K_`, in small letters.
        pad: Numbers of gamepad buttons. (The stick and the cross always move Mario.)
    """

    keys: Mapping[Action, tuple[str, ...]]
    pad: Mapping[Action, tuple[int, ...]]

    def to_toml(self) -> str:
        """The bindings as the text of a key file."""
        lines = [
            "# Keys of `mario play`, `mario watch` and `mario replay`.",
            "# A name is that of a pygame constant without K_: s, left, space, return, f11, kp0.",
            "# What is left out keeps its default.",
            "[keys]",
        ]
        rows = [(f"{a} = {_toml_list(self.keys.get(a, ()))}", MEANINGS[a]) for a in Action]
        width = max(len(row) for row, _ in rows)
        lines += [f"{row:{width}}  # {meaning}" for row, meaning in rows]
        lines += ["", "# Numbers of buttons; the stick and the cross always move.", "[gamepad]"]
        lines += [f"{action} = {_toml_list(self.pad.get(action, ()))}" for action in Action]
        return "\n".join(lines) + "\n"


DEFAULTS = Bindings(DEFAULT_KEYS, DEFAULT_PAD)


def load_bindings(path: Path, known_keys: Iterable[str]) -> Bindings:
    """The defaults as changed by a key file.

    A key that the file gives to an action is taken from the action that has it by default.

    Args:
        path: A TOML file with the sections `keys` and `gamepad`.
        known_keys: Names of all keys there are.

    Raises:
        OptionError: When the file cannot be used; the message names the file, the line, and what
            was expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except OSError as error:
        raise OptionError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"{path}: not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise OptionError(f"{path}: not TOML: {error}") from error
    reader = _Reader(path, text, frozenset(known_keys))
    return reader.read(tables)


class _Reader:
    def __init__(self, path: Path, text: str, known_keys: frozenset[str]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._known_keys = known_keys

    def read(self, tables: dict[str, Any]) -> Bindings:
        for name in tables:
            if name not in _SECTIONS:
                raise self._unknown(name, "section", name, _SECTIONS)
        keys = self._section(tables, "keys", self._key)
        pad = self._section(tables, "gamepad", self._pad_button)
        return Bindings(_merged(DEFAULT_KEYS, keys), _merged(DEFAULT_PAD, pad))

    def _section(
        self, tables: dict[str, Any], section: str, check: Any
    ) -> dict[Action, tuple[Any, ...]]:
        table = tables.get(section, {})
        if not isinstance(table, dict):
            raise self._error(section, f"expected a section [{section}] of actions")
        found: dict[Action, tuple[Any, ...]] = {}
        owners: dict[Any, str] = {}
        for name, values in table.items():
            if name not in set(Action):
                raise self._unknown(name, "action", name, list(Action))
            values = values if isinstance(values, list) else [values]
            values = tuple(dict.fromkeys(check(name, value) for value in values))
            for value in values:
                if value in owners:
                    raise self._error(
                        name, f"{value!r} does two things, {owners[value]} and {name}"
                    )
                owners[value] = name
            found[Action(name)] = values
        return found

    def _key(self, action: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._error(
                action, f"{action} must be the name of a key or a list of them, got {value!r}"
            )
        name = value.lower()
        if name not in self._known_keys:
            raise self._unknown(action, f"key for {action}", value, self._known_keys)
        return name

    def _pad_button(self, action: str, value: object) -> int:
        if type(value) is not int or not 0 <= value <= MAX_PAD_BUTTON:
            raise self._error(
                action,
                f"{action} must be the number of a gamepad button, 0 to {MAX_PAD_BUTTON}, "
                f"or a list of them, got {value!r}",
            )
        return value

    def _unknown(self, at: str, what: str, value: str, known: Iterable[str]) -> OptionError:
        names = sorted(map(str, known))
        close = difflib.get_close_matches(value.lower(), names, n=1)
        guess = f" (did you mean {close[0]!r}?)" if close else ""
        some = ", ".join(names) if len(names) < 30 else "names such as s, left, space, return, f11"
        return self._error(at, f"unknown {what} {value!r}{guess}; expected {some}")

    def _error(self, at: str, message: str) -> OptionError:
        pattern = re.compile(rf"\s*\[?\s*[\"']?{re.escape(at)}\b")
        place = next(
            (f", line {n}" for n, line in enumerate(self._lines, 1) if pattern.match(line)), ""
        )
        return OptionError(f"{self._path}{place}: {message}")


def _merged(defaults: Mapping[Action, Any], changes: Mapping[Action, Any]) -> dict[Action, Any]:
    taken = {value for values in changes.values() for value in values}
    kept = {a: tuple(v for v in values if v not in taken) for a, values in defaults.items()}
    return {**kept, **changes}


def _toml_list(values: Iterable[str | int]) -> str:
    # A key's name needs no escapes, and Python writes numbers as TOML does.
    return "[" + ", ".join(f'"{v}"' if isinstance(v, str) else str(v) for v in values) + "]"
