"""Level generators by name, imported when they are asked for."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from functools import lru_cache
from pathlib import Path

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
_WEIGHTS = ":weights="
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def generator_named(generator: str | Generator) -> Generator:
    """The generator of a name.

    Args:
        generator: A name of `GENERATORS`, or `module:class` of a generator that can be made
            without arguments; either with `:weights=FILE` for other weights than those that are
            shipped. A generator is returned as it is.

    Returns:
        The generator. A name without weights gives the same object every time: generators do not
        change.

    Raises:
        OptionError: For an unknown name, a class that is no generator, or one without weights.
        WeightsError: When the weights cannot be read.
    """
    if isinstance(generator, Generator):
        return generator
    if not isinstance(generator, str):
        raise OptionError(
            f"a generator is a name or a levels.generator.Generator, got {generator!r}"
        )
    name, given, weights = generator.partition(_WEIGHTS)
    return _making(name, Path(weights)) if given else _made(name)


@lru_cache
def _made(name: str) -> Generator:
    return _making(name)


def _making(name: str, weights: Path | None = None) -> Generator:
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
        kind = getattr(importlib.import_module(module_name), class_name)
        if weights is None:
            made = kind()
        elif "weights" in inspect.signature(kind).parameters:
            made = kind(weights=weights)
        else:
            raise OptionError(f"level generator {name!r} has no weights")
    except MarioError:
        raise
    except Exception as error:  # a stranger's module may raise anything
        what = type(error).__name__
        raise OptionError(f"level generator {name!r} cannot be made: {what}: {error}") from error
    if not isinstance(made, Generator):
        raise OptionError(f"{name} is no levels.generator.Generator")
    return made
