"""The categorical VAE as a level generator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.corpus import WINDOW, with_rows
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.noise_fields import exact_exp, field_key, gumbel, normal, uniform
from gym_mario_suite.levels.solver import Solver
from gym_mario_suite.levels.tile_grid import Theme, TileGrid
from gym_mario_suite.levels.vae.windows import SPRITES
from gym_mario_suite.levels.weight_files import read_weights

SHIPPED_WEIGHTS = Path(__file__).with_name("categorical_vae.safetensors")
WEIGHTS_FORMAT = "gym-mario-suite categorical vae 1"
PLAYABLE = "playable"  # array of latents whose chunks can be crossed
SAMPLINGS = ("normal", "wide", "playability")

_LATENT, _CHOICE, _TILE = 21, 22, 23  # streams of a seed
_WIDE = 3.0
_NEAR = 0.1  # standard deviation of a draw around a playable latent
_TRIES = 12  # draws of a chunk before the last one is taken
_INT64 = 1 << 63


class Decoder(NamedTuple):
    """The decoder's parameters, float32; matrices are [inputs, outputs]."""

    first: NDArray[np.float32]
    first_bias: NDArray[np.float32]
    second: NDArray[np.float32]
    second_bias: NDArray[np.float32]
    logits: NDArray[np.float32]
    logits_bias: NDArray[np.float32]


@jit
def _layer(x, w, bias, bend, out):
    """X @ w + bias, summed in order, with tanh after it if asked for."""
    for j in range(len(out)):
        out[j] = bias[j]
    for i in range(len(x)):
        row = w[i]
        for j in range(len(out)):
            out[j] += x[i] * row[j]
    if bend:
        for j in range(len(out)):
            grown = exact_exp(-2.0 * abs(np.float64(out[j])))
            size = (1.0 - grown) / (1.0 + grown)
            out[j] = np.float32(size if out[j] >= 0 else -size)


class CategoricalVAE(Generator):
    """14x14 chunks decoded from latents, side by side.

    Nothing ties a chunk to the next, and many cannot be crossed: that is the generator as
    published. The sampling "playability" draws near latents whose chunks can be crossed, and draws
    a chunk anew while the level so far cannot.

    Args:
        weights: A file that `mario levels train vae` wrote; the shipped one by default.

    Raises:
        WeightsError: If the file cannot be read.
    """

    name = "vae"

    def __init__(self, weights: Path | None = None) -> None:
        state, about = read_weights(weights or SHIPPED_WEIGHTS, WEIGHTS_FORMAT)
        layers = [
            np.ascontiguousarray(state[f"decoder.{layer}.{part}"].T)
            for layer in (0, 2, 4)
            for part in ("weight", "bias")
        ]
        self._decoder = Decoder(*layers)
        self._playable = np.asarray(state[PLAYABLE], np.float64)
        self.latent_size = int(about["latent"])

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        theme: int = 0,
        sampling: str = "normal",
        latents: ArrayLike | None = None,
        draw_tiles: bool = False,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any 64-bit signed ints.
            width: Columns; the last chunk is cut. Not used with `latents`.
            height: Rows, 14 or more; rows of air are added at the top.
            theme: 0 overground, 1 underground, 2 castle: how the level is drawn.
            sampling: "normal" draws latents from N(0, 1), "wide" from N(0, 9), "playability" near
                latents whose chunks can be crossed.
            latents: Latents of the chunks, float[n, latent size], instead of drawing them.
            draw_tiles: Draw tiles from their distributions instead of taking the likeliest.

        Raises:
            OptionError: For a seed or an option that is not possible.
        """
        width = as_integer("width", width, 1, MAX_WIDTH)
        height = as_integer("height", height, WINDOW, MAX_HEIGHT)
        look = Theme(as_integer("theme", theme, 0, len(Theme) - 1))
        if sampling not in SAMPLINGS:
            raise OptionError(f"unknown sampling {sampling!r}; there are {', '.join(SAMPLINGS)}")
        given = None if latents is None else self._checked(latents)
        announce_first_compile(_layer)
        grids = []
        for seed in seeds:
            seed = as_integer("a seed", seed, -_INT64, _INT64 - 1)
            metadata: dict[str, Any] = {"generator": self.name, "seed": seed}
            if given is None:
                codes, used = self._drawn(seed, -(-width // WINDOW), sampling, draw_tiles)
                codes = codes[:, :width]
                metadata["sampling"] = sampling
            else:
                used = given
                codes = np.hstack([self.chunk(z, seed, i, draw_tiles) for i, z in enumerate(given)])
            metadata["latents"] = [[float(value) for value in z] for z in used]
            grids.append(TileGrid(with_rows(codes, height), look, metadata=metadata))
        return grids

    def _checked(self, latents: ArrayLike) -> NDArray[np.float64]:
        try:
            array = np.atleast_2d(np.asarray(latents, np.float64))
        except (TypeError, ValueError):
            array = np.zeros((0, 0))
        if array.ndim != 2 or not array.size or array.shape[1] != self.latent_size:
            raise OptionError(
                f"latents must be lists of {self.latent_size} numbers, one for each chunk; "
                f"got {latents!r}"
            )
        if not np.isfinite(array).all():
            raise OptionError("latents must be finite numbers")
        if len(array) * WINDOW > MAX_WIDTH:
            raise OptionError(f"a level has at most {MAX_WIDTH // WINDOW} chunks")
        return array

    def _drawn(
        self, seed: int, chunks: int, sampling: str, draw_tiles: bool
    ) -> tuple[NDArray[np.uint8], list[NDArray[np.float64]]]:
        """Chunks of drawn latents side by side, and the latents."""
        codes = np.zeros((WINDOW, 0), np.uint8)
        used = []
        for i in range(chunks):
            tries = _TRIES if sampling == "playability" else 1
            for attempt in range(tries):
                latent = self._draw(seed, i, attempt, sampling)
                longer = np.hstack([codes, self.chunk(latent, seed, i, draw_tiles)])
                if attempt == tries - 1 or Solver(longer).solved():
                    codes = longer
                    used.append(latent)
                    break
        return codes, used

    def _draw(self, seed: int, chunk: int, attempt: int, sampling: str) -> NDArray[np.float64]:
        key = field_key(seed, _LATENT)
        size = self.latent_size
        latent = np.array([normal(key, chunk, attempt, i) for i in range(size)])
        if sampling == "normal":
            return latent
        if sampling == "wide":
            return _WIDE * latent
        choice = uniform(field_key(seed, _CHOICE), chunk, attempt, 0)
        return self._playable[int(choice * len(self._playable))] + _NEAR * latent

    def chunk_logits(self, latent: ArrayLike) -> NDArray[np.float32]:
        """What the decoder says of a latent: logits, float32[14, 14, 11].

        Args:
            latent: float[latent size].

        Raises:
            OptionError: For another number of numbers, or one that is not finite.
        """
        decoder = self._decoder
        # Checked, since compiled code would read on behind the matrix.
        x = self._checked(np.ravel(latent)).astype(np.float32)[0]
        first = np.empty(len(decoder.first_bias), np.float32)
        second = np.empty(len(decoder.second_bias), np.float32)
        logits = np.empty(len(decoder.logits_bias), np.float32)
        _layer(x, decoder.first, decoder.first_bias, True, first)
        _layer(first, decoder.second, decoder.second_bias, True, second)
        _layer(second, decoder.logits, decoder.logits_bias, False, logits)
        return logits.reshape(WINDOW, WINDOW, SPRITES)

    def chunk(
        self, latent: ArrayLike, seed: int = 0, number: int = 0, draw_tiles: bool = False
    ) -> NDArray[np.uint8]:
        """The chunk of a latent, uint8[14, 14].

        Args:
            latent: float[latent size].
            seed: Of the draw of tiles.
            number: Which chunk of the level it is, for the draw of tiles.
            draw_tiles: Whether to draw tiles instead of taking the likeliest.

        Raises:
            OptionError: For a latent that is not one of this decoder's.
        """
        logits = self.chunk_logits(latent)
        if draw_tiles:
            key = field_key(seed, _TILE)
            for y in range(WINDOW):
                for x in range(WINDOW):
                    for tile in range(SPRITES):
                        column = number * WINDOW + x
                        logits[y, x, tile] += gumbel(key, WINDOW - 1 - y, column, tile)
        return logits.argmax(-1).astype(np.uint8)
