"""Playing for the dream's data: episodes of the mix, over levels of all seeds and themes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.agents.dream_folder import require_same
from gym_mario_suite.agents.dream_players import (
    Policy,
    Share,
    noisy_agent,
    usual_mix,
)
from gym_mario_suite.datasets.tapes import SUFFIX, Tapes, TapeWriter
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError, as_integer, as_number
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.whole_file import require_folder

# Levels of these are for tests alone, whatever their seeds; so are these seeds.
HELD_OUT_DIFFICULTIES = (4, 7)
FIRST_HELD_OUT_SEED, TRAINING_SEEDS = 0, (1_000_000, 1 << 31)
_DIFFICULTIES = tuple(d for d in range(11) if d not in HELD_OUT_DIFFICULTIES)
_TYPE_SHARES = (0.5, 0.25, 0.25)
_MODE_SHARES = (0.35, 0.25, 0.4)
_MOST, _MOST_SHARE = (1 << 63) - 1, 1e6
_MOST_ON_WINDOWS = 61  # processes that a pool can wait for there
_GUIDE = "astar:budget=300"
_GUIDED_SHARE = 0.6  # of the episodes begin with a good player, so that they get somewhere


@dataclass(frozen=True, kw_only=True)
class CollectOptions:
    """What is collected.

    Attributes:
        ticks: Ticks in all, at least.
        seed: Decides everything.
        shard_ticks: Ticks of one file, at least.
        longest: Ticks of one episode at most, after the guided beginning.
        guided: Ticks of the guided beginning at most.
        agents: More agents of the registry (a trained one, say), each with its share of the
            episodes beside the usual mix, whose shares sum to 1.

    Raises:
        OptionError: For a number out of range, or an agent named twice.
    """

    ticks: int = 1_000_000
    seed: int = 0
    shard_ticks: int = 25_000
    longest: int = 400
    guided: int = 500
    agents: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("ticks", "shard_ticks", "longest"):
            as_integer(name, getattr(self, name), 16, _MOST)
        for name in ("guided", "seed"):
            as_integer(name, getattr(self, name), 0, _MOST)
        if len(dict(self.agents)) < len(self.agents):
            raise OptionError("an agent of the mix is named twice: give it one share")
        for agent, share in self.agents:
            as_number(f"the share of {agent}", share, 1 / _MOST_SHARE, _MOST_SHARE)

    @property
    def shards(self) -> int:
        """How many files."""
        return -(-self.ticks // self.shard_ticks)

    @property
    def in_each_shard(self) -> dict[str, Any]:
        """What a file follows from besides the seed and its number, as JSON gives it back."""
        names = ("shard_ticks", "longest", "guided")
        agents = [list(share) for share in self.agents]
        return {**{name: getattr(self, name) for name in names}, "agents": agents}

    def mix(self) -> dict[str, Share]:
        """The policies with their shares."""
        extra = {name: Share(weight, noisy_agent(name)) for name, weight in self.agents}
        return usual_mix(extra)


def play_episode(
    policy: Policy, guide: Policy | None, rng: np.random.Generator, options: CollectOptions
) -> tuple[Game, dict[str, int], bytes]:
    """One episode: the game after its last tick, its origin, and what was pressed."""
    origin = {
        "seed": int(rng.integers(*TRAINING_SEEDS)),
        "difficulty": int(rng.choice(_DIFFICULTIES)),
        "type": int(rng.choice(3, p=_TYPE_SHARES)),
        "length": int(rng.integers(120, 321)),
        "mode": int(rng.choice(3, p=_MODE_SHARES)),
        "time_limit": 200,
    }
    level = generate(*(origin[n] for n in ("seed", "difficulty", "type", "length")))
    game = Game(level.image, origin["mode"], origin["time_limit"])
    led = guide is not None and options.guided > 0
    guided = int(rng.integers(0, options.guided)) if led else 0
    keys = bytearray(1)
    game.tick(0)
    while game.status == Status.RUNNING and len(keys) < guided + options.longest:
        # The guide plans while it leads; the policy sees the game from the first tick on.
        chosen = policy(game, rng)
        if guide is not None and len(keys) < guided:
            chosen = guide(game, rng)
        keys.append(chosen)
        game.tick(chosen)
    return game, origin, bytes(keys)


def play_shard(number: int, options: CollectOptions, mix: Mapping[str, Share]) -> Tapes:
    """The episodes of one file; they follow from the options and its number."""
    rng = np.random.default_rng([options.seed, number])
    names = list(mix)
    weights = np.array([mix[name].weight for name in names])
    writer = TapeWriter()
    ticks = 0
    while ticks < options.shard_ticks:
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        guide = noisy_agent(_GUIDE)(rng) if rng.random() < _GUIDED_SHARE else None
        game, origin, keys = play_episode(mix[name].make(rng), guide, rng, options)
        writer.add(game, origin, keys, name)
        ticks += len(keys)
    return writer.tapes()


def shard_path(folder: Path, number: int, options: CollectOptions) -> Path:
    """Where file `number` goes."""
    return folder / f"seed{options.seed}-{number:05d}{SUFFIX}"


def _collect_one(folder: Path, number: int, options: CollectOptions) -> int:
    tapes = play_shard(number, options, options.mix())
    tapes.save(shard_path(folder, number, options))
    return tapes.ticks


def collect(
    folder: Path, options: CollectOptions, workers: int | None = None
) -> Iterator[tuple[int, int]]:
    """Write the files of a data set; those that are there are left alone.

    Args:
        folder: Where they go.
        options: What is collected.
        workers: Processes at once; None for one on each core.

    Yields:
        After each file, how many are done and how many ticks the new one has (0 for one that was
        there).

    Raises:
        OptionError: When the folder cannot be written, or has files of this seed that were made
            with other options than these (but for the ticks: more of them are more files).
    """
    require_folder(folder)
    require_same(
        folder / f"seed{options.seed}.json",
        options.in_each_shard,
        begun=any(folder.glob(f"seed{options.seed}-*{SUFFIX}")),
        which=f"seed {options.seed}",
    )
    numbers: Sequence[int] = range(options.shards)
    missing = [n for n in numbers if not shard_path(folder, n, options).exists()]
    done = options.shards - len(missing)
    if done:
        yield done, 0
    workers = workers or os.cpu_count() or 1
    if sys.platform == "win32":
        workers = min(workers, _MOST_ON_WINDOWS)
    if workers == 1:
        for number in missing:
            done += 1
            yield done, _collect_one(folder, number, options)
        return
    # Fresh processes: threads of the compiled code do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        jobs = [pool.submit(_collect_one, folder, n, options) for n in missing]
        try:
            for job in as_completed(jobs):
                done += 1
                yield done, job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
