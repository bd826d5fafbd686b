"""The context-window automaton as a level generator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import OptionError, as_integer, as_number
from gym_mario_suite.levels.cellular.automaton import (
    FIRST_COLUMN,
    FIRST_ROW,
    NO_OBJECT,
    OBJECTS,
    Weights,
    iterate,
)
from gym_mario_suite.levels.diffusion.options import tiles_named
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.noise_fields import field_key, uniform
from gym_mario_suite.levels.tile_grid import LETTERS, Theme, Tile, TileGrid
from gym_mario_suite.levels.weight_files import read_weights

SHIPPED_WEIGHTS = Path(__file__).with_name("context_ca.safetensors")
WEIGHTS_FORMAT = "gym-mario-suite context automaton 1"

_AIR_OF_NOISE = 0.85  # share of air in the first grid
_NOISE, _KIND = 31, 32  # streams of a seed
_CODE_OF_OBJECT = np.array([*OBJECTS, Tile.EMPTY], np.uint8)
_MODES = ("faithful", "fixed")
_INT64 = 1 << 63
_MOST_ITERATIONS = 100_000


class ContextCA(Generator):
    """The "diffusion" of the Mario Maker 2 post, kept to show its failure (see `automaton`).

    Args:
        weights: A file that `mario levels train ca` wrote; the shipped one by default.

    Raises:
        WeightsError: If the file cannot be read.
    """

    name = "context-ca"

    def __init__(self, weights: Path | None = None) -> None:
        state, about = read_weights(weights or SHIPPED_WEIGHTS, WEIGHTS_FORMAT)
        self._context = int(about["context"])
        self._weights = Weights(
            *(
                np.ascontiguousarray(state[name].T)
                for name in ("hidden.weight", "hidden.bias", "objects.weight", "objects.bias")
            )
        )

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        theme: int = 0,
        iterations: int = 30,
        allowed: Any = None,
        air: float = 0.85,
        mode: str = "faithful",
        trace: bool = False,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any 64-bit signed ints.
            width: Columns.
            height: Rows.
            theme: 0 overground, 1 underground, 2 castle: how the level is drawn.
            iterations: Steps of the automaton, 0 or more. 0 shows the noise.
            allowed: Objects of the noise and the guesses: letters of the corpus, names or codes;
                all by default.
            air: A guess of less probability becomes air, 0 to 1.
            mode: "faithful", or "fixed" with the window the right way round.
            trace: Put the grid after every iteration into the metadata, as rows of letters.

        Raises:
            OptionError: For a seed or an option that is not possible.
        """
        width = as_integer("width", width, 1, MAX_WIDTH)
        height = as_integer("height", height, 1, MAX_HEIGHT)
        iterations = as_integer("iterations", iterations, 0, _MOST_ITERATIONS)
        look = Theme(as_integer("theme", theme, 0, len(Theme) - 1))
        if mode not in _MODES:
            raise OptionError(f"unknown mode {mode!r}; there are {', '.join(_MODES)}")
        air = as_number("air", air, 0, 1)
        tiles = OBJECTS if allowed is None else tiles_named(allowed)
        kinds = np.array([tile in tiles for tile in OBJECTS])
        if not kinds.any():
            raise OptionError("allowed names no object")
        announce_first_compile(iterate)
        grids = []
        for seed in seeds:
            seed = as_integer("a seed", seed, -_INT64, _INT64 - 1)
            frames = [self._noise(seed, height, width, kinds)]
            for _ in range(iterations):
                after = np.empty_like(frames[-1])
                room = np.empty(len(self._weights.hidden_bias), np.float32)
                scores = np.empty(len(OBJECTS), np.float32)
                turned = mode == "faithful"
                arguments = (kinds, air, turned, self._context, self._weights, room, scores)
                iterate(frames[-1], after, *arguments)
                frames = [*frames, after] if trace else [after]
            metadata: dict[str, Any] = {
                "generator": self.name,
                "seed": seed,
                "iterations": iterations,
                "mode": mode,
            }
            if trace:
                letters = np.array(list(LETTERS))[_CODE_OF_OBJECT]
                metadata["trace"] = [["".join(r) for r in letters[frame]] for frame in frames]
            grids.append(TileGrid(_CODE_OF_OBJECT[frames[-1]], look, metadata=metadata))
        return grids

    def _noise(
        self, seed: int, height: int, width: int, kinds: NDArray[np.bool_]
    ) -> NDArray[np.uint8]:
        """Random allowed objects on 15 % of the cells, but for the first columns and rows."""
        some = np.flatnonzero(kinds)
        grid = np.full((height, width), NO_OBJECT, np.uint8)
        noise, kind = field_key(seed, _NOISE), field_key(seed, _KIND)
        for y in range(FIRST_ROW, height):
            for x in range(FIRST_COLUMN, width):
                if uniform(noise, height - 1 - y, x, 0) >= _AIR_OF_NOISE:
                    chosen = int(uniform(kind, height - 1 - y, x, 0) * len(some))
                    grid[y, x] = some[chosen]
        return grid
