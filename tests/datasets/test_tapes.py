from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import Tapes, TapeWriter, joined
from gym_mario_suite.datasets.tapes_json import load_tapes_json, save_tapes_json
from gym_mario_suite.levels.generate import generate


@pytest.fixture(scope="module")
def tapes() -> Tapes:
    """Three ticks by one, five by another."""
    writer = TapeWriter()
    for seed, player, ticks in ((1, "one", 3), (2, "another", 5)):
        game = RecordedGame(generate(seed, length=60))
        for tick in range(ticks):
            game.tick(2 if tick else 0)
        writer.add_replay(game.replay({"agent": player}))
    return writer.tapes()


def nameless(tapes: Tapes) -> Tapes:
    episodes = tapes.episodes.copy()
    episodes["player"] = 0
    return Tapes(episodes, tapes.keys)


@pytest.mark.parametrize("order", [[0, 1], [1], [1, 0]])
def test_some_of_the_tapes_as_json_can_be_read_again(
    tapes: Tapes, tmp_path: Path, order: list[int]
) -> None:
    """Their digest was that of arrays with keys and players that are not in the file."""
    some = Tapes(tapes.episodes[order], tapes.keys, tapes.players)
    save_tapes_json(tmp_path / "some.json", some, "for a test")
    read = load_tapes_json(tmp_path / "some.json")
    assert [read.player_of(i) for i in range(len(read))] == [
        some.player_of(i) for i in range(len(some))
    ]
    assert all(np.array_equal(read.keys_of(i), some.keys_of(i)) for i in range(len(some)))


def test_tapes_without_names_are_by_unknown_players(tapes: Tapes, tmp_path: Path) -> None:
    save_tapes_json(tmp_path / "tapes.json", nameless(tapes), "for a test")
    assert load_tapes_json(tmp_path / "tapes.json").players == ("unknown",)
    assert nameless(tapes).replay(0).metadata["agent"] == "unknown"


def test_joined_with_others_they_are_not_taken_for_theirs(tapes: Tapes) -> None:
    both = joined([tapes, nameless(tapes)])
    names = [both.player_of(i) for i in range(len(both))]
    assert names == ["one", "another", "unknown", "unknown"]
    assert joined([nameless(tapes)]).digest() == nameless(tapes).digest()
