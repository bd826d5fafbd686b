"""Replays of the NES: a run as its ROM's hash, its stage, its buttons, and hashes that prove it.

No byte of the ROM is in one; who plays it needs the same ROM and the same emulator. Hashes of the
RAM after every 64 frames and after the last form a chain that begins with ROM and stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.replay_file import TICKS_PER_HASH, ReplayFile, hash_count
from gym_mario_suite.datasets.state_hash import HASH_BYTES
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError, ReplayError, ReplayMismatch, as_switch
from gym_mario_suite.nes.backend import BACKENDS, Backend, Watch, open_backend
from gym_mario_suite.nes.game import Start
from gym_mario_suite.nes.rom_store import find_rom_by_hash
from gym_mario_suite.nes.run import Run, Stage, parse_stage
from gym_mario_suite.nes.smb import ALL_STAGES

_PAUSE_BUTTONS = 4 | 8  # SELECT and START are no buttons of a run.


@dataclass(frozen=True, kw_only=True)
class NESReplay(ReplayFile):
    """A run that can be played again.

    Attributes:
        rom: SHA-1 of the ROM's program and pictures.
        backend: Name of the emulator.
        version: Its version; others may play the run differently, which the hashes show.
        stage: The stage; None for the whole game.
        keys: Button bits of each frame of the run (scenes are none, unless they were played).
        hashes: `next_nes_hash` after every 64 frames and after the last, a chain from
            `first_nes_hash` on.
        metadata: Whatever else is known, JSON-able: who played, for example.
        skip_scenes: Whether scenes were passed over, see `Run`.

    Raises:
        ReplayError: For parts that do not fit together.
    """

    magic: ClassVar[bytes] = b"GMNR"
    format_version: ClassVar[int] = 1
    tick_name: ClassVar[str] = "frames"

    rom: str
    backend: str
    version: str
    stage: Stage | None
    skip_scenes: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.skip_scenes, bool):
            raise ReplayError(f"skip_scenes must be True or False, got {self.skip_scenes!r}")
        if self.stage is not None and self.stage not in ALL_STAGES:
            raise ReplayError(
                f"stage must be None or (world, stage), (1, 1) to (8, 4), got {self.stage!r}"
            )
        if any(keys & _PAUSE_BUTTONS for keys in self.keys):
            raise ReplayError("SELECT and START are no buttons of a run")
        super().__post_init__()

    def _own_contents(self) -> tuple[dict[str, Any], list[bytes]]:
        head: dict[str, Any] = {
            "rom": self.rom,
            "backend": self.backend,
            "version": self.version,
            "stage": stage_name(self.stage),
        }
        if not self.skip_scenes:
            head["skip_scenes"] = False
        return head, []

    @classmethod
    def _of_contents(cls, head: dict[str, Any], parts: list[bytes], **common: Any) -> Self:
        if parts:
            raise ValueError(f"{len(parts)} parts too many")
        texts = {name: head[name] for name in ("rom", "backend", "version")}
        if not all(isinstance(text, str) for text in texts.values()):
            raise TypeError("rom, backend and version must be text")
        return cls(
            **texts,
            stage=None if head["stage"] is None else parse_stage(head["stage"]),
            skip_scenes=as_switch("skip_scenes", head.get("skip_scenes", True)),
            **common,
        )


class RecordedRun(Run):
    """A run that remembers how it was played. `begin` and `resume` begin a new recording.

    What is interrupted between a frame and the end of its `settle` is in no replay, nor is what is
    played after that: how far the console has come in it is not known.
    """

    def __init__(self, backend: Backend, skip_scenes: bool = True) -> None:
        super().__init__(backend, skip_scenes)
        self._keys = bytearray()
        self._hashes: list[bytes] = []
        self._from_start = False
        # How many frames have been settled, and the RAM after the last of them.
        self._settled = 0
        self._settled_ram = b""
        self._torn = False

    def begin(self, stage: Stage | None, x_px: int | None = None) -> Start:
        """Begin a run, and its recording."""
        start = super().begin(stage, x_px)
        self._keys.clear()
        self._hashes.clear()
        self._from_start = x_px is None
        self._torn = False
        self._note()
        return start

    def resume(self, console: bytes, stage: Stage | None) -> None:
        """Go on from a saved state: there is no replay of that."""
        super().resume(console, stage)
        self._from_start = False

    def frame(self, buttons: int) -> None:
        """Play a frame and record it.

        Raises:
            OptionError: For START or SELECT.
        """
        self._record(buttons)
        super().frame(buttons)

    def series(self, buttons: int, most: int, watch: Watch) -> NDArray[np.uint8]:
        """Play a single frame and record it: `settle` may be due for its hash.

        Raises:
            OptionError: For START or SELECT.
        """
        self._record(buttons)
        return super().series(buttons, 1, watch)

    def settle(self) -> bool:
        """See what has come of the frame, as a `Run` does; with that it is recorded."""
        passed = super().settle()
        self._note()
        return passed

    def unfold(self) -> Iterator[None]:
        """The same frame by frame."""
        yield from super().unfold()
        self._note()

    def _note(self) -> None:
        if self.frames == len(self._keys) and not self._torn:
            self._settled, self._settled_ram = len(self._keys), bytes(self.ram)

    def _record(self, buttons: int) -> None:
        if buttons & _PAUSE_BUTTONS or not 0 <= buttons < 256:
            raise OptionError(f"buttons must be bits of the pad but START and SELECT: {buttons}")
        self._torn |= len(self._keys) > self._settled
        if self._torn:
            return
        if len(self._keys) == TICKS_PER_HASH * (len(self._hashes) + 1):
            self._hashes.append(self._next_hash())
        self._keys.append(buttons)

    def replay(self, metadata: Mapping[str, Any] | None = None) -> NESReplay:
        """What was played since the start, after `settle`; the run can go on.

        Raises:
            ReplayError: For a run that was resumed from a saved state.
        """
        if not self._from_start:
            raise ReplayError("only runs from the start of a stage or of the game have a replay")
        hashes = list(self._hashes)
        if len(hashes) < hash_count(self._settled):
            hashes.append(self._next_hash())
        backend = self.game.backend
        return NESReplay(
            rom=backend.rom.sha1,
            backend=backend.name,
            version=backend.version,
            stage=self.stage,
            keys=bytes(self._keys[: self._settled]),
            hashes=tuple(hashes),
            metadata=metadata or {},
            skip_scenes=self.skip_scenes,
        )

    def _next_hash(self) -> bytes:
        rom = self.game.backend.rom.sha1
        previous = self._hashes[-1] if self._hashes else first_nes_hash(rom, self.stage)
        keys = self._keys[TICKS_PER_HASH * len(self._hashes) : self._settled]
        return next_nes_hash(previous, bytes(keys), self._settled_ram)


def first_nes_hash(rom: str, stage: Stage | None) -> bytes:
    """The beginning of a replay's chain of hashes."""
    return blake2b(f"{rom} {stage_name(stage)}".encode(), digest_size=HASH_BYTES).digest()


def next_nes_hash(previous: bytes, keys: bytes, ram: bytes | bytearray) -> bytes:
    """The next link of a replay's chain of hashes.

    Args:
        previous: The link before.
        keys: Button bits of the frames since then.
        ram: The RAM after them, when scenes have passed.
    """
    return blake2b(previous + keys + ram, digest_size=HASH_BYTES).digest()


def play_nes(replay: NESReplay, run: Run | None = None) -> Iterator[Run]:
    """Play a replay: the run after each frame (one and the same object).

    Args:
        replay: The replay.
        run: The run to play it in, which is begun; by default one in a console of its own.

    Raises:
        RomError: When the replay's ROM is not found.
        BackendError: When no emulator has the ROM's cartridge.
        ReplayMismatch: As soon as the run is seen to differ from what was recorded.
    """
    own = run is None
    run = open_run(replay) if run is None else run
    try:
        run.skip_scenes = replay.skip_scenes
        run.begin(replay.stage)
        if not replay.keys:
            _check(replay, 0, run)
        for number, keys in enumerate(replay.keys, 1):
            if run.status != Status.RUNNING:
                raise ReplayMismatch(
                    f"the run ends with frame {number - 1}, but the replay goes on to "
                    f"frame {replay.ticks}{_other_version(replay, run)}",
                    number - 1,
                )
            run.frame(keys)
            run.settle()
            if number % TICKS_PER_HASH == 0 or number == replay.ticks:
                _check(replay, number, run)
            yield run
    finally:
        if own:
            run.game.backend.close()


def open_run(replay: NESReplay) -> Run:
    """A run in a console with the replay's ROM and emulator.

    Where that emulator is not installed, it is played on the built-in one: RAM is equal to that of
    FCEUmm, nearly to that of nes-py, and the hashes tell.

    Raises:
        RomError: When the ROM is not found.
        OptionError: For an emulator that there is not.
        BackendError: When no emulator has the ROM's cartridge.
    """
    rom = find_rom_by_hash(replay.rom)
    row = BACKENDS.get(replay.backend)
    missing = row is not None and not row.installed
    return Run(open_backend(rom, "auto" if missing else replay.backend))


def verify_nes(replay: NESReplay) -> Run:
    """Play a replay to its end.

    Returns:
        The run as it ended; its console is closed.

    Raises:
        MarioError: As of `play_nes`.
    """
    run = open_run(replay)
    try:
        for _ in play_nes(replay, run):
            pass
    finally:
        run.game.backend.close()
    return run


def stage_name(stage: Stage | None) -> str | None:
    """A stage as it is displayed; None for the whole game."""
    return None if stage is None else f"{stage[0]}-{stage[1]}"


def _check(replay: NESReplay, frame: int, run: Run) -> None:
    """Compare the hash that is due after `frame`."""
    index = max(0, frame - 1) // TICKS_PER_HASH
    first = index * TICKS_PER_HASH
    previous = replay.hashes[index - 1] if index else first_nes_hash(replay.rom, replay.stage)
    if next_nes_hash(previous, replay.keys[first:frame], run.ram) != replay.hashes[index]:
        place = f"within frames {first + 1} to {frame}" if frame else "at its start"
        raise ReplayMismatch(
            f"the run takes another course {place}: its buttons or the emulator are not those of "
            f"the recording{_other_version(replay, run)}",
            frame,
        )


def _other_version(replay: NESReplay, run: Run) -> str:
    backend = run.game.backend
    if (backend.name, backend.version) == (replay.backend, replay.version):
        return ""
    recorded, here = f"{replay.backend} {replay.version}", f"{backend.name} {backend.version}"
    return f" (recorded with {recorded}, this is {here})"
