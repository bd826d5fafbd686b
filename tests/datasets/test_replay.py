"""Replays as values and as files: round trips, sizes, verification, everything that can be bad."""

import pickle
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.datasets import replay_file
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay, play, verify
from gym_mario_suite.datasets.state_hash import state_hash
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import OptionError, ReplayError, ReplayMismatch
from gym_mario_suite.levels import Level, generate

from .episodes import own_level, random_play, recorded


@pytest.fixture(scope="module")
def replay():
    return recorded()[0]


@pytest.fixture(scope="module")
def data(replay):
    return replay.to_bytes()


def test_a_replay_is_the_agents_game():
    replay, record = recorded()
    game = verify(replay)
    assert replay.ticks == record.ticks
    assert (float(game.x), game.status, game.kills) == (
        record.distance,
        record.status,
        record.kills,
    )


@settings(max_examples=40, deadline=None)
@given(
    keys=st.lists(st.integers(0, 31), max_size=300),
    level=st.one_of(
        st.builds(generate, st.integers(-(2**63), 2**63 - 1), st.integers(0, 12)),
        st.builds(own_level),
    ),
    mode=st.sampled_from(Mode),
    time_limit=st.integers(1, 300),
    switches=st.fixed_dictionaries(
        {
            name: st.booleans()
            for name in ("creatures", "invulnerable", "power_restoration", "timer")
        }
    ),
    metadata=st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=3),
)
def test_round_trip(keys, level, mode, time_limit, switches, metadata):
    game = RecordedGame(level, mode, time_limit, **switches)
    for key in [0, *keys]:
        if game.status == Status.RUNNING:
            game.tick(key)
    replay = game.replay(metadata)
    again = Replay.from_bytes(replay.to_bytes())
    assert again == replay
    assert again.level.metadata == level.metadata
    assert again.to_bytes() == replay.to_bytes()
    assert state_hash(verify(again).worlds[0]) == state_hash(game.worlds[0])


def test_a_replay_from_a_saved_world():
    before = random_play(Game(own_level().image), ticks=100)
    game = RecordedGame(own_level())
    game.load_bytes(before.to_bytes())
    for _ in range(70):
        game.tick(10)  # the first tick too: the level has begun long ago
    replay = Replay.from_bytes(game.replay().to_bytes())
    assert replay.ticks == 70
    assert verify(replay).x == game.x


def test_nothing_played_is_a_replay_too():
    replay = Replay.from_bytes(RecordedGame(generate(0)).replay().to_bytes())
    assert replay.ticks == 0
    assert verify(replay).ticks == 0
    assert list(play(replay)) == []


def test_200_seconds_take_less_than_8_kilobytes():
    game = RecordedGame(generate(0, 10, length=1361), invulnerable=True)
    # Timid enough to live for 200 seconds, and as random as buttons get.
    replay = random_play(game, seed=1).replay()
    while replay.ticks < 3000:
        game = RecordedGame(Level(generate(0).tiles, (), 400, 10), invulnerable=True)
        for tick in range(3000):
            game.tick(0 if tick == 0 else (7919 * tick * tick >> 3) & 29)
        replay = game.replay()
    assert len(replay.to_bytes()) < 8192
    assert len(recorded()[0].to_bytes()) < 1024


def test_worlds_that_were_played_in_before_hash_like_new_ones():
    """Neither old sprites nor old effects are part of the hash."""
    used = random_play(RecordedGame(generate(3, 10)))
    for seed in range(5):
        used.reset()
        random_play(used, ticks=200, seed=seed)
        verify(used.replay())


@pytest.mark.parametrize("tick", range(1, 259, 6))
def test_a_changed_button_is_noticed(replay, tick):
    keys = bytearray(replay.keys)
    keys[tick] ^= 4  # DOWN, which often makes no difference
    with pytest.raises(ReplayMismatch, match=r"another course|ends with tick") as caught:
        verify(replace(replay, keys=bytes(keys)))
    assert tick < caught.value.tick <= tick // 64 * 64 + 64
    assert str(caught.value.tick) in str(caught.value)


def test_a_changed_level_is_noticed(replay):
    tiles = replay.level.tiles.copy()
    tiles[300, 2] = 9  # high up, where nobody comes
    level = Level(tiles, replay.level.spawns, replay.level.x_exit, replay.level.y_exit)
    with pytest.raises(ReplayMismatch, match="within ticks 1 to 64"):
        verify(replace(replay, level=level))


def test_ticks_after_the_end_are_noticed(replay):
    longer = replace(replay, keys=replay.keys + bytes(1))
    with pytest.raises(ReplayMismatch):
        verify(longer)
    hashes = (*replay.hashes, bytes(8))
    longer = replace(replay, keys=replay.keys + bytes(64), hashes=hashes)
    with pytest.raises(ReplayMismatch):
        verify(longer)


def with_header(data, at, value):
    return data[:at] + value + data[at + len(value) :]


def resealed(data, change):
    """The replay with other contents and a checksum that fits them."""
    body = zlib.compress(change(zlib.decompress(data[14:])))
    return (
        data[:6] + len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little") + body
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "not a replay"),
        (lambda data: b"GMS", "not a replay"),
        (lambda data: b"\x89PNG\r\n\x1a\n" + bytes(100), "not a replay"),
        (lambda data: data[:5], "incomplete"),
        (lambda data: data[:9], "incomplete"),
        (lambda data: data[:-1], "incomplete"),
        (lambda data: data + b"x", "damaged"),
        (lambda data: with_header(data, 40, bytes([data[40] ^ 1])), "damaged"),
        (lambda data: with_header(data, 4, b"\x09\x00"), "version 9; this program reads version 1"),
        (lambda data: resealed(data, lambda raw: raw[:-1]), "sizes contradict"),
        (lambda data: resealed(data, lambda raw: b""), "cannot be read"),
        (
            lambda data: resealed(data, lambda raw: raw.replace(b'"rules": 0', b'"rules": 7')),
            "rules 7, which this program does not know",
        ),
        (
            lambda data: resealed(data, lambda raw: raw.replace(b'"2009"', b'"2099"')),
            "generator '2099', which this program does not have",
        ),
        (
            lambda data: resealed(data, lambda raw: raw.replace(b'"mode": 2', b'"mode": 9')),
            "cannot be read",
        ),
        (
            lambda data: resealed(data, lambda raw: raw.replace(b'"mode": 2', b'"mood": 2')),
            "cannot be read",
        ),
        (
            lambda data: resealed(
                data, lambda raw: raw.replace(b'"length": 320', b'"length": -20')
            ),
            "cannot be read",
        ),
    ],
)
def test_bad_bytes(data, change, message):
    with pytest.raises(ReplayError, match=message):
        Replay.from_bytes(change(data))


def test_contents_without_end_are_refused(data, monkeypatch):
    monkeypatch.setattr(replay_file, "_MAX_CONTENT_BYTES", 1000)
    with pytest.raises(ReplayError, match="no end"):
        Replay.from_bytes(resealed(data, lambda raw: raw + bytes(100_000)))


@given(at=st.integers(0, 10_000), value=st.integers(1, 255))
def test_no_flipped_byte_goes_unnoticed(data, at, value):
    at %= len(data)
    with pytest.raises(ReplayError):
        Replay.from_bytes(with_header(data, at, bytes([data[at] ^ value])))


@given(st.binary(max_size=200))
def test_noise_behind_a_right_header(noise):
    body = zlib.compress(noise)
    sizes = len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little")
    with pytest.raises(ReplayError):
        Replay.from_bytes(b"GMSR\x01\x00" + sizes + body)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keys": b"\x00\x40"}, "bits from 0 to 31"),
        ({"keys": b"\x02\x02", "hashes": (bytes(8),)}, "begins with a tick without buttons"),
        ({"hashes": ()}, "hashes of 8 bytes, got 0"),
        ({"keys": b"\x00", "hashes": (bytes(7),)}, "need 1 hashes of 8 bytes"),
        ({"keys": bytearray(2)}, "keys must be bytes, got bytearray"),
        ({"metadata": {1: "one", "two": 2}}, "metadata must be a mapping that JSON can hold"),
        ({"switches": 99}, "switches"),
    ],
)
def test_parts_that_do_not_fit(replay, changes, message):
    with pytest.raises(ReplayError, match=message):
        replace(replay, **changes)


def test_a_start_that_is_not_possible(replay):
    for changes in ({"world": b"nonsense"}, {"time_limit": -5}):
        with pytest.raises(ReplayError, match="start is not possible"):
            verify(replace(replay, **changes))


def test_files(replay, tmp_path: Path):
    path = tmp_path / "one.mario"
    replay.save(path)
    assert Replay.load(path) == replay
    assert [file.name for file in tmp_path.iterdir()] == ["one.mario"]
    with pytest.raises(ReplayError, match=r"cannot read .*two\.mario: No such file"):
        Replay.load(tmp_path / "two.mario")
    with pytest.raises(OptionError, match="cannot write"):
        replay.save(tmp_path / "absent" / "one.mario")
    path.write_bytes(b"text")
    with pytest.raises(ReplayError, match=r"one\.mario: not a replay"):
        Replay.load(path)


class TestRecordedGame:
    def test_a_clone_is_not_recorded(self):
        game = RecordedGame(generate(2))
        game.tick(0)
        copy = game.clone()
        copy.tick(2)
        copy.reset()
        assert type(copy) is Game
        assert game.replay().ticks == 1

    def test_the_first_tick_is_without_buttons(self):
        game = RecordedGame(generate(2))
        with pytest.raises(OptionError, match="first tick"):
            game.tick(2)
        with pytest.raises(OptionError, match="from 0 to 31"):
            game.tick(32)
        game.tick(0)
        assert verify(game.replay()).ticks == 1

    @pytest.mark.parametrize("at", [1, 63, 64, 65, 130])
    @pytest.mark.parametrize("ran", [False, True])
    def test_an_interrupt_within_a_tick(self, monkeypatch, at, ran):
        game = RecordedGame(generate(2))
        for _ in range(at - 1):
            game.tick(0)
        original = Game.tick

        def interrupted(self, keys):
            if ran:
                original(self, keys)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Game, "tick", interrupted)
            with pytest.raises(KeyboardInterrupt):
                game.tick(0)
        assert game.replay().ticks == at - 1 + ran
        verify(game.replay())
        game.tick(0)
        assert verify(game.replay()).ticks == game.ticks

    def test_an_agent_that_fails_leaves_a_replay(self):
        class Failing:
            name = "failing"

            def reset(self):
                pass

            def act(self, game):
                return 10 if game.x < 100 else "jump"

        game = RecordedGame(generate(2))
        with pytest.raises(OptionError, match="failing"):
            play_level(Failing(), game)  # type: ignore[arg-type]
        assert verify(game.replay()).x >= 100


def test_ticks_after_the_end_are_in_no_replay():
    game = RecordedGame(generate(3), time_limit=1)
    for _ in range(200):
        game.tick(0)
    replay = game.replay()
    assert verify(replay).status == Status.DEAD
    assert replay.ticks < 100


def test_replays_are_pickled(replay):
    assert pickle.loads(pickle.dumps(replay)) == replay


@pytest.mark.parametrize("field", ["time_limit", "switches"])
def test_numbers_that_are_none_are_refused(data, field):
    head, parts = replay_file.unpack(b"GMSR", Replay.format_version, data, 1 << 26)
    head[field] = float("inf")
    forged = replay_file.pack(b"GMSR", Replay.format_version, head, parts)
    with pytest.raises(ReplayError, match="cannot be read"):
        Replay.from_bytes(forged)


def test_a_file_without_end_is_no_replay(tmp_path, monkeypatch):
    monkeypatch.setattr(replay_file, "_MOST_FILE_BYTES", 1000)
    path = tmp_path / "long.mario"
    path.write_bytes(b"GMSR" + bytes(997))
    with pytest.raises(ReplayError, match=r"long\.mario is too large for a replay"):
        Replay.load(path)
