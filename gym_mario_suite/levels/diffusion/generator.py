"""The tile diffusion as a level generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.corpus import Domain
from gym_mario_suite.levels.diffusion.commit import commit
from gym_mario_suite.levels.diffusion.novelty import redraw_copies
from gym_mario_suite.levels.diffusion.options import Plan, check_steps, make_plan
from gym_mario_suite.levels.diffusion.repair import bridge, inpaint_until_passable
from gym_mario_suite.levels.diffusion.sampler import Canvas, Codes, Sampler
from gym_mario_suite.levels.diffusion.shape import Passable
from gym_mario_suite.levels.diffusion.weights import guided, load_network
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.limits import Limits
from gym_mario_suite.levels.noise_fields import field_key, uniform
from gym_mario_suite.levels.tile_grid import LETTERS, MASK, Theme, TileGrid

SHIPPED_WEIGHTS = Path(__file__).with_name("tile_diffusion.safetensors")
UNDECIDED = "~"  # letter of an undecided cell in a trace

_STYLE, _FILL, _REFINE, _REPAIR, _NOVELTY = 11, 12, 13, 14, 15  # streams of a seed
_SHARE_OF_SMB = 0.4  # of levels whose style the seed chooses; the others are like the sequel's
_INT64 = 1 << 63


class TileDiffusion(Generator):
    """Masked discrete diffusion over tiles.

    All cells begin undecided. At each iteration a network looks at what is decided, and some more
    cells, in an order that the seed shuffles, draw their tiles from what it holds likely. After the
    last one any number of refinements may draw parts anew; they neither wear the level out nor let
    one tile crowd out the others. Pipes and cannons are whole by construction, limits hold exactly,
    and with `playable` every level has a way to its end: where the static solver gets stuck the
    level is drawn anew, and if that does not help, a floor is laid.

    Levels are the same to the byte for the same seed and options on every machine, in every batch
    and with any number of threads. Only numba is needed.

    Args:
        weights: A file that `mario levels train diffusion` wrote; the shipped one by default.

    Raises:
        WeightsError: If the file cannot be read.
    """

    name = "tile-diffusion"
    _iterations = 14
    _refine = 0
    _guidance = 1.0

    def __init__(self, weights: Path | None = None) -> None:
        network = _shipped() if weights is None else load_network(weights)
        self._shape = network[0]
        self._sampler = Sampler(guided(network[1], self._guidance))
        self._hashes = network[2]

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        theme: int = 0,
        style: str | None = None,
        iterations: int | None = None,
        refine: int | None = None,
        allowed: Any = None,
        air: float | None = None,
        counts: Any = None,
        limits: str | Limits | dict[str, int] | None = "mm2",
        init: Any = None,
        mask: Any = None,
        freeze: Any = None,
        temperature: float = 1.0,
        novel: bool = True,
        playable: bool = True,
        max_repairs: int = 25,
        trace: bool = False,
        watch: Callable[[float], None] | None = None,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any 64-bit signed ints.
            width: Columns, 16 or more.
            height: Rows, 14 or more.
            theme: 0 overground, 1 underground, 2 castle: how the level is drawn.
            style: What the level is to be like: "smb", "smb2j", "sml" (the corpora) or "infinite"
                (the generator of 2009). None lets the seed choose between the first two.
            iterations: Looks of the network at the whole level, 1 or more; more take longer and
                make better levels. None for the preset's.
            refine: Refinements after that, 0 or more; each draws 12 of every 100 columns anew.
            allowed: Tiles that may be used besides air: letters of the corpus ("XS?o"), names or
                codes.
            air: Share of air to come to, 0 to 1.
            counts: By tile, the most there may be, or (least, most). The most is a limit that
                always holds; the least is aimed at.
            limits: Profile of entity limits ("mm2", "smb", "none") or counts by group (see
                `levels.limits`); they always hold.
            init: A TileGrid or codes (13: undecided) to start from; its size is the level's.
            mask: Cells of `init` to draw anew, bool[height, width].
            freeze: Cells of `init` that no repair may change either.
            temperature: Below 1 likelier tiles are preferred.
            novel: Draw 14x14 windows anew that equal one of the training levels.
            playable: Make sure that the static solver finds a way through.
            max_repairs: Tries to draw a place anew before a floor is laid instead.
            trace: Put the grid after every iteration into the metadata, as rows of letters
                ("~": undecided).
            watch: Called after each look of the network, in the first filling and in every repair
                anew with a share that goes up to 1; what it raises ends the work.

        Raises:
            OptionError: For a seed or an option that is not possible.
            LevelError: When frozen cells, limits or allowed tiles leave no way through and
                `playable` asks for one.
        """
        plan = make_plan(
            width, height, style, allowed, air, counts, limits, init, mask, freeze, temperature
        )
        steps = check_steps("iterations", self._or(iterations, self._iterations), 1)
        refinements = check_steps("refine", self._or(refine, self._refine), 0)
        tries = check_steps("max_repairs", max_repairs, 0)
        if watch is not None and not callable(watch):
            raise OptionError(f"watch must be a function of a number, got {watch!r}")
        look = Theme(as_integer("theme", theme, 0, len(Theme) - 1))
        announce_first_compile(commit)
        tries = tries if playable else None
        return [
            self._make(seed, plan, look, steps, refinements, tries, novel, trace, watch)
            for seed in seeds
        ]

    def _or(self, value: int | None, preset: int) -> int:
        return preset if value is None else value

    def _make(
        self,
        seed: int,
        plan: Plan,
        look: Theme,
        steps: int,
        refinements: int,
        tries: int | None,
        novel: bool,
        trace: bool,
        watch: Callable[[float], None] | None,
    ) -> TileGrid:
        seed = as_integer("a seed", seed, -_INT64, _INT64 - 1)
        style = plan.style
        if style is None:
            chosen = uniform(field_key(seed, _STYLE), 0, 0, 0)
            style = Domain.SMB if chosen < _SHARE_OF_SMB else Domain.SMB2J
        canvas = Canvas(
            plan.codes.copy(),
            plan.frozen,
            self._shape.condition(style, Passable.YES),
            plan.constraints,
            frames=[] if trace else None,
            watch=watch,
        )
        if (canvas.codes == MASK).any():
            self._sampler.fill(canvas, int(field_key(seed, _FILL)), steps)
        for k in range(refinements):
            self._sampler.refine(canvas, int(field_key(seed, _REFINE, k)))
        repairs, bridged = 0, False
        if novel:
            key = int(field_key(seed, _NOVELTY))
            drawn = plan.codes == MASK
            redraw_copies(self._sampler, canvas, drawn, plan.width, self._hashes, key)
        if tries is not None:
            repairs, bridged = self._repair(canvas, plan, seed, tries)
        metadata = {
            "generator": self.name,
            "seed": seed,
            "style": style.name.lower(),
            "iterations": steps,
            "refine": refinements,
            "repairs": repairs,
            "repaired": "bridge" if bridged else "inpaint" if repairs else "no",
        }
        if canvas.frames is not None:
            metadata["trace"] = [_rows(_cut(frame, plan)) for frame in canvas.frames]
        return TileGrid(_cut(canvas.codes, plan), look, metadata=metadata)

    def _repair(self, canvas: Canvas, plan: Plan, seed: int, tries: int) -> tuple[int, bool]:
        """Make the level passable; returns the tries that took and whether a floor was laid."""
        frames, canvas.frames = canvas.frames, None
        key, shape = int(field_key(seed, _REPAIR)), (plan.height, plan.width)
        done = inpaint_until_passable(self._sampler, canvas, shape, key, tries)
        before = canvas.codes.copy()
        bridge(canvas, shape)
        canvas.frames = frames
        if frames is not None and done:
            frames.append(canvas.codes.copy())
        return done, not np.array_equal(before, canvas.codes)


class TileDiffusionQuality(TileDiffusion):
    """The tile diffusion with more iterations and no guidance: slower, closer to the corpus."""

    name = "tile-diffusion-quality"
    _iterations = 24
    _refine = 0
    _guidance = 0.0


@cache
def _shipped() -> Any:
    return load_network(SHIPPED_WEIGHTS)


def _cut(codes: Codes, plan: Plan) -> Codes:
    """The level without the row and column that make the canvas even."""
    return codes[plan.height % 2 :, : plan.width].copy()


def _rows(codes: Codes) -> list[str]:
    letters = np.array([*LETTERS, UNDECIDED])[codes]
    return ["".join(row) for row in letters]
