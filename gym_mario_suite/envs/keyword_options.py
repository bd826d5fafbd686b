"""The options that the environments' constructors take as keyword arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from gym_mario_suite.errors import OptionError, UnknownOption

Options = TypeVar("Options")


def read_options(kind: type[Options], owner: str, keywords: Mapping[str, Any]) -> Options:
    """An environment's options, from what its constructor was given besides.

    Args:
        kind: The dataclass of the options.
        owner: Whose options they are, for the message.
        keywords: Keyword arguments.

    Raises:
        UnknownOption: For an option that there is not.
        OptionError: For a value that is not possible.
    """
    dataclass: Any = kind
    known = [field.name for field in fields(dataclass) if field.init]
    check_names(known, owner, keywords)
    try:
        return kind(**keywords)
    except TypeError as error:
        raise OptionError(f"{owner}: {error}") from None


def check_names(known: Collection[str], owner: str, names: Iterable[str]) -> None:
    """See that all names are of options.

    Args:
        known: The options there are.
        owner: Whose options they are, for the message.
        names: What they were called.

    Raises:
        UnknownOption: For one that is not; the message lists those there are.
    """
    for name in names:
        if name not in known:
            # In Python's words: some libraries look for them, and try without the argument.
            raise UnknownOption(
                f"{owner} got an unexpected keyword argument {name!r}; there are {', '.join(known)}"
            )
