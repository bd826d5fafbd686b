"""What a page is told of a replay."""

import base64
from collections import defaultdict

import numpy as np

from gym_mario_suite.competition.replay_film import film_of
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.levels import Level


def test_mario_is_found_at_the_end_of_a_wide_level() -> None:
    tiles = np.zeros((2400, 15), np.uint8)
    tiles[:, 13:] = 129
    game = RecordedGame(Level(tiles, (), x_exit=2390, y_exit=13), time_limit=1000)
    places = []
    while game.status == Status.RUNNING and game.ticks < 6000:
        game.tick(int(Button.RIGHT | Button.SPEED) if game.ticks else 0)
        places.append(int(game.x))
    assert max(places) > 2 * (1 << 14)
    numbers = np.frombuffer(
        base64.b64decode(film_of(game.replay(), defaultdict(int))["frames"]), "<i2"
    )
    at, told = 0, []
    while at < len(numbers):
        cells, beyond, x, count = numbers[at : at + 4].tolist()
        told.append(16 * cells + beyond + x)
        pictures = numbers[at + 4 : at + 4 + 4 * count].reshape(count, 4)
        assert (pictures[:, 1] == x).any()
        at += 4 + 4 * count
    assert told == places
