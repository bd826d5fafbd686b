"""Agents by name, imported when they are made."""

from __future__ import annotations

import difflib
import importlib
import inspect
import typing
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gym_mario_suite.errors import OptionError

if TYPE_CHECKING:
    from gym_mario_suite.agents.base import Agent

# `module:class`, as strings, so that naming an agent imports nothing.
AGENTS: dict[str, str] = {
    "forward": "gym_mario_suite.agents.forward:ForwardAgent",
    "forward-jumping": "gym_mario_suite.agents.forward_jumping:ForwardJumpingAgent",
    "scared": "gym_mario_suite.agents.scared:ScaredAgent",
    "scared-speedy": "gym_mario_suite.agents.scared:ScaredSpeedyAgent",
    "ellingsen": "gym_mario_suite.agents.ellingsen:EllingsenAgent",
}


def unknown_name(what: str, name: str, known: Iterable[str]) -> OptionError:
    """The error for a name that is in no table: it guesses what was meant and lists the names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return OptionError(f"unknown {what} {name!r}{guess}; known: {', '.join(names) or 'none'}")


def make_agent(text: str) -> Agent:
    """The agent that `text` describes.

    Args:
        text: `NAME` or `NAME:OPTION=VALUE,...`, where the options are the keyword arguments of
            the agent's class, for example `forward:jump_limit=20`. A value is read as the
            argument's type, or where that is not int, float or str as the first of the three
            that it fits.

    Returns:
        A new agent. Its name is `text`, so that scores tell apart what differs in options.

    Raises:
        OptionError: For an unknown agent or option, or a value the agent cannot use.

    Example:
        >>> make_agent("forward:jump_limit=20").name
        'forward:jump_limit=20'
    """
    name, colon, assignments = text.partition(":")
    if name not in AGENTS:
        raise unknown_name("agent", name, AGENTS)
    module_name, class_name = AGENTS[name].split(":")
    agent_class = getattr(importlib.import_module(module_name), class_name)
    agent: Agent = agent_class(**_parse_options(name, agent_class, assignments) if colon else {})
    agent.name = text
    return agent


def _parse_options(name: str, agent_class: type, assignments: str) -> dict[str, Any]:
    parameters = list(inspect.signature(agent_class).parameters)
    types = typing.get_type_hints(agent_class.__init__)
    options: dict[str, Any] = {}
    for assignment in assignments.split(","):
        option, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise OptionError(f"agent {name!r}: expected OPTION=VALUE, got {assignment!r}")
        if option not in parameters:
            raise unknown_name(f"option of agent {name!r}", option, parameters)
        if option in options:
            raise OptionError(f"agent {name!r}: option {option!r} is given twice")
        options[option] = _parse_value(name, option, types.get(option), value)
    return options


def _parse_value(name: str, option: str, expected: Any, text: str) -> int | float | str:
    readers = (expected,) if expected in (int, float, str) else (int, float, str)
    for reader in readers:
        try:
            return reader(text)
        except ValueError:
            continue
    raise OptionError(
        f"agent {name!r}: option {option!r} must be of type {expected.__name__}, got {text!r}"
    )
