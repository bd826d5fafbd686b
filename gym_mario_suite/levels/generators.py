"""Level generators by name, imported when they are asked for."""

from __future__ import annotations

import difflib
import importlib
import re
from functools import lru_cache

from gym_mario_suite.errors import MarioError, OptionError
from gym_mario_suite.levels.generator import Generator

# `module:class`, as strings, so that naming a generator imports nothing.
GENERATORS: dict[str, str] = {
    "infinite": "gym_mario_suite.levels.infinite_generator:InfiniteGenerator",
    "tile-diffusion": "gym_mario_suite.levels.diffusion.generator:TileDiffusion",
    "tile-diffusion-quality": "gym_mario_suite.levels.diffusion.generator:TileDiffusionQuality",
    "vae": "gym_mario_suite.levels.vae.generator:CategoricalVAE",
    "context-ca": "gym_mario_suite.levels.cellular.generator:ContextCA",
    "ngram": "gym_mario_suite.levels.ngram:MarkovColumns",
    "wfc": "gym_mario_suite.levels.wfc:WaveFunctionCollapse",
}
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def generator_named(generator: str | Generator) -> Generator:
    """The generator of a name.

    Args:
        generator: A name of `GENERATORS`, or `module:class` of a generator that can be made
            without arguments; a generator is returned as it is.

    Returns:
        The generator. A name gives the same object every time: generators do not change.

    Raises:
        OptionError: For an unknown name, or a class that is no generator.
    """
    if isinstance(generator, Generator):
        return generator
    if not isinstance(generator, str):
        raise OptionError(
            f"a generator is a name or a levels.generator.Generator, got {generator!r}"
        )
    return _made(generator)


@lru_cache
def _made(name: str) -> Generator:
    path = GENERATORS.get(name, name)
    if not _PATH.fullmatch(path):
        close = difflib.get_close_matches(name, GENERATORS, n=1)
        guess = f" (did you mean {close[0]!r}?)" if close else ""
        raise OptionError(
            f"unknown level generator {name!r}{guess}; there are {', '.join(GENERATORS)}, "
            "or MODULE:CLASS"
        )
    module_name, class_name = path.split(":")
    try:
        made = getattr(importlib.import_module(module_name), class_name)()
    except MarioError:
        raise
    except Exception as error:  # a stranger's module may raise anything
        kind = type(error).__name__
        raise OptionError(f"level generator {name!r} cannot be made: {kind}: {error}") from error
    if not isinstance(made, Generator):
        raise OptionError(f"{name} is no levels.generator.Generator")
    return made
