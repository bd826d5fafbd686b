"""The check of `reset(options=...)` that the environments share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gym_mario_suite.errors import OptionError


def options_given(options: object) -> dict[str, Any]:
    """A copy of what `reset(options=...)` was given; None stands for none.

    Raises:
        OptionError: If it is no mapping.
    """
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise OptionError(f"the options of reset must be a mapping by name, got {options!r}")
    return dict(options)


def check_known_options(options: dict[str, Any], known: Collection[str]) -> None:
    """Refuse unknown reset options.

    Raises:
        OptionError: Naming the options there are.
    """
    unknown = set(options) - set(known)
    if unknown:
        raise OptionError(
            f"unknown reset option {min(unknown, key=str)!r}; there are {', '.join(sorted(known))}"
        )


def check_one_option(options: dict[str, Any], known: Collection[str]) -> None:
    """Refuse unknown reset options, and two at once.

    Raises:
        OptionError: Naming the options there are.
    """
    check_known_options(options, known)
    if len(options) > 1:
        raise OptionError(f"give one reset option, not {' and '.join(sorted(options))}")
