"""Tapes: many replays of generated levels in a few arrays.

A replay is an episode with its level and its proof. A corpus for learning is tens of thousands of
episodes, and all it needs of each is which level of the generator it was, how it started and what
was pressed: about one byte a tick. Frames are drawn from that when they are wanted, at any size.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay, is_generated, verify
from gym_mario_suite.datasets.state_hash import HASH_BYTES, state_hash
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import DatasetError, MarioError, ReplayMismatch, reason_of
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.whole_file import files_in, write_whole

TAPES_VERSION = 1
SUFFIX = ".npz"
_UNKNOWN = "unknown"

EPISODE = np.dtype(
    [
        ("seed", "i8"),  # of the level
        ("difficulty", "i4"),
        ("level_type", "i4"),
        ("length", "i4"),  # columns
        ("mode", "i4"),  # at the start
        ("time_limit", "i4"),  # s
        ("first", "i8"),  # where its keys begin
        ("ticks", "i8"),  # how many there are
        ("status", "i4"),  # at the end: engine.world.Status
        ("player", "i4"),  # who played: index into the names
        ("state", "u8"),  # hash of the last state
    ]
)


@dataclass(frozen=True, eq=False)
class Tapes:
    """Episodes as arrays.

    Attributes:
        episodes: EPISODE[n].
        keys: uint8[total ticks], button bits in effect in each tick, episode after episode. The
            first tick of each runs without buttons.
        players: Names of who played.
    """

    episodes: NDArray[np.void]
    keys: NDArray[np.uint8]
    players: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        rows = self.episodes
        if rows.dtype != EPISODE or self.keys.dtype != np.uint8 or self.keys.ndim != 1:
            raise DatasetError("tapes are an array of EPISODE and one of uint8 keys")
        if not len(rows):
            return
        starts, ticks = rows["first"], rows["ticks"]
        if (starts < 0).any() or (ticks < 1).any() or (starts + ticks > len(self.keys)).any():
            raise DatasetError("the tapes are damaged: an episode lies outside the keys")
        if (self.keys > 31).any() or self.keys[starts].any():
            raise DatasetError(
                "the tapes are damaged: keys are bits from 0 to 31, the first of an episode 0"
            )
        if not (rows["player"].min() >= 0 and rows["player"].max() < max(1, len(self.players))):
            raise DatasetError("the tapes are damaged: an episode's player has no name")

    def __len__(self) -> int:
        return len(self.episodes)

    @property
    def ticks(self) -> int:
        """Ticks of all episodes together."""
        return int(self.episodes["ticks"].sum())

    def keys_of(self, index: int) -> NDArray[np.uint8]:
        """Button bits of one episode, uint8[ticks]."""
        row = self.episodes[index]
        return self.keys[row["first"] : row["first"] + row["ticks"]]

    def player_of(self, index: int) -> str:
        """Who played an episode."""
        return self.players[self.episodes["player"][index]] if self.players else _UNKNOWN

    def game(self, index: int) -> Game:
        """The game of one episode as it starts."""
        row = self.episodes[index]
        level = generate(*(int(row[n]) for n in ("seed", "difficulty", "level_type", "length")))
        return Game(level.image, int(row["mode"]), int(row["time_limit"]))

    def replay(self, index: int) -> Replay:
        """One episode as a replay with all its hashes.

        Raises:
            ReplayMismatch: When the game does not end in the state that was recorded.
        """
        row = self.episodes[index]
        level = generate(*(int(row[n]) for n in ("seed", "difficulty", "level_type", "length")))
        game = RecordedGame(level, Mode(int(row["mode"])), int(row["time_limit"]))
        for keys in self.keys_of(index).tolist():
            game.tick(keys)
        if _hash_number(game) != int(row["state"]):
            raise ReplayMismatch(
                f"episode {index} ends in another state than the one recorded", int(row["ticks"])
            )
        return game.replay({"agent": self.player_of(index)})

    def digest(self) -> str:
        """A hash of everything, as hexadecimal digits: the name of this data in a model card."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.episodes.tobytes(), self.keys.tobytes(), "\n".join(self.players)):
            digest.update(part.encode() if isinstance(part, str) else part)
        return digest.hexdigest()

    def save(self, path: Path | str) -> None:
        """Write the tapes to an .npz file, whole or not at all.

        Raises:
            OptionError: When it cannot be written.
        """
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            version=np.array(TAPES_VERSION),
            episodes=self.episodes,
            keys=self.keys,
            players=np.array(self.players, dtype=str),
        )
        write_whole(Path(path), buffer.getvalue())

    @classmethod
    def load(cls, path: Path | str) -> Tapes:
        """Read a tape file, or all tape files of a folder in the order of their names.

        Raises:
            DatasetError: When there is none, or one cannot be read; the message names it.
        """
        path = Path(path)
        if path.is_dir():
            files = files_in(path, f"*{SUFFIX}")
            if not files:
                raise DatasetError(f"there are no tape files ({SUFFIX}) in {path}")
            return joined([cls.load(file) for file in files])
        try:
            with np.load(path, allow_pickle=False) as file:
                version = int(file["version"])
                if version != TAPES_VERSION:
                    raise DatasetError(
                        f"tapes of version {version}; this program reads version {TAPES_VERSION}"
                    )
                return cls(file["episodes"], file["keys"], tuple(file["players"].tolist()))
        except OSError as error:
            raise DatasetError(f"cannot read {path}: {reason_of(error)}") from error
        except DatasetError as error:
            raise DatasetError(f"{path}: {error}") from error
        except Exception as error:  # numpy and zlib raise many kinds for damaged archives
            reason = str(error) or type(error).__name__
            raise DatasetError(f"{path}: no tape file: {reason}") from error


class TapeWriter:
    """Collects episodes into tapes."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._keys: list[bytes] = []
        self._players: dict[str, int] = {}
        self._at = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, game: Game, origin: dict[str, Any], keys: bytes, player: str) -> None:
        """Add an episode.

        Args:
            game: The game after its last tick.
            origin: `seed`, `difficulty`, `type` and `length` of its level, and the `mode` and the
                `time_limit` it started with.
            keys: Button bits of its ticks.
            player: Who played.
        """
        number = self._players.setdefault(player, len(self._players))
        names = ("seed", "difficulty", "type", "length", "mode", "time_limit")
        row = (*(int(origin[name]) for name in names), self._at, len(keys))
        self._rows.append((*row, int(game.status), number, _hash_number(game)))
        self._keys.append(keys)
        self._at += len(keys)

    def add_replay(self, replay: Replay) -> None:
        """Add a replay.

        Raises:
            DatasetError: When it does not begin at the start of a level of the 2009 generator, or
                has no ticks.
            ReplayMismatch: When the game takes another course than the one recorded.
        """
        if replay.world is not None or not is_generated(replay.level) or replay.switches:
            raise DatasetError(
                "a tape begins at the start of a level of the 2009 generator, with no switches set"
            )
        if not replay.keys:
            raise DatasetError("an episode of a tape has one tick at least, the replay has none")
        origin = {
            **replay.level.metadata,
            "mode": int(replay.mode),
            "time_limit": replay.time_limit,
        }
        player = replay.metadata.get("agent", replay.metadata.get("player", _UNKNOWN))
        self.add(verify(replay), origin, replay.keys, str(player))

    def tapes(self) -> Tapes:
        """What was added so far."""
        return Tapes(
            np.array(self._rows, EPISODE),
            np.frombuffer(b"".join(self._keys), np.uint8).copy(),
            tuple(self._players),
        )


def joined(parts: Sequence[Tapes]) -> Tapes:
    """Several tapes as one."""
    named = any(part.players for part in parts)
    # Episodes without a name are nobody's of the others.
    players = [part.players or ((_UNKNOWN,) if named else ()) for part in parts]
    names = list(dict.fromkeys(name for each in players for name in each))
    rows = []
    at = 0
    for part, own in zip(parts, players, strict=True):
        episodes = part.episodes.copy()
        episodes["first"] += at
        numbers = np.array([names.index(name) for name in own], np.int32)
        episodes["player"] = numbers[episodes["player"]] if len(numbers) else 0
        rows.append(episodes)
        at += len(part.keys)
    return Tapes(np.concatenate(rows), np.concatenate([p.keys for p in parts]), tuple(names))


def tapes_of_replays(paths: Iterable[Path]) -> Tapes:
    """Files of replays as tapes; see `TapeWriter.add_replay` for which can be.

    Raises:
        DatasetError: As of `add_replay`, and for a replay that takes another course; the message
            names the file.
        ReplayError: When a file is no replay.
    """
    writer = TapeWriter()
    for path in paths:
        replay = Replay.load(path)
        try:
            writer.add_replay(replay)
        except MarioError as error:
            raise DatasetError(f"{path}: {error}") from error
    return writer.tapes()


def statistics(tapes: Tapes) -> dict[str, Any]:
    """The figures of a dataset card: sizes, who played, what was pressed, how episodes ended."""
    rows = tapes.episodes
    if not len(rows):
        raise DatasetError("there are no episodes")
    # The keys may be those of more episodes than these.
    keys = np.concatenate([tapes.keys_of(i) for i in range(len(tapes))])
    pressed = np.bincount(keys, minlength=32).astype(float)
    share = pressed / pressed.sum()
    entropy = float(-(share[share > 0] * np.log2(share[share > 0])).sum())
    ticks_of = np.bincount(rows["player"], rows["ticks"], minlength=len(tapes.players))
    return {
        "episodes": len(rows),
        "ticks": tapes.ticks,
        "level_seeds": len(np.unique(rows["seed"])),
        "difficulties": sorted(set(rows["difficulty"].tolist())),
        "types": sorted(set(rows["level_type"].tolist())),
        "ticks_by_player": {n: int(t) for n, t in zip(tapes.players, ticks_of, strict=False)},
        "ends": {s.name.lower(): int((rows["status"] == s).sum()) for s in Status},
        "action_histogram": {_key_names(k): int(n) for k, n in enumerate(pressed) if n},
        "action_entropy_bits": round(entropy, 3),
        "digest": tapes.digest(),
    }


def _key_names(keys: int) -> str:
    names = [n for i, n in enumerate(("left", "right", "down", "jump", "speed")) if keys >> i & 1]
    return "+".join(names) or "none"


def _hash_number(game: Game) -> int:
    return int.from_bytes(state_hash(game.worlds[0])[:HASH_BYTES], "little")
