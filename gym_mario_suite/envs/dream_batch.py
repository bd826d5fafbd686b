"""A batch of dreams as games: the arrays behind both the single and the vector environment."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.frames import checked_frame, resized
from gym_mario_suite.dream.hints import HintMap
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.dream.spawns import (
    SPAWN_HEIGHT,
    SPAWN_WIDTH,
    Spawn,
    built_in_spawns,
    find_spawn,
    spawn_of_level,
)
from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.dream_options import RANDOM_SPAWN, DreamOptions, level_of_hint
from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.errors import OptionError, StateError

RESET_OPTIONS = frozenset({"spawn", "frames", "actions", "level_hint", "state"})
INFO_KEYS = (
    *("p_done", "p_won", "p_coin", "p_kill", "power", "move_x", "move_y", "scroll"),
    *("step", "spawn"),
)
_MAGIC = b"GMSD"
_VERSION = 5
_HEADER_BYTES = len(_MAGIC) + 2 + 4
_NO_SPAWN = -1
# Its own stream of the seed, beside that of the frames' noise.
_SPAWN_STREAM = 1
_MAX_STATE_BYTES = 1 << 26


class DreamBatch:
    """Dreams with rewards, ends and spawns.

    Args:
        options: The environments' options.
        count: How many dreams.
    """

    def __init__(self, options: DreamOptions, count: int) -> None:
        self.options = options
        self.count = count
        self.dreamer = Dreamer(options.open(), count, options.steps, options.solver)
        self.config = self.dreamer.model.config
        self.rewards = np.zeros(count)
        self.codes = np.zeros(count, np.uint8)
        self.started = np.zeros(count, bool)
        self.infos: dict[str, NDArray[Any]] = {
            key: np.zeros(count, np.int64 if key in ("power", "step", "spawn") else np.float64)
            for key in INFO_KEYS
        }
        self._threshold = options.threshold
        # Episodes are counted from each seeding on.
        self._next_episode = np.zeros(count, np.int64)

    @property
    def observations(self) -> NDArray[np.uint8]:
        """The last frames, uint8[count, h, w, 3]; a copy."""
        return self.dreamer.frames[:, -1].copy()

    def seed(self, index: int, stream: int) -> None:
        """Set the random stream of one dream."""
        self.dreamer.seeds[index] = stream
        self._next_episode[index] = 0

    def reset(self, chosen: Mapping[int, dict[str, Any]]) -> None:
        """Begin episodes.

        Args:
            chosen: For each dream to begin, by index, of `spawn`, `frames`, `actions` and
                `level_hint` those that were given.

        Raises:
            OptionError: For a value that is not possible; all dreams go on as before then.
        """
        places = {index: self._place(index, given) for index, given in chosen.items()}
        for index, place in places.items():
            self._begin(index, *place)

    def _begin(self, index: int, number: int, spawn: Spawn, hint: HintMap | None) -> None:
        """Begin an episode at a spawn of this number, which follows this level."""
        episode = int(self._next_episode[index])
        size = self.config.height_px, self.config.width_px
        self.dreamer.begin(
            index,
            spawn.sized(*size),
            spawn.keys,
            hint,
            max(spawn.camera_px, 0),
            spawn.memory_array,
            spawn.sized_scenery(*size),
        )
        self.dreamer.episodes[index] = episode
        self._next_episode[index] += 1
        self.started[index] = True
        self.codes[index] = 0
        self.rewards[index] = 0.0
        for key in INFO_KEYS:
            self.infos[key][index] = 0
        self.infos["spawn"][index] = number

    def _place(self, index: int, chosen: dict[str, Any]) -> tuple[int, Spawn, HintMap | None]:
        """Number and spawn of a new episode, and the level that it follows."""
        hint = chosen.get("level_hint", self.options.level_hint)
        level = level_of_hint(hint)
        if hint and not self.config.level_hint:
            raise OptionError(f"the model {self.config.name!r} takes no level hint")
        if "frames" in chosen:
            if hint:
                raise OptionError("frames of one's own are of no level that could be hinted at")
            return _NO_SPAWN, self._own_spawn(chosen), None
        if "actions" in chosen:
            raise OptionError("the reset option actions goes with frames")
        which = chosen.get("spawn", self.options.spawn)
        if level is not None:
            if "spawn" in chosen:
                raise OptionError("give a spawn, or a level to follow from its start, not both")
            return _NO_SPAWN, spawn_of_level(level), HintMap(level)
        number = _NO_SPAWN
        if which == RANDOM_SPAWN:
            number = self._drawn_spawn(index)
            spawn = built_in_spawns()[number]
        else:
            spawn = which if isinstance(which, Spawn) else find_spawn(which)
            names = [s.name for s in built_in_spawns()]
            number = names.index(spawn.name) if spawn.name in names else _NO_SPAWN
        return number, spawn, HintMap(spawn.level()) if hint else None

    def _drawn_spawn(self, index: int) -> int:
        episode = int(self._next_episode[index])
        stream = np.random.Philox(
            key=[int(self.dreamer.seeds[index]), _SPAWN_STREAM], counter=[0, 0, 0, episode]
        )
        return int(stream.random_raw()) % len(built_in_spawns())

    def _own_spawn(self, chosen: dict[str, Any]) -> Spawn:
        if "spawn" in chosen:
            raise OptionError("give frames or a spawn, not both")
        height, width, _ = self.config.shape
        try:
            frames = np.asarray(chosen["frames"])
        except ValueError:  # numpy's, of pictures of different sizes
            raise OptionError(
                f"frames must be {CONTEXT} pictures of {width}x{height} px, got several sizes"
            ) from None
        if frames.shape != (CONTEXT, height, width, 3) or frames.dtype != np.uint8:
            raise OptionError(
                f"frames must be {CONTEXT} pictures of {width}x{height} px, uint8 of shape "
                f"{(CONTEXT, height, width, 3)}, got {frames.dtype} of shape {frames.shape}"
            )
        for number, frame in enumerate(frames):
            checked_frame(frame, height, width, f"frame {number}")
        actions = chosen.get("actions", (0,) * (CONTEXT - 1))
        keys = _keys_of_actions(self.options, actions)
        if (height, width) == (SPAWN_HEIGHT, SPAWN_WIDTH):
            return Spawn("frames", frames, keys)
        return _SizedSpawn("frames", resized(frames, SPAWN_HEIGHT, SPAWN_WIDTH), keys, frames)

    def step(self, keys: NDArray[np.uint8], rows: NDArray[np.integer]) -> None:
        """One step of the dreams `rows`; `keys` has the button bits of each of them."""
        _, outcome = self.dreamer.step(keys, rows)
        self.rewards[rows] = outcome.reward
        done = outcome.p_done >= self._threshold
        late = self.dreamer.times[rows] >= self.options.last_step
        self.codes[rows] = np.where(done, TERMINATED, np.where(late, TRUNCATED, 0))
        told = {**outcome._asdict(), "step": self.dreamer.times[rows]}
        told |= {"move_x": outcome.move[:, 0], "move_y": outcome.move[:, 1]}
        told["scroll"] = outcome.move[:, 2]
        for key in INFO_KEYS:
            if key in told:
                self.infos[key][rows] = told[key]

    def picture(self, index: int) -> NDArray[np.uint8]:
        """The last frame, enlarged by whole pixels."""
        scale = self.options.upscale
        return self.dreamer.frames[index, -1].repeat(scale, 0).repeat(scale, 1)

    # --- states ---------------------------------------------------------------------------------

    def state(self, index: int) -> bytes:
        """Dream `index` as bytes: its past, its random stream, its level."""
        dreamer = self.dreamer
        hint = dreamer.maps[index]
        level = b"" if hint is None else hint.level.to_bytes()
        head = {
            "model": self.config.name,
            "shape": list(self.config.shape),
            "seed": int(dreamer.seeds[index]),
            "episode": int(dreamer.episodes[index]),
            "next": int(self._next_episode[index]),
            "time": int(dreamer.times[index]),
            "camera": int(dreamer.cameras[index]),
            "code": int(self.codes[index]),
            "reward": float(self.rewards[index]),
            "infos": {key: self.infos[key][index].item() for key in INFO_KEYS},
            "memory": dreamer.memory[index].tolist(),
            "level": len(level),
        }
        text = json.dumps(head, sort_keys=True).encode()
        pictures = dreamer.frames[index].tobytes() + dreamer.scenery[index].tobytes()
        body = pictures + dreamer.keys[index].tobytes() + level
        packed = zlib.compress(len(text).to_bytes(4, "little") + text + body, 1)
        check = zlib.crc32(packed).to_bytes(4, "little")
        return _MAGIC + _VERSION.to_bytes(2, "little") + check + packed

    def load_states(self, states: dict[int, bytes]) -> None:
        """Take up saved dreams, by index.

        Raises:
            StateError: If one does not fit; no dream is changed then.
        """
        read = {index: self._read(data) for index, data in states.items()}
        dreamer = self.dreamer
        for index, (head, pictures, keys, hint) in read.items():
            dreamer.frames[index] = pictures[:CONTEXT]
            dreamer.scenery[index] = pictures[CONTEXT]
            dreamer.keys[index] = keys
            dreamer.memory[index] = head["memory"]
            dreamer.maps[index] = hint
            dreamer.seeds[index] = head["seed"]
            dreamer.episodes[index] = head["episode"]
            self._next_episode[index] = head["next"]
            dreamer.times[index] = head["time"]
            dreamer.cameras[index] = head["camera"]
            self.codes[index] = head["code"]
            self.rewards[index] = head["reward"]
            self.started[index] = True
            for key in INFO_KEYS:
                self.infos[key][index] = head["infos"][key]

    def _read(self, data: bytes) -> tuple[dict[str, Any], NDArray, NDArray, HintMap | None]:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise StateError(f"a state is bytes, as get_state returns, got {type(data).__name__}")
        data = bytes(data)
        if len(data) < _HEADER_BYTES or data[:4] != _MAGIC:
            raise StateError(f"not a state of a dream: expected bytes that start with {_MAGIC!r}")
        version = int.from_bytes(data[4:6], "little")
        if version != _VERSION:
            raise StateError(
                f"a state of version {version}; "
                f"this program reads version {_VERSION}; "
                "install the release that wrote it"
            )
        packed = data[_HEADER_BYTES:]
        if zlib.crc32(packed) != int.from_bytes(data[6:10], "little"):
            raise StateError(
                "the state is damaged: its checksum does not match; take another copy of it"
            )
        try:
            raw = zlib.decompressobj().decompress(packed, _MAX_STATE_BYTES)
            size = int.from_bytes(raw[:4], "little")
            head = json.loads(raw[4 : 4 + size])
            body = raw[4 + size :]
            shape = (CONTEXT + 1, *self.config.shape)
            if tuple(head["shape"]) != self.config.shape:
                raise StateError(
                    f"the state is of frames {head['shape']}, the model dreams {self.config.shape}"
                )
            pixels = int(np.prod(shape))
            pictures = np.frombuffer(body[:pixels], np.uint8).reshape(shape)
            keys = np.frombuffer(body[pixels : pixels + CONTEXT - 1], np.uint8)
            level = body[pixels + CONTEXT - 1 :]
            if len(level) != head["level"]:
                raise StateError("the state's parts have other sizes than it says")
            hint = None
            if level:
                from gym_mario_suite.levels.level import Level

                hint = HintMap(Level.from_bytes(level))
            return head, pictures, keys, hint
        except StateError:
            raise
        except (zlib.error, ValueError, KeyError, TypeError) as error:
            raise StateError(f"the state cannot be read: {error}") from error


class _SizedSpawn(Spawn):
    """A spawn that was given at the model's own size."""

    def __init__(self, name: str, frames: Any, keys: Any, own: Any) -> None:
        super().__init__(name, frames, keys)
        object.__setattr__(self, "_own", own)

    def sized(self, height: int, width: int) -> Any:
        """The frames as they were given."""
        return self._own  # type: ignore[attr-defined]


def _keys_of_actions(options: DreamOptions, actions: Any) -> NDArray[np.uint8]:
    try:
        given = list(actions)
    except TypeError:
        given = []
    if len(given) != CONTEXT - 1:
        raise OptionError(
            f"actions must be the {CONTEXT - 1} actions between the frames, got {actions!r}"
        )
    reader = ActionReader(options.action_set)
    return np.array([reader.one(action) for action in given], np.uint8)
