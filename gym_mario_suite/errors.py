"""The package's exceptions, and the checks of values that all rooms share."""

import math
import operator
from collections.abc import Iterable, Mapping
from typing import Any


class MarioError(Exception):
    """Base of every error this package raises on purpose.

    The message is written for the user: the `mario` command prints it as one line, without a
    traceback.
    """


class OptionError(MarioError, ValueError):
    """An option, argument or action is not what was expected; the message says what is."""


class UnknownOption(OptionError, TypeError):
    """A keyword argument that there is not. Also a TypeError, as Python's own would be."""


class RequirementError(MarioError, ImportError):
    """A package that this one stands on is too old; the message says how to mend it."""


class LevelError(MarioError, ValueError):
    """A level cannot be made or read."""


class StateError(MarioError, ValueError):
    """A saved state cannot be loaded."""


class ReplayError(MarioError, ValueError):
    """A replay cannot be made, read or written."""


class ReplayMismatch(ReplayError):
    """A replay was played, and the game took another course than the one recorded.

    Args:
        message: What differs.
        tick: The tick at which it was noticed.
    """

    def __init__(self, message: str, tick: int) -> None:
        super().__init__(message)
        self.tick = tick

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is copied and pickled by its message alone.
        return type(self), (str(self), self.tick)


class DatasetError(MarioError, ValueError):
    """A dataset cannot be made, read or written."""


class WeightsError(MarioError, ValueError):
    """A model's weights cannot be read, or do not fit what they are used for."""


class ObservationError(MarioError, ValueError):
    """An observation is not what a learner can take, such as one that holds NaN."""


class WindowError(MarioError):
    """A window cannot be opened, or was lost."""


class DeviceError(MarioError):
    """A GPU cannot be used, or has not enough memory; the message says what is missing."""


# What reading something that is whole, and yet not what was expected, may lead to.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)


def as_integer(name: str, value: object, low: int, high: int) -> int:
    """`value` as an int in low .. high.

    Raises:
        OptionError: If it is no whole number or out of range; the message names `name`.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise OptionError(f"{name} must be a whole number, got {value!r}") from None
    if not low <= number <= high:
        raise OptionError(f"{name} must be a whole number from {low} to {high}, got {number}")
    return number


def as_integers(name: str, values: object, low: int, high: int) -> list[int]:
    """`values` as a list of ints in low .. high.

    Raises:
        OptionError: If they are no whole numbers, or one is out of range; the message names `name`.
    """
    if not isinstance(values, Iterable):
        raise OptionError(f"{name} must be a list of whole numbers, got {values!r}")
    return [as_integer(f"{name}[{i}]", value, low, high) for i, value in enumerate(values)]


def as_number(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> float:
    """`value` as a finite float from low to high.

    Raises:
        OptionError: If it is no finite number or out of range; the message names `name`.
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and low <= number <= high):
        bounded = math.isfinite(low) or math.isfinite(high)
        wanted = f"a number from {low:,.12g} to {high:,.12g}" if bounded else "a finite number"
        raise OptionError(f"{name} must be {wanted}, got {value!r}")
    return number


def as_switch(name: str, value: object) -> bool:
    """`value` as True or False; 1 and 0 are these, too.

    Raises:
        OptionError: If it is neither, such as the word "no"; the message names `name`.
    """
    try:
        return bool((False, True).index(value))  # type: ignore[arg-type]
    except ValueError:
        raise OptionError(f"{name} must be True or False, got {value!r}") from None


def as_choice(name: str, value: object, choices: Iterable[str]) -> str:
    """`value` as one of a few words.

    Raises:
        OptionError: If it is none of them, or no word; the message names `name`.
    """
    words = list(choices)
    if not isinstance(value, str) or value not in words:
        raise OptionError(f"{name} must be one of {', '.join(words)}, got {value!r}")
    return value


def as_weights(chosen: object, terms: Iterable[str]) -> dict[str, float]:
    """The weights of a reward's terms, of those that are named.

    Raises:
        OptionError: If it is no mapping, or for a term that there is not or a weight that is no
            finite number.
    """
    names = tuple(terms)
    known = ", ".join(names)
    if not isinstance(chosen, Mapping):
        raise OptionError(f"reward must be a mapping of weights for {known}, got {chosen!r}")
    for term in chosen:
        if term not in names:
            raise OptionError(f"unknown reward term {term!r}; there are {known}")
    return {term: as_number(f"reward[{term!r}]", weight) for term, weight in chosen.items()}


def reason_of(error: BaseException) -> str:
    """Why a file could not be read: what the system says, or else the library that reads it.

    A file's own `OSError` would repeat its number and the path.
    """
    return getattr(error, "strerror", None) or str(error)
