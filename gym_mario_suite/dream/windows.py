"""Windows: what a model is trained and tested on.

A window is a few past frames and the frames that follow, with what was pressed between them. It
lies within one episode: no window crosses a reset, and where an episode ends its last frame is the
end of its windows. Which windows make up batch number n follows from the seed and n.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.facts import FACT, herd_ways, memory_of, shots
from gym_mario_suite.dream.frames import resized
from gym_mario_suite.dream.memory import (
    INVULNERABLE_UNIT,
    JUMP_UNIT,
    SCREEN,
    SCREEN_UNIT,
    SPEED_UNIT,
)
from gym_mario_suite.dream.presets import CONTEXT, END_SHARE, HINT_COLUMNS, HINT_ROWS
from gym_mario_suite.dream.tape_player import Pieces, TapePlayer
from gym_mario_suite.dream.touches import touches_of
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import DatasetError, OptionError
from gym_mario_suite.whole_file import files_in

_ENDED = (int(Status.DEAD), int(Status.WIN))
_DEAD = 3  # power state beside those of `Mode`
assert max(Mode) < _DEAD
_MINARI = "minari:"
# What nobody knows of recorded pictures.
_UNKNOWN = (
    *("speed_x", "speed_y", "jump_time"),
    *("on_ground", "may_jump", "ducking", "invulnerable", "near"),
)
_HERD_UNITS = np.array([SCREEN_UNIT, SCREEN_UNIT, SPEED_UNIT, SPEED_UNIT, 1], np.float32)
IGNORED = -1.0  # a target that is not known


class Targets(NamedTuple):
    """What the head is to predict of each transition, by the names of `presets.HEADS`.

    Attributes:
        reward: float32[n, k], tiles that Mario moves to the right.
        done: float32[n, k], 1 where the episode ends.
        won: float32[n, k], 1 where it ends at the exit, IGNORED where it does not end.
        coin: float32[n, k], 1 where at least one coin is taken.
        kill: float32[n, k], 1 where something is killed.
        power: int64[n, k], 0 small, 1 large, 2 fire, 3 dead.
        move: float32[n, k, 3], half pixels: Mario right and down, camera right.
        speed: float32[n, k, 2], Mario's after the step, right and down, in SPEED_UNIT; NaN for
            unknown.
        jump_time: float32[n, k], how long the jump still rises, in JUMP_UNIT; NaN for unknown.
        flags: float32[n, k, 3], 1 where after the step he is on the ground, may jump, and ducks;
            NaN for unknown.
        invulnerable: float32[n, k], how long he cannot be hurt, in INVULNERABLE_UNIT; NaN for
            unknown.
        near: float32[n, k], 1 where after the step a creature is near; NaN for unknown.
        nearest: float32[n, k, 4], where it is as seen from Mario, in SCREEN_UNIT, and its speed in
            SPEED_UNIT; NaN where there is none.
        kind: float32[n, k, 3], 1 where it is tall, winged, sharp; NaN where there is none.
        herd: float32[n, k, HERD, 5], how each creature of the memory goes on: right and down in
            SCREEN_UNIT, its speeds in SPEED_UNIT, where it looks; NaN where there is none.
        shots: float32[n, k, 15], 1 for rows of tiles in which a cannon fires.
        screen: float32[n, k, 2], where Mario is in the picture after the step, in SCREEN_UNIT; NaN
            for unknown.
    """

    reward: NDArray[np.float32]
    done: NDArray[np.float32]
    won: NDArray[np.float32]
    coin: NDArray[np.float32]
    kill: NDArray[np.float32]
    power: NDArray[np.int64]
    move: NDArray[np.float32]
    speed: NDArray[np.float32]
    jump_time: NDArray[np.float32]
    flags: NDArray[np.float32]
    invulnerable: NDArray[np.float32]
    near: NDArray[np.float32]
    nearest: NDArray[np.float32]
    kind: NDArray[np.float32]
    herd: NDArray[np.float32]
    shots: NDArray[np.float32]
    screen: NDArray[np.float32]


class WindowSource(Protocol):
    """Where windows come from.

    Attributes:
        longest: Frames of the longest episode.
        shares: Which windows are drawn more often than others, by the names of the options.
    """

    longest: int
    shares: dict[str, float]

    def batch(self, seed: int, number: int, count: int, length: int) -> Pieces:
        """Batch `number` of the stream of this seed: `count` windows of `length` frames."""
        ...

    def digest(self) -> str:
        """A name of the data."""
        ...


def targets_of(facts: NDArray[np.floating]) -> Targets:
    """The head's targets of the k transitions between k + 1 frames.

    Args:
        facts: float32[n, k + 1, FACTS].
    """
    change = np.diff(facts, axis=1)
    after = facts[:, 1:]
    status = after[..., FACT["status"]].astype(np.int64)
    done = np.isin(status, _ENDED)
    won = np.where(done, status == Status.WIN, IGNORED)
    power = np.where(status == Status.DEAD, _DEAD, after[..., FACT["mode"]].astype(np.int64))
    left = after[..., FACT["camera"]].astype(np.int64) >> 1
    before = facts[:, :-1, FACT["camera"]].astype(np.int64) >> 1
    near = after[..., FACT["near"]]
    place = after[..., [FACT["near_x"], FACT["near_y"]]] / np.float32(SCREEN_UNIT)
    speed = after[..., [FACT["near_speed_x"], FACT["near_speed_y"]]] / np.float32(SPEED_UNIT)
    nearest = np.where(near[..., None] > 0, np.concatenate([place, speed], -1), np.nan)
    kind = after[..., [FACT["near_tall"], FACT["near_winged"], FACT["near_sharp"]]]
    kind = np.where(near[..., None] > 0, kind, np.nan)
    move = np.stack([change[..., FACT["x"]] / 2, change[..., FACT["y"]] / 2, left - before], -1)
    return Targets(
        (change[..., FACT["x"]] / TILE_PX).astype(np.float32),
        done.astype(np.float32),
        won.astype(np.float32),
        (change[..., FACT["coins"]] > 0).astype(np.float32),
        (change[..., FACT["kills"]] > 0).astype(np.float32),
        power.astype(np.int64),
        np.clip(move, -32, 32).astype(np.float32),
        after[..., [FACT["speed_x"], FACT["speed_y"]]] / np.float32(SPEED_UNIT),
        after[..., FACT["jump_time"]] / np.float32(JUMP_UNIT),
        after[..., [FACT["on_ground"], FACT["may_jump"], FACT["ducking"]]],
        after[..., FACT["invulnerable"]] / np.float32(INVULNERABLE_UNIT),
        near.astype(np.float32),
        nearest.astype(np.float32),
        kind.astype(np.float32),
        herd_ways(facts[:, :-1], after) / _HERD_UNITS,
        shots(facts[:, :-1], after),
        _screen_of(after) / np.float32(SCREEN_UNIT),
    )


def _screen_of(facts: NDArray[np.floating]) -> NDArray[np.float32]:
    """Where Mario is in the picture, px of the engine, float32[..., 2]; NaN for unknown."""
    memory = memory_of(facts)
    known = memory[..., :1] > 0
    return np.where(known, memory[..., SCREEN], np.float32(np.nan))


def places_of(facts: NDArray[np.float32]) -> NDArray[np.float32]:
    """The camera's place within its tile (0 .. 1), and a 1: there is a hint. float32[..., 2]."""
    camera = facts[..., FACT["camera"]].astype(np.int64)
    inside = (camera % TILE_PX / TILE_PX).astype(np.float32)
    return np.stack([inside, np.ones_like(inside)], -1)


def _longest(frames: NDArray[np.integer]) -> int:
    """The largest of episodes' numbers of frames."""
    longest = int(frames.max(initial=0))
    if longest <= CONTEXT:
        raise DatasetError(f"no episode has more than {CONTEXT} frames")
    return longest


class TapeWindows:
    """Windows of tapes; their frames are drawn when they are asked for.

    Args:
        tapes: The episodes.
        height: Height of the frames in px.
        width: Width of the frames in px.
        threads: Cores for playing and drawing.
        end_share: Share of the windows that are drawn from the ends of episodes (deaths and wins),
            which else would be rare.
        touch_share: Share of the windows in which Mario is hurt or kills a creature, as many of the
            one as of the other, which else would be rare, too.

    Raises:
        DatasetError: When no episode is long enough.
    """

    def __init__(
        self,
        tapes: Tapes,
        height: int,
        width: int,
        threads: int = 1,
        end_share: float = END_SHARE,
        touch_share: float = 0.0,
    ) -> None:
        self._player = TapePlayer(tapes, height, width, threads)
        self._ticks = tapes.episodes["ticks"]
        self._ended = np.isin(tapes.episodes["status"], _ENDED)
        self._end_share, self._touch_share = end_share, touch_share
        self.shares = {"end_share": end_share, "touch_share": touch_share}
        self._touches = []
        if touch_share:
            self._touches = [part for part in touches_of(tapes, threads) if len(part)]
        self.longest = _longest(self._ticks)

    def digest(self) -> str:
        """A name of the data."""
        return self._player.tapes.digest()

    def batch(self, seed: int, number: int, count: int, length: int) -> Pieces:
        """Batch `number` of the stream of this seed."""
        episodes, begins = self.choose(seed, number, count, length)
        return self._player.pieces(episodes, begins, length)

    def choose(
        self, seed: int, number: int, count: int, length: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Episodes and first frames of the windows of a batch: every place equally likely."""
        rng = np.random.default_rng([seed, number])
        # A window of `length` frames; frame f of an episode is the world after f + 1 ticks.
        places = np.maximum(self._ticks - length + 1, 0)
        if not places.any():
            raise DatasetError(f"no episode has {length} frames")
        ends = np.cumsum(places)
        drawn = rng.integers(0, ends[-1], count)
        episodes = np.searchsorted(ends, drawn, side="right")
        begins = drawn - (ends[episodes] - places[episodes])
        finals = np.flatnonzero(self._ended & (places > 0))
        # Drawn, so that small batches have their share, too.
        wanted = int(rng.binomial(count, self._end_share))
        if len(finals) and wanted:
            episodes[:wanted] = rng.choice(finals, wanted)
            begins[:wanted] = places[episodes[:wanted]] - 1
        touched = np.flatnonzero(rng.random(count) < self._touch_share) if self._touches else ()
        for row in touched:
            episode, tick = rng.choice(self._touches[rng.integers(len(self._touches))])
            if places[episode]:
                # Anywhere behind the window's first context.
                begin = tick - rng.integers(CONTEXT, max(length, CONTEXT + 1))
                episodes[row], begins[row] = episode, np.clip(begin, 0, places[episode] - 1)
        return episodes, begins


class FrameWindows:
    """Windows of recorded pictures, where there is no engine that could draw them again.

    Such data come from other games (a NES with a ROM of one's own) or from the earlier system's
    files. What the engine would know of them is not known; rewards and ends are. What happens
    beside those is taken for nothing: no coins, no kills, Mario small, a camera at rest. A model
    of such pictures then says so, too, where it else would say anything.

    Args:
        episodes: For each episode its frames uint8[k + 1, h, w, 3], keys uint8[k], rewards
            float[k] and ends bool[k].
        height: Height of the frames in px.
        width: Width of the frames in px.

    Raises:
        DatasetError: When the parts do not fit, or no episode is long enough.
    """

    def __init__(self, episodes: list[Any], height: int, width: int) -> None:
        self._parts = []
        for episode in episodes:
            steps = len(episode.keys)
            if len(episode.frames) != steps + 1:
                raise DatasetError(
                    f"an episode of {steps} steps has {steps + 1} frames, got {len(episode.frames)}"
                )
            facts = np.zeros((steps + 1, len(FACT)), np.float32)
            facts[1:, FACT["x"]] = np.cumsum(np.asarray(episode.rewards) * TILE_PX)
            facts[:, FACT["status"]] = Status.RUNNING
            for name in _UNKNOWN:
                facts[:, FACT[name]] = np.nan
            facts[1:, FACT["status"]][np.asarray(episode.ends, bool)] = Status.DEAD
            frames = resized(np.asarray(episode.frames, np.uint8), height, width)
            self._parts.append((frames, np.asarray(episode.keys, np.uint8), facts))
        self._lengths = np.array([len(frames) for frames, _, _ in self._parts])
        self.longest = _longest(self._lengths)
        self.shares = {}

    def digest(self) -> str:
        """A name of the data."""
        digest = hashlib.blake2b(digest_size=16)
        for frames, keys, facts in self._parts:
            for part in (frames, keys, facts):
                digest.update(part.tobytes())
        return digest.hexdigest()

    def batch(self, seed: int, number: int, count: int, length: int) -> Pieces:
        """Batch `number` of the stream of this seed."""
        rng = np.random.default_rng([seed, number])
        places = np.maximum(self._lengths - length + 1, 0)
        if not places.any():
            raise DatasetError(f"no episode has {length} frames")
        ends = np.cumsum(places)
        drawn = rng.integers(0, ends[-1], count)
        chosen = np.searchsorted(ends, drawn, side="right")
        begins = drawn - (ends[chosen] - places[chosen])
        pick = [(self._parts[e], slice(b, b + length)) for e, b in zip(chosen, begins, strict=True)]
        shown = np.stack([frames[s] for (frames, _, _), s in pick])
        return Pieces(
            shown,
            shown,
            np.stack([keys[s.start : s.stop - 1] for (_, keys, _), s in pick]),
            np.stack([facts[s] for (_, _, facts), s in pick]),
            np.zeros((count, length, HINT_COLUMNS, HINT_ROWS, 2), np.uint8),
        )


def open_windows(
    where: str,
    height: int,
    width: int,
    threads: int,
    end_share: float = END_SHARE,
    touch_share: float = 0.0,
) -> Any:
    """Windows of tapes, of HDF5 files of the earlier system, or of a Minari dataset.

    Args:
        where: A file or folder, or `minari:` and an id.
        height: Height of the frames in px.
        width: Width of the frames in px.
        threads: Cores to use at most.
        end_share: Share of the windows of tapes that are ends of episodes.
        touch_share: Share of the windows of tapes in which Mario and a creature meet.

    Raises:
        DatasetError: When there are none.
        OptionError: For a share that is not between 0 and 1.
    """
    from gym_mario_suite.datasets.diamond_hdf5 import SUFFIXES, load_diamond
    from gym_mario_suite.datasets.tapes import Tapes

    for share, what in ((end_share, "ends"), (touch_share, "touches")):
        if not 0 <= share <= 1:
            raise OptionError(f"the share of {what} must be from 0 to 1, got {share}")
    if where.startswith(_MINARI):
        from gym_mario_suite.datasets.minari_import import minari_episodes

        return FrameWindows(list(minari_episodes(where.removeprefix(_MINARI))), height, width)
    data = Path(where)
    files = [data] if data.is_file() else files_in(data, "*")
    recorded = [file for file in files if file.suffix in SUFFIXES]
    if recorded:
        return FrameWindows([load_diamond(file) for file in recorded], height, width)
    return TapeWindows(Tapes.load(data), height, width, threads, end_share, touch_share)
