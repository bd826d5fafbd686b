from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import Tapes, TapeWriter, joined, tapes_of_replays
from gym_mario_suite.datasets.tapes_json import load_tapes_json, save_tapes_json
from gym_mario_suite.errors import DatasetError
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.grid_levels import to_grid, to_level


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


def test_damaged_episodes_are_told_with_their_file(tapes: Tapes, tmp_path: Path) -> None:
    episodes = tapes.episodes.copy()
    episodes["first"] = 1000
    path = tmp_path / "damaged.npz"
    np.savez(path, version=1, episodes=episodes, keys=tapes.keys, players=tapes.players)
    for source in (path, tmp_path):
        with pytest.raises(DatasetError, match=r"damaged\.npz: the tapes are damaged"):
            Tapes.load(source)


def test_a_player_that_is_no_name_is_refused(tapes: Tapes, tmp_path: Path) -> None:
    save_tapes_json(tmp_path / "tapes.json", tapes, "for a test")
    text = (tmp_path / "tapes.json").read_text(encoding="utf-8")
    (tmp_path / "tapes.json").write_text(text.replace('"one"', "1"), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"tapes\.json: no tapes in JSON"):
        load_tapes_json(tmp_path / "tapes.json")


@pytest.mark.parametrize("kind", ["empty", "of a file"])
def test_a_replay_that_can_be_no_tape_is_named(kind: str, tmp_path: Path) -> None:
    level = generate(3, length=60)
    game = RecordedGame(level if kind == "empty" else to_level(to_grid(level)))
    if kind != "empty":
        game.tick(0)
    game.replay().save(tmp_path / "a.mario")
    told = "one tick at least" if kind == "empty" else "a level of the 2009 generator"
    with pytest.raises(DatasetError, match=rf"a\.mario: .*{told}"):
        tapes_of_replays([tmp_path / "a.mario"])
