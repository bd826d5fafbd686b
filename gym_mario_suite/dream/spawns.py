"""Spawns: where dreams begin. Four true frames, what was pressed between them, and their origin."""

from __future__ import annotations

import io
import json
import lzma
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.frames import Frames, checked_frame, resized
from gym_mario_suite.dream.hints import check_kind
from gym_mario_suite.dream.memory import MEMORY_SIZE
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.whole_file import write_whole

if TYPE_CHECKING:
    from gym_mario_suite.datasets.replay import Replay
    from gym_mario_suite.engine.game import Game
    from gym_mario_suite.levels.level import Level

SPAWN_HEIGHT, SPAWN_WIDTH = 120, 160
BUILT_IN = Path(__file__).parent / "data" / "spawns.npz"
_SIZES = ((SPAWN_HEIGHT, SPAWN_WIDTH), (2 * SPAWN_HEIGHT, 2 * SPAWN_WIDTH))
_VERSION = 6
_READ_VERSIONS = (1, 6)  # the first had no memories, the others shorter ones
# What a spawn's origin must tell for the engine to stand where the spawn stands.
_ORIGIN = ("seed", "difficulty", "type", "length", "mode", "time_limit", "keys")


@dataclass(frozen=True, eq=False)
class Spawn:
    """The beginning of a dream.

    Attributes:
        name: Its name.
        frames: uint8[4, 120, 160, 3], oldest first.
        keys: uint8[3], button bits pressed between them.
        camera_px: Left edge of the last frame in its level; -1 where there is none.
        origin: Where it comes from, JSON-able. With `seed`, `difficulty`, `type`, `length`, `mode`,
            `time_limit` and `keys` (hexadecimal, of all ticks) the engine can be brought to the
            spawn's last frame.
        memory: How Mario moves in the last frame, in the order of `memory.MEMORY`; None where that
            is not known (of a picture).
        scenery: uint8[120, 160, 3], the last frame's backdrop and tiles; None where they are not
            known.
    """

    name: str
    frames: Frames
    keys: NDArray[np.uint8]
    camera_px: int = -1
    origin: dict[str, Any] = field(default_factory=dict)
    memory: tuple[float, ...] | None = None
    scenery: Frames | None = None

    def __post_init__(self) -> None:
        if np.shape(self.frames)[:1] != (CONTEXT,):
            raise OptionError(f"a spawn has {CONTEXT} frames, got shape {np.shape(self.frames)}")
        for number, frame in enumerate(self.frames):
            checked_frame(frame, SPAWN_HEIGHT, SPAWN_WIDTH, f"frame {number} of the spawn")
        if self.scenery is not None:
            checked_frame(self.scenery, SPAWN_HEIGHT, SPAWN_WIDTH, "the scenery of the spawn")
        if self.memory is not None and len(self.memory) != MEMORY_SIZE:
            raise OptionError(f"a spawn's memory has {MEMORY_SIZE} numbers, got {self.memory!r}")
        if np.shape(self.keys) != (CONTEXT - 1,):
            raise OptionError(f"a spawn has {CONTEXT - 1} keys between its frames")

    def sized(self, height: int, width: int) -> Frames:
        """The frames at a model's size."""
        return resized(self.frames, height, width)

    def sized_scenery(self, height: int, width: int) -> Frames | None:
        """The scenery at a model's size."""
        return None if self.scenery is None else resized(self.scenery, height, width)

    @property
    def memory_array(self) -> NDArray[np.float32] | None:
        """The memory as a dream takes it."""
        return None if self.memory is None else np.array(self.memory, np.float32)

    @property
    def has_engine(self) -> bool:
        """Whether the engine can be brought here."""
        return all(name in self.origin for name in _ORIGIN)

    def level(self) -> Level:
        """The level it is in.

        Raises:
            OptionError: When it has none (a picture has none).
        """
        from gym_mario_suite.levels.generate import generate

        if not self.has_engine:
            raise OptionError(f"the spawn {self.name!r} is of no level")
        return generate(*(self.origin[name] for name in _ORIGIN[:4]))

    def game(self) -> Game:
        """The engine's game at the spawn's last frame.

        Raises:
            OptionError: When it comes from no level.
        """
        from gym_mario_suite.engine.game import Game

        game = Game(self.level().image, self.origin["mode"], self.origin["time_limit"])
        for keys in bytes.fromhex(self.origin["keys"]):
            game.tick(keys)
        return game


def save_spawns(path: Path | str, spawns: Sequence[Spawn]) -> None:
    """Write spawns to a file, whole or not at all.

    Raises:
        OptionError: When it cannot be written.
    """
    # Behind each spawn's frames its scenery; the last frame where there is none.
    frames = np.stack(
        [
            np.concatenate([s.frames, (s.frames[-1] if s.scenery is None else s.scenery)[None]])
            for s in spawns
        ]
    )
    packed = lzma.compress(frames.tobytes(), preset=9)
    rows = [
        (s.name, s.keys.tolist(), s.camera_px, s.origin, s.memory, s.scenery is not None)
        for s in spawns
    ]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        version=np.array(_VERSION),
        frames=np.frombuffer(packed, np.uint8),
        spawns=np.array(json.dumps(rows)),
    )
    write_whole(Path(path), buffer.getvalue())


def load_spawns(path: Path | str) -> tuple[Spawn, ...]:
    """Spawns of a file.

    Raises:
        WeightsError: When it cannot be read; the message names it.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            version = int(file["version"])
            if version not in _READ_VERSIONS:
                raise WeightsError(
                    f"{path}: spawns of version {version}, which this program does not "
                    "read; make them again with `mario dream spawn`"
                )
            rows = json.loads(str(file["spawns"]))
            raw = lzma.decompress(file["frames"].tobytes())
        pictures = np.frombuffer(raw, np.uint8).reshape(
            len(rows), CONTEXT + (version >= _VERSION), SPAWN_HEIGHT, SPAWN_WIDTH, 3
        )
        return tuple(
            Spawn(
                name,
                pictures[i, :CONTEXT],
                np.array(keys, np.uint8),
                camera,
                origin,
                tuple(more[0]) if more and more[0] is not None else None,
                pictures[i, CONTEXT] if more[1:] == [True] else None,
            )
            for i, (name, keys, camera, origin, *more) in enumerate(rows)
        )
    except WeightsError:
        raise
    except Exception as error:
        # A damaged archive raises many kinds.
        raise WeightsError(f"{path}: no file of spawns: {error}") from error


@cache
def built_in_spawns() -> tuple[Spawn, ...]:
    """The spawns that come with the package."""
    return load_spawns(BUILT_IN)


def find_spawn(which: str | int | Path) -> Spawn:
    """A built-in spawn by its number or name, or the first one of a file by its path.

    Raises:
        OptionError: When there is none; the message says which there are.
    """
    spawns = built_in_spawns()
    if isinstance(which, str | Path) and str(which).endswith(".npz"):
        return load_spawns(which)[0]
    if isinstance(which, int | np.integer) and not isinstance(which, bool):
        if 0 <= which < len(spawns):
            return spawns[int(which)]
    else:
        for spawn in spawns:
            if spawn.name == which:
                return spawn
    raise OptionError(
        f"there is no spawn {which!r}; there are {len(spawns)} built in, by number or as "
        f"{spawns[0].name!r} .. {spawns[-1].name!r}, or give the path of an .npz file"
    )


def spawn_of_replay(replay: Replay, tick: int, name: str = "replay") -> Spawn:
    """The spawn at a tick of a replay.

    Args:
        replay: A replay from the start of a level.
        tick: The tick after which the last of the four frames is drawn, 4 or more.
        name: Its name.

    Raises:
        OptionError: When the replay does not have four frames up to that tick, or its level is not
            one of 15 rows under the rules of 2009.
        ReplayMismatch: When the game takes another course than the one recorded.
    """
    from gym_mario_suite.datasets.replay import is_generated, play

    check_kind(replay.level, "a spawn is in")
    if not CONTEXT <= tick <= replay.ticks:
        raise OptionError(f"tick must be from {CONTEXT} to {replay.ticks}, got {tick}")
    origin: dict[str, Any] = {}
    if is_generated(replay.level) and replay.world is None and not replay.switches:
        origin = {
            **{n: replay.level.metadata[n] for n in _ORIGIN[:4]},
            "mode": int(replay.mode),
            "time_limit": replay.time_limit,
            "keys": replay.keys[:tick].hex(),
        }
    camera = _FrameTaker(replay.level.theme)
    for number, game in enumerate(play(replay), 1):
        if number > tick - CONTEXT:
            camera.take(game)
        if number == tick:
            break
    keys = np.frombuffer(replay.keys[tick - CONTEXT + 1 : tick], np.uint8)
    return camera.spawn(name, keys, origin)


def spawn_of_level(level: Level, mode: int = 2, name: str = "level") -> Spawn:
    """The spawn at the start of a level: its first four frames, nothing pressed.

    Raises:
        OptionError: For a level that is not one of 15 rows under the rules of 2009.
    """
    from gym_mario_suite.engine.game import Game

    check_kind(level, "a spawn is in")
    camera = _FrameTaker(level.theme)
    game = Game(level.image, mode)
    for _ in range(CONTEXT):
        game.tick(0)
        camera.take(game)
    keys = np.zeros(CONTEXT - 1, np.uint8)
    return camera.spawn(name, keys, {})


def spawn_of_image(picture: Any, name: str = "image") -> Spawn:
    """A spawn of one picture, which stands still for four frames.

    Args:
        picture: uint8[120, 160, 3], or uint8[240, 320, 3], which is halved.
        name: Its name.

    Raises:
        OptionError: For a picture of another size.
    """
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape not in [(*s, 3) for s in _SIZES]:
        sizes = " or ".join(f"{width}x{height}" for height, width in _SIZES)
        shape = "x".join(map(str, array.shape[1::-1])) if array.ndim == 3 else str(array.shape)
        raise OptionError(f"a spawn's picture must be {sizes} px in RGB, got {shape}")
    frame = resized(array, SPAWN_HEIGHT, SPAWN_WIDTH)
    return Spawn(name, np.repeat(frame[None], CONTEXT, 0), np.zeros(CONTEXT - 1, np.uint8))


class _FrameTaker:
    """Draws frames of a game as models see them."""

    def __init__(self, theme: int) -> None:
        from gym_mario_suite.engine.draw import Renderer

        self._renderer = Renderer()
        self._theme = theme
        self.frames: list[Frames] = []
        self.left_px = -1
        self.memory: tuple[float, ...] | None = None
        self.scenery: Frames | None = None

    def take(self, game: Game) -> None:
        """Draw the game as it is."""
        # Here, since it needs the compiler, and dreaming from the built-in spawns does not.
        from gym_mario_suite.dream.facts import FACT, FACTS, memory_of, note

        self.frames.append(
            self._renderer.rgb_half(game.image, game.worlds, theme=self._theme, hud=False)
        )
        self.scenery = self._renderer.scenery_half(game.image, game.worlds, theme=self._theme)
        facts = np.zeros(len(FACTS), np.float32)
        note(game.image, game.worlds[0], self._theme, facts)
        # The edge is left of a level that is narrower than the picture, since that is centred.
        self.left_px = max(int(facts[FACT["camera"]]), 0)
        self.memory = tuple(memory_of(facts).tolist())

    def spawn(self, name: str, keys: NDArray[np.uint8], origin: dict[str, Any]) -> Spawn:
        """The spawn of what was taken."""
        frames = np.stack(self.frames)
        return Spawn(name, frames, keys, self.left_px, origin, self.memory, self.scenery)
