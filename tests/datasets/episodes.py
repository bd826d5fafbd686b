"""Episodes that the tests of this room record."""

import numpy as np

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels import Level, generate


def recorded(seed=5, difficulty=3, agent="forward-jumping"):
    """A replay of an agent, and how it fared."""
    game = RecordedGame(generate(seed, difficulty))
    record = play_level(make_agent(agent), game)
    return game.replay({"agent": agent}), record


def random_play(game, ticks=10**9, seed=0):
    """Play on with buttons that are held for a while."""
    rng = np.random.default_rng(seed)
    keys = 0
    while game.status == Status.RUNNING and game.ticks < ticks:
        if game.ticks and rng.random() < 0.2:
            keys = int(rng.integers(0, 32))
        game.tick(keys)
    return game


def own_level():
    """A level that no generator makes."""
    level = generate(1, 2)
    tiles = level.tiles.copy()
    tiles[10, 5] = 16
    return Level(tiles, level.spawns, level.x_exit, level.y_exit, {"author": "somebody"})
