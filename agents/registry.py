"""Agents by name, imported when they are made."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import re
import sys
import typing
from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING, Any

from gym_mario_suite.errors import MarioError, OptionError

if TYPE_CHECKING:
    from gym_mario_suite.agents.base import Agent, NESAgent

# `module:class`, as strings, so that naming an agent imports nothing.
AGENTS: dict[str, str] = {
    "forward": "gym_mario_suite.agents.forward:ForwardAgent",
    "forward-jumping": "gym_mario_suite.agents.forward_jumping:ForwardJumpingAgent",
    "scared": "gym_mario_suite.agents.scared:ScaredAgent",
    "scared-speedy": "gym_mario_suite.agents.scared:ScaredSpeedyAgent",
    "ellingsen": "gym_mario_suite.agents.ellingsen:EllingsenAgent",
    "heuristic": "gym_mario_suite.agents.heuristic:HeuristicAgent",
    "random": "gym_mario_suite.agents.random_agent:RandomAgent",
    "mcts": "gym_mario_suite.agents.mcts:MCTSAgent",
    "beam": "gym_mario_suite.agents.beam.agent:BeamAgent",
    "neuro": "gym_mario_suite.agents.neuro.agent:NeuroAgent",
    "ppo-infinite": "gym_mario_suite.agents.sb3.agent:PPOInfiniteAgent",
    "icm-ppo-infinite": "gym_mario_suite.agents.icm_ppo.agent:ICMPPOInfiniteAgent",
    "astar": "gym_mario_suite.agents.astar.agent:AStarAgent",
    "astar-world": "gym_mario_suite.agents.astar.agent:AStarWorldAgent",
}

# Those that play the NES.
NES_AGENTS: dict[str, str] = {
    "nes-search": "gym_mario_suite.agents.nes_search:NESSearchAgent",
    "ppo-nes": "gym_mario_suite.agents.sb3.agent:PPONESAgent",
    "icm-ppo-nes": "gym_mario_suite.agents.icm_ppo.agent:ICMPPONESAgent",
}

ENTRY_POINTS = "gym_mario_suite.agents"  # the group in which other distributions name theirs
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
# What values of options are read as, by the annotation or its text.
_TYPES = (bool, int, float, str)
_PLAIN: dict[Any, type] = {name: kind for kind in _TYPES for name in (kind, kind.__name__)}
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


def unknown_name(what: str, name: str, known: Iterable[str]) -> OptionError:
    """The error for a name that is in no table: it guesses what was meant and lists the names."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    return OptionError(f"unknown {what} {name!r}{guess}; known: {', '.join(names) or 'none'}")


def make_nes_agent(text: str) -> NESAgent:
    """The agent for the NES that `text` describes, as `make_agent` reads it.

    Raises:
        OptionError: As of `make_agent`.
    """
    agent: Any = _made(text, NES_AGENTS)
    return agent


def make_agent(text: str) -> Agent:
    """The agent that `text` describes.

    Args:
        text: `NAME`, `NAME:OPTION=VALUE,...`, `MODULE:CLASS` or `MODULE:CLASS:OPTION=VALUE,...`.
            A name is one of `AGENTS` or of the entry points `gym_mario_suite.agents` of what is
            installed. The options are the keyword arguments of the agent's class, for example
            `forward:jump_limit=20`. A value is read as the argument's type; where that is not
            bool (true or false), int, float or str, as the first of the last three that it fits.

    Returns:
        A new agent. Its name is `text`, so that scores tell apart what differs in options.

    Raises:
        OptionError: For an unknown agent or option, or a value the agent cannot use.

    Example:
        >>> make_agent("forward:jump_limit=20").name
        'forward:jump_limit=20'
    """
    agent: Any = _made(text, AGENTS)
    return agent


def _made(text: str, table: dict[str, str]) -> object:
    name, agent_class, assignments = find_agent(text, table)
    options = _parse_options(name, agent_class, assignments) if assignments is not None else {}
    try:
        agent = agent_class(**options)
        agent.name = text
    except (AttributeError, TypeError) as error:
        raise OptionError(f"agent {name!r} cannot be made: {error}") from error
    return agent


def find_agent(text: str, table: dict[str, str] = AGENTS) -> tuple[str, Any, str | None]:
    """Name, class and options (None where no colon announces any) of an agent, see `make_agent`.

    Raises:
        OptionError: For an unknown agent, or one whose module cannot be imported.
    """
    name, colon, rest = text.partition(":")
    if name in table:
        return name, _imported(table[name], name), rest if colon else None
    if name in NES_AGENTS:
        raise OptionError(
            f"agent {name!r} plays the NES: `mario watch nes` and `mario record nes` take it"
        )
    if name in AGENTS:
        raise OptionError(f"agent {name!r} plays Infinite Mario, not the NES")
    if name == "cmd":
        raise OptionError(f"agent {text!r} is a program, which only `mario score` takes")
    installed = {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}
    if name in installed:
        return name, _imported(installed[name].value, name), rest if colon else None
    class_name, colon, assignments = rest.partition(":")
    if not _MODULE.fullmatch(name) or not class_name.isidentifier():
        unknown = unknown_name("agent", name, {*table, *installed})
        raise OptionError(f"{unknown}; or a class of yours, MODULE:CLASS")
    # A module beside the user, as for `python -m`; last, so that it hides nothing installed.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    name = f"{name}:{class_name}"
    return name, _imported(name, name), assignments if colon else None


def _imported(path: str, agent: str) -> Any:
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except AttributeError:
        raise OptionError(f"agent {agent!r}: {module_name} has no {attribute!r}") from None
    except MarioError:
        raise
    except Exception as error:
        # A stranger's module may raise anything.
        kind = type(error).__name__
        hint = (
            f" (a module is named without .py: {agent.replace('.py:', ':', 1)})"
            if module_name.endswith(".py")
            else ""
        )
        raise OptionError(
            f"agent {agent!r}: {module_name} cannot be imported: {kind}: {error}{hint}"
        ) from error


def _parse_options(name: str, agent_class: type, assignments: str) -> dict[str, Any]:
    parameters = inspect.signature(agent_class).parameters
    try:
        types = typing.get_type_hints(agent_class.__init__)
    except Exception:
        # A stranger's annotations may name what is imported for type checkers only.
        types = {key: _PLAIN.get(each.annotation) for key, each in parameters.items()}
    options: dict[str, Any] = {}
    for assignment in assignments.split(","):
        option, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise OptionError(f"agent {name!r}: expected OPTION=VALUE, got {assignment!r}")
        if option not in parameters:
            raise unknown_name(f"option of agent {name!r}", option, list(parameters))
        if option in options:
            raise OptionError(f"agent {name!r}: option {option!r} is given twice")
        # An argument without an annotation shows by its default that it is a switch.
        is_switch = isinstance(parameters[option].default, bool)
        expected = types.get(option) or (bool if is_switch else None)
        options[option] = _parse_value(name, option, expected, value)
    return options


def _parse_value(name: str, option: str, expected: Any, text: str) -> int | float | str:
    if expected is bool:
        if text.lower() in _SWITCH:
            return _SWITCH[text.lower()]
        raise OptionError(f"agent {name!r}: option {option!r} must be true or false, got {text!r}")
    readers = (expected,) if expected in (int, float, str) else (int, float, str)
    for reader in readers:
        try:
            return reader(text)
        except ValueError:
            continue
    raise OptionError(
        f"agent {name!r}: option {option!r} must be of type {expected.__name__}, got {text!r}"
    )
