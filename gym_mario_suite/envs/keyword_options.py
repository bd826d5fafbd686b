"""The options that the environments' constructors take as keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from gym_mario_suite.errors import OptionError

Options = TypeVar("Options")


def read_options(kind: type[Options], owner: str, keywords: Mapping[str, Any]) -> Options:
    """An environment's options, from what its constructor was given besides.

    Args:
        kind: The dataclass of the options.
        owner: Whose options they are, for the message.
        keywords: Keyword arguments.

    Raises:
        OptionError: For an option that there is not, or a value that is not possible.
    """
    try:
        return kind(**keywords)
    except TypeError as error:
        raise OptionError(f"{owner}: {error}") from None
