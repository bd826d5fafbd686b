"""Many forward models in one array: cloned and advanced by one compiled call."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.clone import copy_world_between, words
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.world import Worlds, empty_worlds
from gym_mario_suite.envs.forward_model import ForwardModel, restored
from gym_mario_suite.envs.forward_pool import ALL_BUTTONS, EVENT_TOTALS, advance_world
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.level import Level

_IN_PLACE = -1
_MAX_COUNT = 1 << 22


@jit
def _clone_and_advance_rows(
    image,
    from_worlds,
    from_words,
    from_totals,
    sources,
    worlds,
    to_words,
    totals,
    keys,
    ticking,
):
    """Row i becomes a copy of row `sources[i]` (-1: stays), then has a tick, if `ticking`."""
    for i in range(worlds.shape[0]):
        source = sources[i]
        if source >= 0:
            copy_world_between(from_worlds, from_words, source, to_words, i)
            for k in range(EVENT_TOTALS):
                totals[i, k] = from_totals[source, k]
        if ticking:
            advance_world(image, worlds[i], totals[i], np.int64(keys[i]))


class ForwardModelBatch:
    """`count` games of one level, all clones of one model to begin with.

    >>> import gymnasium as gym
    >>> options = {"rules": "framework-2019", "generator": "ngram"}
    >>> env = gym.make("gym_mario_suite:MarioInfinite-v0", **options)
    >>> observation, info = env.reset(seed=0)
    >>> model = env.unwrapped.forward_model()
    >>> batch = ForwardModelBatch(model, 32)
    >>> batch.branch(model, range(32))       # row i: the model after a tick with buttons i
    >>> best = int(batch.x.argmax())
    >>> batch.select([best] * 32)            # every row goes on from the best one
    >>> batch.advance(range(32))
    >>> batch.x.shape
    (32,)

    Buttons are bits of `Button`, one number for each row, or one for all.

    Args:
        model: The model.
        count: Rows.

    Attributes:
        level: The level.
        worlds: WORLD[count], the worlds.
        totals: int32[count, 13], events since the model's environment gave the first model, by
            `Event`.
    """

    def __init__(self, model: ForwardModel, count: int) -> None:
        announce_first_compile(_clone_and_advance_rows)
        count = as_integer("count", count, 1, _MAX_COUNT)
        self.level: Level = model.level
        self.worlds: Worlds = empty_worlds(count)
        self.totals = np.zeros((count, EVENT_TOTALS), np.int32)
        self._spare: tuple[Worlds, NDArray[np.int32]] | None = None
        self._stay = np.full(count, _IN_PLACE, np.int64)
        self._no_keys = np.zeros(count, np.uint8)
        self.load(model)

    def __len__(self) -> int:
        return len(self.worlds)

    def load(self, model: ForwardModel) -> None:
        """Every row becomes a clone of the model.

        Raises:
            OptionError: For a model of another level.
        """
        self._from_model(model, self._no_keys, False)

    def branch(self, model: ForwardModel, buttons: ArrayLike) -> None:
        """Row i becomes a clone of the model, advanced with `buttons[i]`.

        Raises:
            OptionError: For a model of another level, or buttons that are not bits.
        """
        self._from_model(model, self._keys(buttons), True)

    def advance(self, buttons: ArrayLike) -> None:
        """Row i presses `buttons[i]` for a tick; rows whose game is over stay as they are.

        Raises:
            OptionError: For buttons that are not bits.
        """
        self._run(self.worlds, self.totals, self._stay, self._keys(buttons), True)

    def select(self, sources: ArrayLike, buttons: ArrayLike | None = None) -> None:
        """Row i becomes a clone of row `sources[i]`, and is advanced if buttons are given.

        Raises:
            OptionError: For rows that there are not, or buttons that are not bits.
        """
        rows = np.asarray(sources)
        if rows.shape != (len(self),) or rows.dtype.kind not in "iu":
            raise OptionError(
                f"sources must be {len(self)} whole numbers, got {rows.dtype} of shape {rows.shape}"
            )
        if not (rows.min() >= 0 and rows.max() < len(self)):
            raise OptionError(f"sources go from 0 to {len(self) - 1}")
        keys = self._no_keys if buttons is None else self._keys(buttons)
        old = (self.worlds, self.totals)
        if self._spare is None:
            self._spare = (empty_worlds(len(self)), np.zeros_like(self.totals))
        (self.worlds, self.totals), self._spare = self._spare, old
        self._run(*old, rows.astype(np.int64), keys, buttons is not None)

    def model(self, index: int) -> ForwardModel:
        """Row `index` as a model of its own."""
        index = as_integer("index", index, 0, len(self) - 1)
        return restored(self.level, self.worlds[index : index + 1], self.totals[index])

    @property
    def x(self) -> NDArray[np.float32]:
        """Mario's x in px, float32[count] (a view: it changes with the games)."""
        return self.worlds["players"]["body"]["x"][:, 0]

    @property
    def y(self) -> NDArray[np.float32]:
        """Mario's y in px, downward."""
        return self.worlds["players"]["body"]["y"][:, 0]

    @property
    def status(self) -> NDArray[np.uint8]:
        """`Status` of each game."""
        return self.worlds["players"]["status"][:, 0]

    def _from_model(self, model: ForwardModel, keys: NDArray[np.uint8], ticking: bool) -> None:
        if model.level != self.level:
            raise OptionError("the model plays another level than the batch")
        pool = model._pool
        sources = np.full(len(self), model._index, np.int64)
        self._run(pool.worlds, pool.totals, sources, keys, ticking)

    def _run(
        self,
        worlds: Worlds,
        totals: NDArray[np.int32],
        sources: NDArray[np.int64],
        keys: NDArray[np.uint8],
        ticking: bool,
    ) -> None:
        _clone_and_advance_rows(
            self.level.image,
            worlds,
            words(worlds),
            totals,
            sources,
            self.worlds,
            words(self.worlds),
            self.totals,
            keys,
            ticking,
        )

    def _keys(self, buttons: ArrayLike) -> NDArray[np.uint8]:
        array = np.asarray(buttons)
        if array.dtype.kind not in "iu" or array.shape not in ((), (len(self),)):
            raise OptionError(
                f"buttons must be one number or {len(self)}, each the bits of the buttons, got "
                f"{array.dtype} of shape {array.shape}"
            )
        if array.size and not (array.min() >= 0 and array.max() <= ALL_BUTTONS):
            raise OptionError(f"buttons are bits from 0 to {ALL_BUTTONS}")
        return np.ascontiguousarray(np.broadcast_to(array, len(self)), np.uint8)
