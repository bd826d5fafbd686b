"""Speed of the forward model of the 2019 rules: clones made and advanced in a second.

One core, CPU time, over a level with all kinds of enemies, played to the right with jumps from its
start to the end of the game. The Java framework cannot run here; its figure is the median of five
runs of one thread on a server of the same kind, in CPU time.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.measure import Metric, rate
from gym_mario_suite.engine.clone import copy_world, words
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.world import Button, empty_worlds
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.forward_model_batch import ForwardModelBatch
from gym_mario_suite.levels.framework_text import read_framework_text

PEER = "Java framework of 2019"
PEER_CLONES = 84_000
CLONES = 64
RUN = int(Button.RIGHT | Button.SPEED)
_SCREEN = """\
--------------------
--------------------
--------------------
--------------------
--------------------
--------------------
--------------------
-------o------------
------@!S-----------
--------------%%%---
--------------|||---
----tT---o----|||---
----tt--SSS---|||-##
----tt--g---k-|||##y
XXXXXXXXXXXXXXXXXXXX
XXXXXXXXXXXXXXX--XXX"""
SCREENS = 16


def level_text() -> str:
    """The benchmark's level: a screen again and again."""
    return "\n".join(line * SCREENS for line in _SCREEN.split("\n"))


@jit
def _clone_and_tick(image, worlds, pool, clones):
    """Play one episode; before each of its ticks clone the world and tick the clone."""
    world = worlds[0]
    start_world(image, world, 2, 200, 0)
    done = 0
    t = 0
    while world.players[0].status == 2 and t < 600:
        keys = 26 if t % 16 < 8 else 18
        for k in range(clones):
            copy_world(worlds, pool, 0, 1 + k)
            tick(image, worlds[1 + k], keys)
        done += clones
        tick(image, world, keys)
        t += 1
    return done


def _compiled(image: np.ndarray, worlds: np.ndarray, pool: np.ndarray, episodes: int) -> int:
    return sum(_clone_and_tick(image, worlds, pool, CLONES) for _ in range(episodes))


def _course(start: ForwardModel) -> list[ForwardModel]:
    """The models of an episode, one for each tick."""
    models = [start.clone()]
    while models[-1].running and len(models) < 600:
        jump = int(Button.JUMP) if len(models) % 16 < 8 else 0
        models.append(models[-1].advanced(RUN | jump))
    return models


def _single(models: list[ForwardModel], clones: int) -> int:
    for model in models:
        for _ in range(clones):
            ahead = model.clone()
            ahead.advance(RUN)
    return len(models) * clones


def _single_in_one_call(models: list[ForwardModel], clones: int) -> int:
    for model in models:
        for _ in range(clones):
            model.advanced(RUN)
    return len(models) * clones


def _batch(models: list[ForwardModel], batch: ForwardModelBatch, keys: np.ndarray) -> int:
    for model in models:
        batch.branch(model, keys)
    return len(models) * len(batch)


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    repetitions = 5 if quick else 15
    level = read_framework_text(level_text())
    worlds = empty_worlds(CLONES + 1)
    models = _course(ForwardModel.start(level, mode=2))
    batch = ForwardModelBatch(models[0], CLONES)
    keys = np.arange(CLONES) % 32
    work = {
        "framework_clone_and_advance_compiled_per_second": (
            partial(_compiled, level.image, worlds, words(worlds), 10 if quick else 40),
            1.5e6,
        ),
        "framework_clone_and_advance_per_second": (partial(_single, models, 100), 0.3e6),
        "framework_advanced_per_second": (partial(_single_in_one_call, models, 100), 0.3e6),
        "framework_batch_clone_and_advance_per_second": (
            partial(_batch, models * (10 if quick else 40), batch, keys),
            1.5e6,
        ),
    }
    metrics = []
    for name, (function, target) in work.items():
        median, low, high = rate(function, repetitions)
        metrics.append(
            Metric(
                name=name,
                value=median,
                low=low,
                high=high,
                unit="clones/s",
                peer=PEER,
                peer_value=PEER_CLONES,
                target=target,
            )
        )
    return metrics
