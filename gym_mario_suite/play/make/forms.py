"""Boxes over the editor that ask for something: forms, questions, the help page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gym_mario_suite.errors import MarioError

ACCEPT, CANCEL = "accept", "cancel"


@dataclass
class Field:
    """A line of a form.

    Attributes:
        name: Name of its value.
        label: What stands before it.
        value: Text as typed, or the chosen one of `choices`.
        choices: What can be chosen; empty for text that is typed.
        width: The most characters.
        number: Whether it is a whole number.
    """

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    width: int = 40
    number: bool = False

    def press(self, key: str, text: str) -> None:
        """Take a key."""
        if self.choices:
            step = {"left": -1, "right": 1, "space": 1}.get(key, 0)
            if step:
                at = self.choices.index(self.value) + step
                self.value = self.choices[at % len(self.choices)]
        elif key == "backspace":
            self.value = self.value[:-1]
        elif self.number and key in ("left", "right"):
            step = 1 if key == "right" else -1
            self.value = str(int(self.value) + step) if _is_whole(self.value) else "0"
        elif _can_be_typed(text, self.number) and len(self.value) + len(text) <= self.width:
            self.value += text


class Form:
    """Fields, one of which has the keyboard.

    Args:
        title: Its heading.
        fields: Its lines.
        accept: Takes the values by name (numbers as ints) when they are accepted; what it raises is
            shown, and the form stays.
        hint: A line at the bottom.

    Attributes:
        focus: Number of the field that has the keyboard.
        error: What is wrong, to be shown.
        done: Whether it is to be closed.
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        accept: Callable[[dict[str, Any]], None],
        hint: str = "",
    ) -> None:
        self.title = title
        self.fields = list(fields)
        self.hint = hint
        self.focus = 0
        self.error = ""
        self.done = False
        self._accept = accept

    def press(self, key: str, text: str = "") -> None:
        """Take a key: up, down and tab move, enter accepts, escape leaves, others edit."""
        self.error = ""
        match key:
            case "escape":
                self.done = True
            case "return" | "kp_enter":
                self.click(ACCEPT)
            case "down" | "tab":
                self.focus = (self.focus + 1) % len(self.fields)
            case "up" | "shift+tab":
                self.focus = (self.focus - 1) % len(self.fields)
            case _:
                self.fields[self.focus].press(key, text)

    def click(self, target: Any) -> None:
        """Take a click: on a field (its number), on an arrow (number, -1 or 1), or a button."""
        if target == CANCEL:
            self.done = True
        elif target == ACCEPT:
            try:
                values = {field.name: _value(field) for field in self.fields}
                self.done = True
                self._accept(values)
            except MarioError as error:
                self.error = str(error)
                self.done = False
        elif isinstance(target, tuple):
            self.focus = target[0]
            self.fields[self.focus].press("right" if target[1] > 0 else "left", "")
        else:
            self.focus = int(target)


def _can_be_typed(text: str, number: bool) -> bool:
    return bool(text) and text.isprintable() and (not number or text in "-0123456789")


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdigit()


def _value(field: Field) -> Any:
    if not field.number:
        return field.value
    if not _is_whole(field.value):
        raise MarioError(f"{field.label.lower()}: a whole number, please")
    return int(field.value)


class Question:
    """A question with a few answers.

    Args:
        title: Its heading.
        lines: What is asked.
        answers: Key, label and what to do, of each; the first is the one that enter gives. Escape
            closes the question without an answer.
    """

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        answers: Sequence[tuple[str, str, Callable[[], None]]],
    ) -> None:
        self.title = title
        self.lines = tuple(lines)
        self.answers = tuple(answers)
        self.focus = 0
        self.done = False

    def press(self, key: str, text: str = "") -> None:
        """Take a key: an answer's own, enter, arrows, escape."""
        if key == "escape":
            self.done = True
        elif key in ("return", "kp_enter", "space"):
            self.click(self.focus)
        elif key in ("left", "up", "shift+tab", "right", "down", "tab"):
            step = -1 if key in ("left", "up", "shift+tab") else 1
            self.focus = (self.focus + step) % len(self.answers)
        else:
            for number, (own, _, _) in enumerate(self.answers):
                if own == key:
                    self.click(number)

    def click(self, target: Any) -> None:
        """Give the answer of a number."""
        if target == CANCEL:
            self.done = True
            return
        self.done = True
        self.answers[int(target)][2]()


class HelpPage:
    """The keys; any key closes it."""

    title = "MARIO MAKE"
    done = False

    def press(self, key: str, text: str = "") -> None:
        """Close."""
        self.done = True

    def click(self, target: Any) -> None:
        """Close."""
        self.done = True
