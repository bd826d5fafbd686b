from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import (
    Tapes,
    TapeWriter,
    joined,
    statistics,
    tapes_of_replays,
)
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


def test_the_figures_of_a_dataset_card(tapes: Tapes) -> None:
    told = statistics(tapes)
    assert (told["episodes"], told["ticks"], told["level_seeds"]) == (2, 8, 2)
    assert told["ticks_by_player"] == {"one": 3, "another": 5}
    assert told["action_histogram"] == {"none": 2, "right": 6}
    assert told["action_entropy_bits"] == 0.811  # of a quarter and three quarters
    assert (told["ends"]["running"], told["ends"]["win"]) == (2, 0)
    with pytest.raises(DatasetError, match="there are no episodes"):
        statistics(TapeWriter().tapes())


def test_the_figures_of_some_tapes_are_theirs_alone(tapes: Tapes) -> None:
    told = statistics(Tapes(tapes.episodes[:1], tapes.keys, tapes.players))
    assert told["ticks"] == 3
    assert told["action_histogram"] == {"none": 1, "right": 2}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("first", -1, "an episode lies outside the keys"),
        ("first", 4, "an episode lies outside the keys"),
        ("ticks", 0, "an episode lies outside the keys"),
        ("ticks", 6, "an episode lies outside the keys"),
        ("first", 1, "the first of an episode 0"),
        ("player", 2, "an episode's player has no name"),
        ("player", -1, "an episode's player has no name"),
    ],
)
def test_damaged_tapes_are_refused(tapes: Tapes, field: str, value: int, message: str) -> None:
    episodes = tapes.episodes[1:].copy()
    episodes[field] = value
    with pytest.raises(DatasetError, match=message):
        Tapes(episodes, tapes.keys, tapes.players)


def test_keys_are_bits_of_five_buttons_in_bytes(tapes: Tapes) -> None:
    wrong = tapes.keys.copy()
    wrong[1] = 32
    with pytest.raises(DatasetError, match="bits from 0 to 31"):
        Tapes(tapes.episodes, wrong, tapes.players)
    for keys in (tapes.keys.astype(np.int64), tapes.keys[None]):
        with pytest.raises(DatasetError, match="one of uint8 keys"):
            Tapes(tapes.episodes, keys, tapes.players)  # type: ignore[arg-type]
