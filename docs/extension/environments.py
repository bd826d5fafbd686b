"""Pages of environments, made of the registry and of docstrings."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import gymnasium as gym

from gym_mario_suite.registry import REGISTRATIONS, Registration


def _infinite_options() -> Any:
    from gym_mario_suite.envs.options import InfiniteOptions

    return InfiniteOptions


def _infinite_modes() -> dict[str, gym.Space[Any]]:
    from gym_mario_suite.engine.world import Rules
    from gym_mario_suite.envs.observations import OBSERVATION_MODES, observation_mode

    modes: dict[str, gym.Space[Any]] = {
        name: mode.space() for name, mode in OBSERVATION_MODES.items()
    }
    modes["framework"] = observation_mode("framework", Rules.FRAMEWORK_2019).space()
    return modes


def _nes_options() -> Any:
    from gym_mario_suite.envs.nes_options import NESOptions

    return NESOptions


def _nes_modes() -> dict[str, gym.Space[Any]]:
    from gym_mario_suite.envs.nes_options import OBSERVATIONS

    return {name: _nes_options()(obs=name).observation_space() for name in OBSERVATIONS}


def _dream_options() -> Any:
    from gym_mario_suite.envs.dream_options import DreamOptions

    return DreamOptions


def _maker_options() -> Any:
    from gym_mario_suite.envs.maker_options import MakerOptions

    return MakerOptions


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """What the pages know of the environments of one class beside its docstring.

    Attributes:
        options: The dataclass of its options, which has their defaults.
        modes: The space of each observation mode, where there are several.
        needs_rom: Whether it cannot be made where this documentation is built.
    """

    options: Callable[[], Any]
    modes: Callable[[], dict[str, gym.Space[Any]]] | None = None
    needs_rom: bool = False


# By the name of the environment's class, or of one it is derived from.
FAMILIES: dict[str, Family] = {
    "MarioInfiniteEnv": Family(options=_infinite_options, modes=_infinite_modes),
    "MarioNESEnv": Family(options=_nes_options, modes=_nes_modes, needs_rom=True),
    "MarioDreamEnv": Family(options=_dream_options),
    "MarioMakerEnv": Family(options=_maker_options),
    "MarioMakerPlayEnv": Family(options=_infinite_options),
}

_SECTION = re.compile(r"^(Args|Attributes|Raises|Example|Returns):$")
_PAGE = re.compile(r"\bdocs/([a-z_0-9/]+\.md)")
_ENTRY = re.compile(r"^ {4}(\*{0,2}\w+): (.*)$")


def _family(documented: type) -> Family:
    """That of a class, or of what it is derived from."""
    names = [one.__name__ for one in inspect.getmro(documented)]
    return next(FAMILIES[name] for name in names if name in FAMILIES)


def _entry_class(entry_point: str) -> Any:
    module_name, _, name = entry_point.partition(":")
    return getattr(importlib.import_module(module_name), name)


def _entries(lines: list[str]) -> list[tuple[str, str]]:
    """Names and texts of a section of a Google-style docstring."""
    entries: list[tuple[str, str]] = []
    for line in lines:
        if entry := _ENTRY.match(line):
            entries.append((entry[1], entry[2]))
        elif line.strip() and entries:
            name, text = entries[-1]
            entries[-1] = (name, f"{text} {line.strip()}")
    return entries


def _defaults(documented: Any) -> dict[str, Any]:
    """Defaults of the arguments of a class: of its signature, else of its options' fields."""
    bases = inspect.getmro(documented) if inspect.isclass(documented) else ()
    known = FAMILIES.keys() & {one.__name__ for one in bases}
    fields = dataclasses.fields(_family(documented).options()) if known else ()
    found = {
        one.name: one.default_factory() if callable(one.default_factory) else one.default
        for one in fields
    }
    for name, parameter in inspect.signature(documented).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            found[name] = parameter.default
    return {name: value for name, value in found.items() if value is not dataclasses.MISSING}


def docstring_markdown(documented: Any, *, level: int = 2) -> str:
    """A docstring as Markdown: its Google sections as lists, its headings at `level`.

    Args:
        documented: A class or function; defaults of `Args` are read from its signature.
        level: Of headings, 2 for `##`.
    """
    # Docstrings name pages by their paths in the repository.
    text = _PAGE.sub(r"[\1](../\1)", inspect.getdoc(documented) or "")
    defaults = _defaults(documented)
    heading = "#" * level
    out: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        section = _SECTION.match(line)
        if section is None:
            out.append(re.sub(r"^##(?= )", heading, line))
            at += 1
            continue
        at += 1
        body: list[str] = []
        while at < len(lines) and (not lines[at].strip() or lines[at].startswith("    ")):
            body.append(lines[at])
            at += 1
        out += _section_markdown(section[1], body, defaults, heading)
    return "\n".join(out)


def _section_markdown(
    name: str, body: list[str], defaults: dict[str, Any], heading: str
) -> list[str]:
    if name == "Example":
        code = [line.removeprefix("    ") for line in body]
        return [f"{heading} Example", "", "```pycon", *"\n".join(code).strip().splitlines(), "```"]
    title = {"Args": "Options", "Attributes": "Options", "Raises": "Errors"}.get(name, name)
    out = [f"{heading} {title}", ""]
    for entry, text in _entries(body):
        shown = f"`{entry}`"
        if name in {"Args", "Attributes"} and entry in defaults:
            default = defaults[entry]
            shown += f" (default `{default.name if isinstance(default, Enum) else repr(default)}`)"
        out.append(f"* {shown}: {text}")
    return [*out, ""]


def _space(space: gym.Space[Any]) -> str:
    if isinstance(space, gym.spaces.Dict):
        return "Dict of " + ", ".join(f"{key}: {_space(one)}" for key, one in space.items())
    if isinstance(space, gym.spaces.Box):
        low, high = space.low.min(), space.high.max()
        return f"`Box({low}, {high}, {space.shape}, {space.dtype})`"
    return f"`{space}`"


def _registered(rows: list[Registration]) -> str:
    """The ids that an environment is registered under, and what they make."""
    first = rows[0]
    classes = first.entry_point, first.vector_entry_point or "none"
    one, many = (name.replace(":", ".") for name in classes)
    out = [
        "| | |",
        "|---|---|",
        "| registered as | " + ", ".join(f"`{row.id}`" for row in rows) + " |",
        f"| one game, `gymnasium.make` | `{one}` |",
        f"| many, `gymnasium.make_vec` | `{many}` |",
    ]
    facts: list[str] = []
    family = _family(_entry_class(first.entry_point))
    options = family.options
    if family.needs_rom:
        made = options()()
        observed, actions = made.observation_space(), made.action_set.space()
    else:
        env = gym.make(first.id, disable_env_checker=True)
        observed, actions = env.observation_space, env.action_space
        _, info = env.reset(seed=0)
        env.close()
        keys = ", ".join(f"`{key}`" for key in info)
        facts.append(f"| `info`, with the defaults | {keys} |")
    out.append(f"| observation space, with the defaults | {_space(observed)} |")
    out.append(f"| action space, with the defaults | {_space(actions)} |")
    out += facts
    if family.modes:
        out += ["", "Observation spaces:", "", "| `obs` | space |", "|---|---|"]
        out += [f"| `{name}` | {_space(space)} |" for name, space in family.modes().items()]
    return "\n".join(out)


def environment(env_id: str) -> str:
    """The page of an environment: what is registered, and its class docstring.

    Args:
        env_id: An id of the registry; the others of the same class are named with it.
    """
    entry_point = next(row.entry_point for row in REGISTRATIONS if row.id == env_id)
    rows = [row for row in REGISTRATIONS if row.entry_point == entry_point]
    single = _entry_class(entry_point)
    summary, _, rest = docstring_markdown(single).partition("\n\n")
    parts = [summary, _registered(rows), rest]
    if rows[0].vector_entry_point:
        vector = docstring_markdown(_entry_class(rows[0].vector_entry_point), level=3)
        parts += ["## Vector environment", vector]
    return "\n\n".join(parts)


def environment_table() -> str:
    """All registered ids, one row for each class, with the class's first line."""
    rows = ["| id | what it is |", "|---|---|"]
    seen: dict[str, list[Registration]] = {}
    for row in REGISTRATIONS:
        seen.setdefault(row.entry_point, []).append(row)
    for entry_point, same in seen.items():
        summary = (inspect.getdoc(_entry_class(entry_point)) or "").splitlines()[0]
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        page = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", same[0].id.removesuffix("-v0")).lower()
        rows.append(f"| [`{same[0].id}`]({page}.md){more} | {summary} |")
    return "\n".join(rows)


def party_environment(name: str) -> str:
    """The page of an environment with several players.

    Args:
        name: Of its module in `gym_mario_suite.multiplayer`, such as `mario_race_v0`.
    """
    from gym_mario_suite.multiplayer.options import PartyOptions
    from gym_mario_suite.multiplayer.parallel import MarioParallelEnv
    from gym_mario_suite.multiplayer.registration import NAMESPACE, PARALLEL

    module: Any = importlib.import_module(f"gym_mario_suite.multiplayer.{name}")
    parallel = name in PARALLEL
    documented = module.parallel_env if parallel else module.raw_env
    env = documented()
    started = env.reset(seed=0)
    infos = started[1] if parallel else env.infos
    env_id = f"{NAMESPACE}/{name}".replace("_v", "-v")
    summary, _, rest = docstring_markdown(documented).partition("\n\n")
    out = [summary, "", "| | |", "|---|---|"]
    forms = ["aec", "parallel"] if parallel else ["aec"]
    calls = ", ".join(f'`pettingzoo.make("{form}", "{env_id}")`' for form in forms)
    out.append(f"| made by | {calls}, after importing `gym_mario_suite.multiplayer` |")
    out.append(f"| module | `gym_mario_suite.multiplayer.{name}` |")
    for agent in env.possible_agents:
        seen, acted = _space(env.observation_space(agent)), _space(env.action_space(agent))
        out.append(f"| `{agent}` | sees {seen}, acts in {acted} |")
    agent = env.possible_agents[-1]
    if infos[agent]:
        out.append("| `info` | " + ", ".join(f"`{key}`" for key in infos[agent]) + " |")
    env.close()
    out += ["", rest]
    if parallel:
        shared = docstring_markdown(MarioParallelEnv, level=3)
        game = docstring_markdown(PartyOptions, level=3).partition("### Options")[2]
        out += ["", "## All environments of this kind", "", shared, "### Options of the game", game]
    return "\n".join(out)


def action_sets() -> str:
    """The named sets of actions, in the order of their numbers."""
    from gym_mario_suite.envs.actions import ACTION_SETS

    rows = ["| set | space | what the actions press |", "|---|---|---|"]
    for one in ACTION_SETS.values():
        pressed = ", ".join(one.combinations) or one.note
        rows.append(f"| `{one.name}` | `{one.space()}` | {pressed} |")
    return "\n".join(rows)


def grid_codes() -> str:
    """What the numbers of the competition's grid stand for at its usual details."""
    from gym_mario_suite.engine.observe import SPRITE_CODES, TILE_CODES
    from gym_mario_suite.engine.tiles import Tile
    from gym_mario_suite.engine.world import Kind

    # Hidden blocks are tiles of 2019, where the grid shows them as air.
    tiles = [tile for tile in Tile if not tile.name.startswith("HIDDEN")]
    named: dict[int, list[str]] = {}
    for tile in tiles:
        named.setdefault(int(TILE_CODES[1, tile]), []).append(_in_words(tile))
    rows = ["| code at detail 1 | tiles |", "|--:|---|"]
    rows += [f"| {code} | {', '.join(named[code])} |" for code in sorted(named)]
    rows += ["", "| code at detail 0 | at detail 1 | sprite |", "|--:|--:|---|"]
    for kind in Kind:
        if kind > Kind.NONE and kind != Kind.LIFE_MUSHROOM:
            rows.append(
                f"| {SPRITE_CODES[0, kind]} | {SPRITE_CODES[1, kind]} | {_in_words(kind)} |"
            )
    return "\n".join(rows)


def _in_words(named: Enum) -> str:
    return named.name.lower().replace("_", " ")
