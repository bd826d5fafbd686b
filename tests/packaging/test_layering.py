"""Who may import whom.

The package is a row of rooms. A room may import itself and any room of an earlier tier, never one
of its own tier or a later one. Imports inside functions and under TYPE_CHECKING count as well.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "gym_mario_suite"

TIERS: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            {"errors"},
            {"registry", "whole_file", "completion", "program", "provenance"},
            {""},  # the package's own __init__
            {"engine"},
            {"levels", "display"},
            {"nes"},
            {"datasets"},
            {"dream"},
            {"envs"},
            {"wrappers"},
            {"multiplayer", "integrations"},
            {"agents"},
            {"competition"},
            {"play"},
            {"doctor", "cli"},
            {"__main__"},
        ),
    )
)
TIER = {room: index for index, rooms in enumerate(TIERS) for room in rooms}

# All the engine may import beside itself and the standard library.
# `cuda` is NVIDIA's own package, which numba.cuda stands upon.
ENGINE_IMPORTS = frozenset({"numpy", "numba", "cuda", f"{PACKAGE}.errors"})

# Libraries confined to rooms, or to single modules of a room (named from the package on).
CONFINED: dict[str, frozenset[str]] = {
    "torch": frozenset(
        {
            "dream",
            "levels",
            "wrappers.curiosity_learner",
            "wrappers.curiosity_module",
            "agents",
            "doctor.gpu",
        }
    ),
    "pygame": frozenset({"display", "play"}),
    "stable_baselines3": frozenset({"integrations", "agents"}),
    "sb3_contrib": frozenset({"integrations", "agents"}),
    "ray": frozenset({"integrations", "agents"}),
}

# The doctor only asks it which devices there are.
USES_CUDA = (f"{PACKAGE}.engine.cuda", f"{PACKAGE}.doctor.gpu")

# Source folders at the top of the repository whose short names must not be imported.
SHORT_NAMES = frozenset({"agents", "wrappers"})


def room_of(module: str) -> str:
    """Room of a dotted name inside the package; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def within(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


def imported_names(module: str, is_package: bool, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a module imports, anywhere in it."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name
            case ast.ImportFrom(module=source, names=names, level=level):
                base = source or ""
                if level:
                    # `from .` in a package names the package itself, in a module its parent.
                    parts = module.split(".")
                    parts = parts[: len(parts) - level + is_package]
                    base = ".".join([*parts, source] if source else parts)
                for alias in names:
                    # `from gym_mario_suite import engine` imports a room, `... __version__` none.
                    is_room = base == PACKAGE and alias.name in TIER
                    whole = is_room or (base, alias.name) == ("numba", "cuda")
                    yield node.lineno, f"{base}.{alias.name}" if whole else base
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def violations(module: str, is_package: bool, source: str) -> list[str]:
    """Sentences that say what `module` imports and must not, one per import."""
    room = room_of(module)
    if room not in TIER:
        return [f"{module}: the room `{room}` has no place in TIERS"]
    found: dict[tuple[int, str], str] = {}
    for line, name in imported_names(module, is_package, ast.parse(source)):
        top = name.partition(".")[0]
        reason = None
        if top in SHORT_NAMES:
            reason = f"write {PACKAGE}.{name}"
        elif top == PACKAGE and room_of(name) not in TIER:
            reason = f"the room `{room_of(name)}` has no place in TIERS"
        elif top == PACKAGE and room_of(name) != room and TIER[room_of(name)] >= TIER[room]:
            reason = f"`{room}` stands left of or beside `{room_of(name)}`"
        elif room == "engine" and not (
            top in sys.stdlib_module_names
            or within(name, f"{PACKAGE}.engine")
            or any(within(name, allowed) for allowed in ENGINE_IMPORTS)
        ):
            reason = "`engine` knows numpy, numba, the standard library and errors alone"
        elif any(within(name, cuda) for cuda in ("numba.cuda", "cuda")) and not module.startswith(
            USES_CUDA
        ):
            reason = f"{name} belongs in engine/cuda*.py"
        elif top in CONFINED and not any(
            within(module, f"{PACKAGE}.{place}") for place in CONFINED[top]
        ):
            reason = f"{top} belongs in {', '.join(sorted(CONFINED[top]))}"
        if reason:
            found[line, name] = f"{module}, line {line}: imports {name}: {reason}"
    return list(found.values())


def test_every_module_keeps_the_layering(modules: dict[str, Path]) -> None:
    found = [
        sentence
        for module, file in sorted(modules.items())
        for sentence in violations(
            module, file.name == "__init__.py", file.read_text(encoding="utf-8")
        )
    ]
    assert not found, "forbidden imports:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.tick", "import numpy, numba.typed, math"),
        ("engine.cuda", "from numba import cuda"),
        ("engine.cuda_array", "import cuda.core"),
        ("engine.cuda_device", "importlib.import_module('numba.cuda.cudadrv.nvvm')"),
        ("engine.tick", "from gym_mario_suite.errors import MarioError"),
        ("engine.tick", "from .tiles import SOLID"),
        ("levels.model", "from gym_mario_suite.engine.search import plan"),
        ("levels.learned", "def sample():\n    import torch"),
        ("envs.infinite", "from .. import engine, levels"),
        ("wrappers.curiosity_module", "import torch.nn"),
        ("agents.ppo", "import stable_baselines3, ray, torch"),
        ("competition.commands", "from gym_mario_suite import __version__, agents"),
        ("play.window", "import pygame"),
        ("cli", "from gym_mario_suite import __version__"),
        ("__main__", "from gym_mario_suite.cli import main"),
    ],
)
def test_allowed_imports_pass(module: str, source: str) -> None:
    assert violations(f"{PACKAGE}.{module}", False, source) == []


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("engine.tick", "import gymnasium", "gymnasium"),
        ("engine.tick", "import numba.cuda", "numba.cuda"),
        ("engine.tick", "import cuda.core", "cuda.core"),
        ("envs.infinite", "def f():\n    from numba import cuda", "numba.cuda"),
        ("engine.tick", "import gym_mario_suite", "gym_mario_suite"),
        ("engine.tick", "from gym_mario_suite.registry import register_all", "registry"),
        ("engine.tick", "from gym_mario_suite.levels import model", "gym_mario_suite.levels"),
        ("engine.tick", "from ..levels import model", "gym_mario_suite.levels"),
        ("levels.model", "from gym_mario_suite import envs", "gym_mario_suite.envs"),
        ("levels.model", "def f():\n    import gym_mario_suite.envs.infinite", "envs.infinite"),
        ("levels.model", "importlib.import_module('gym_mario_suite.envs')", "envs"),
        ("multiplayer.race", "import gym_mario_suite.integrations.sb3", "integrations"),
        ("agents.forward", "from gym_mario_suite.competition import track", "competition"),
        ("envs.infinite", "from gym_mario_suite.novelty import x", "gym_mario_suite.novelty"),
        ("envs.infinite", "def f():\n    from torch import nn", "torch"),
        ("wrappers.stack", "import torch", "torch"),
        ("envs.infinite", "import pygame.display", "pygame"),
        ("envs.infinite", "from stable_baselines3.common import vec_env", "stable_baselines3"),
        ("competition.track", "import ray", "ray"),
        ("competition.track", "from agents import forward", "gym_mario_suite.agents"),
        ("registry", "import gym_mario_suite.envs", "gym_mario_suite.envs"),
        ("novelty.thing", "import math", "novelty"),
    ],
)
def test_forbidden_imports_are_named(module: str, source: str, named: str) -> None:
    (sentence,) = violations(f"{PACKAGE}.{module}", False, source)
    assert sentence.startswith(f"{PACKAGE}.{module}")
    assert named in sentence


def test_relative_imports_of_a_package_start_from_itself() -> None:
    assert violations(f"{PACKAGE}.levels", True, "from .model import Level") == []
    assert violations(f"{PACKAGE}.levels", True, "from ..envs import infinite") != []
