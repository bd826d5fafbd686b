"""Recording: a game that remembers how it was played."""

from __future__ import annotations

from typing import Any

from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.datasets.replay_file import TICKS_PER_HASH
from gym_mario_suite.datasets.state_hash import level_hash, next_hash
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.level import Level

_ALL_BUTTONS = 31


class RecordedGame(Game):
    """A `Game` whose replay can be had at any time.

    `reset` and `load_bytes` begin a new recording; ticks after the episode's end are in none. A
    clone is a plain `Game`: what a planner tries out is not recorded. A program that is
    interrupted within a tick loses nothing of the replay.

    Args:
        level: The level.
        mode: Power state at the start.
        time_limit: Seconds of level time.
        **switches: As of `Game`.

    Raises:
        OptionError: For a mode or time limit out of range.

    Example:
        >>> from gym_mario_suite.levels import generate
        >>> game = RecordedGame(generate(seed=3))
        >>> for keys in (0, 2, 2, 10):
        ...     game.tick(keys)
        >>> game.replay().keys.hex()
        '0002020a'
    """

    def __init__(
        self,
        level: Level,
        mode: Mode | int = Mode.FIRE,
        time_limit: int = 200,
        **switches: bool,
    ) -> None:
        self.level = level
        super().__init__(level.image, mode, time_limit, **switches)

    def reset(self) -> None:
        """Back to the start of the level, with nothing recorded."""
        super().reset()
        self._record_from(None)

    def tick(self, keys: int) -> None:
        """Advance by one tick, as a `Game` does, and record it.

        Raises:
            OptionError: If `keys` is out of range, or not 0 in the level's first tick.
        """
        if type(keys) is not int or not 0 <= keys <= _ALL_BUTTONS:
            keys = as_integer("keys (button bits)", keys, 0, _ALL_BUTTONS)
        if self._torn:
            self._mend()
        if keys and not self._keys and self._world is None:
            raise OptionError("the first tick of an episode runs without buttons")
        # Not `self.status`, which takes as long as the tick.
        if self.worlds["players"]["status"].item(0) != Status.RUNNING:  # none of the episode's
            if self._end_hash is None:
                self._end_hash = self._next_hash()
            super().tick(keys)
            return
        self._torn = True
        self._keys.append(keys)
        super().tick(keys)
        if len(self._keys) % TICKS_PER_HASH == 0:
            self._hashes.append(self._next_hash())
        self._torn = False

    def load_bytes(self, data: bytes) -> None:
        """Take up a world that `to_bytes` saved in this level, and record from there.

        Raises:
            StateError: If the bytes do not fit; the game is unchanged then.
        """
        super().load_bytes(data)
        self._record_from(bytes(data))

    @property
    def ticks_recorded(self) -> int:
        """Ticks since the recording began."""
        return len(self._keys)

    def replay(self, metadata: dict[str, Any] | None = None) -> Replay:
        """What was played since the start; the game can go on.

        Args:
            metadata: What else the replay shall tell, JSON-able.
        """
        if self._torn:
            self._mend()
        hashes = list(self._hashes)
        if len(self._keys) % TICKS_PER_HASH or not self._keys:
            hashes.append(self._end_hash or self._next_hash())
        return Replay(
            level=self.level,
            rules=self.level.rules,
            keys=bytes(self._keys),
            hashes=tuple(hashes),
            mode=Mode(self._mode),
            time_limit=self._time_limit,
            switches=self._switches,
            world=self._world,
            metadata=metadata or {},
        )

    def _record_from(self, world: bytes | None) -> None:
        self._world = world
        self._keys = bytearray()
        self._hashes: list[bytes] = []
        self._end_hash: bytes | None = None
        self._ticks_before = self.ticks
        self._torn = False

    def _next_hash(self) -> bytes:
        previous = self._hashes[-1] if self._hashes else level_hash(self.level)
        keys = self._keys[len(self._hashes) * TICKS_PER_HASH :]
        return next_hash(previous, bytes(keys), self.worlds[0])

    def _mend(self) -> None:
        """Make the record that of the ticks which have run, after an interrupt within `tick`."""
        ran = min(self.ticks - self._ticks_before, len(self._keys))
        del self._keys[ran:]
        if len(self._hashes) < ran // TICKS_PER_HASH:
            self._hashes.append(self._next_hash())
        self._torn = False
