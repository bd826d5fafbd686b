"""Rows of a vector of NES games, and who plays them: this thread, other threads, other processes.

The arrays are the same in all three cases: with processes they lie in shared memory. What is done
is told by the name of a method of `NESRows`; so the cases differ only in how the call travels.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import signal
import traceback
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.envs.nes_episode import TELEMETRY, NESEpisode
from gym_mario_suite.envs.nes_options import OBSERVATIONS, NESOptions
from gym_mario_suite.errors import MarioError
from gym_mario_suite.nes.backend import BackendError, open_backend
from gym_mario_suite.nes.rewards import TERMS
from gym_mario_suite.nes.rom import Rom
from gym_mario_suite.nes.run import Stage

Arrays = dict[str, NDArray[Any]]


def _layout(options: NESOptions, count: int) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and dtype of every array of `count` games."""
    _, _, shape, dtype = OBSERVATIONS[options.obs]
    return {
        "observations": ((count, *shape), dtype),
        "rewards": ((count,), np.float64),
        "terms": ((count, len(TERMS)), np.float64),
        "distance": ((count,), np.float64),
        "counts": ((count, len(TELEMETRY)), np.int64),
        "codes": ((count,), np.uint8),
    }


def _arrays_in(memory: Any, options: NESOptions, count: int) -> Arrays:
    """The arrays as views of a block of memory."""
    arrays = {}
    start = 0
    for name, (shape, dtype) in _layout(options, count).items():
        size = int(np.prod(shape))
        arrays[name] = np.frombuffer(memory, dtype, size, start).reshape(shape)
        # Every array begins at a multiple of 64 bytes.
        start += -(-size * np.dtype(dtype).itemsize // 64) * 64
    return arrays


def _bytes_of(options: NESOptions, count: int) -> int:
    return sum(
        -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // 64) * 64
        for shape, dtype in _layout(options, count).values()
    )


class NESRows:
    """The games `first` .. `end` - 1 of a vector.

    Args:
        options: The environments' options.
        rom: The game.
        arrays: Of the whole vector.
        first: First game.
        end: One past the last.
    """

    def __init__(self, options: NESOptions, rom: Rom, arrays: Arrays, first: int, end: int) -> None:
        self._arrays = {name: array[first:end] for name, array in arrays.items()}
        self._first = first
        self._episodes = [
            NESEpisode(options, open_backend(rom, options.backend)) for _ in range(first, end)
        ]

    def seed(self, streams: Sequence[int | None]) -> None:
        """Set the random streams; None leaves one as it is."""
        for episode, stream in zip(self._episodes, self._mine(streams), strict=True):
            if stream is not None:
                episode.stream = stream

    def reset(
        self,
        mask: NDArray[np.bool_],
        stages: Sequence[str | None],
        starts_px: Sequence[int | None],
    ) -> None:
        """Begin an episode where the mask is set, of a stage and at an x where these are named."""
        mine = zip(self._mine(mask), self._mine(stages), self._mine(starts_px), strict=True)
        for i, (wanted, stage, x_px) in enumerate(mine):
            if wanted:
                self._episodes[i].reset(stage, x_px)
                self._write(i)

    def step(self, buttons: NDArray[np.uint8], active: NDArray[np.bool_]) -> None:
        """Step the games of `active`; one that has ended is reset instead."""
        mine = zip(self._mine(buttons).tolist(), self._mine(active).tolist(), strict=True)
        for i, (held, played) in enumerate(mine):
            if not played:
                self._arrays["rewards"][i] = 0.0
                self._arrays["terms"][i] = 0.0
                continue
            episode = self._episodes[i]
            if episode.code:
                episode.reset()
            else:
                episode.step(held)
            self._write(i)

    def stages(self) -> list[Stage | None]:
        """In which stage every game's run began; None for the whole game."""
        return [episode.run.stage for episode in self._episodes]

    def states(self) -> list[bytes]:
        """Every game as bytes."""
        return [episode.state() for episode in self._episodes]

    def check_states(self, states: dict[int, bytes]) -> None:
        """Whether `load` would take them: raises what it would raise."""
        for index, state in states.items():
            if self._first <= index < self._first + len(self._episodes):
                self._episodes[index - self._first].check_state(state)

    def load(self, states: dict[int, bytes]) -> None:
        """Take up saved games."""
        for index, state in states.items():
            if self._first <= index < self._first + len(self._episodes):
                self._episodes[index - self._first].load(state)
                self._write(index - self._first)

    def pictures(self) -> list[NDArray[np.uint8]]:
        """The screens."""
        return [episode.picture().copy() for episode in self._episodes]

    def close(self) -> None:
        """Switch the consoles off."""
        for episode in self._episodes:
            episode.backend.close()

    def _mine(self, values: Any) -> Any:
        return values[self._first : self._first + len(self._episodes)]

    def _write(self, i: int) -> None:
        episode, arrays = self._episodes[i], self._arrays
        episode.observe(arrays["observations"][i])
        arrays["rewards"][i] = episode.reward
        arrays["terms"][i] = episode.terms
        arrays["distance"][i] = episode.distance()
        arrays["counts"][i] = episode.counts()
        arrays["codes"][i] = episode.code


class Player(Protocol):
    """Somebody who plays rows."""

    def tell(self, method: str, *arguments: Any) -> None:
        """Have a method of `NESRows` called."""
        ...

    def answer(self) -> Any:
        """Wait for what it returns; raises what it raises."""
        ...

    def close(self) -> None:
        """Switch the consoles off."""
        ...


class LocalPlayer:
    """Plays in the thread that asks, or on a thread of its own."""

    def __init__(self, rows: NESRows, own_thread: bool) -> None:
        self._rows = rows
        self._pool = ThreadPoolExecutor(1, "mario-nes") if own_thread else None
        self._future: Future[Any] = Future()

    def tell(self, method: str, *arguments: Any) -> None:
        """Call the method, or have the thread call it."""
        call = getattr(self._rows, method)
        if self._pool is not None:
            self._future = self._pool.submit(call, *arguments)
            return
        self._future = Future()
        try:
            self._future.set_result(call(*arguments))
        except Exception as error:
            self._future.set_exception(error)

    def answer(self) -> Any:
        """What it returned."""
        return self._future.result()

    def close(self) -> None:
        """Switch the consoles off."""
        if self._pool is not None:
            self._pool.shutdown()
        self._rows.close()


class ProcessPlayer:
    """Plays in a process of its own."""

    def __init__(
        self, options: NESOptions, rom: Rom, memory: Any, count: int, first: int, end: int
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve,
            args=(theirs, options, rom, memory, count, first, end),
            name="mario-nes",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        # Answers to come, the first when it is ready. An interrupted wait leaves some behind.
        self._due = 1

    def tell(self, method: str, *arguments: Any) -> None:
        """Send the call."""
        try:
            self._pipe.send((method, arguments))
        except OSError:
            raise MarioError("a worker process of the NES environments has died") from None
        self._due += 1

    def answer(self) -> Any:
        """Wait for the process's answer to what it was told last."""
        error: Exception | None = None
        value: Any = None
        try:
            while self._due:
                error, value = self._pipe.recv()
                self._due -= 1
        except (EOFError, OSError):
            raise MarioError("a worker process of the NES environments has died") from None
        if error is not None:
            raise error
        return value

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._process.join(5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        self._pipe.close()


def _serve(
    pipe: Any, options: NESOptions, rom: Rom, memory: Any, count: int, first: int, end: int
) -> None:
    """The worker process: make the rows, then do what is told until None comes."""
    try:
        # Ctrl-C reaches all processes of a terminal; this one ends with its pipe, when nothing more
        # is asked of it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        rows = NESRows(options, rom, _arrays_in(memory, options, count), first, end)
        pipe.send((None, None))
    except Exception as error:
        pipe.send((_sendable(error), None))
        return
    try:
        while (told := pipe.recv()) is not None:
            method, arguments = told
            try:
                pipe.send((None, getattr(rows, method)(*arguments)))
            except Exception as error:
                pipe.send((_sendable(error), None))
    except EOFError:
        pass
    finally:
        rows.close()


def _sendable(error: Exception) -> Exception:
    """Errors of this package travel as they are, others as text with their traceback."""
    if isinstance(error, MarioError):
        return error
    return RuntimeError("".join(traceback.format_exception(error)))


class Crew:
    """All the players of a vector, and its arrays.

    Args:
        options: The environments' options.
        rom: The game.
        count: Games.
        workers: Players to share them.
        threads: Whether the players are threads of this process, for emulators that can.
    """

    def __init__(
        self, options: NESOptions, rom: Rom, count: int, workers: int, threads: bool
    ) -> None:
        bounds = np.linspace(0, count, min(workers, count) + 1).round().astype(int).tolist()
        shares = list(itertools.pairwise(bounds))
        self._players: list[Player] = []
        size = _bytes_of(options, count)
        if len(shares) == 1 or threads:
            self.arrays = _arrays_in(bytearray(size), options, count)
            for first, end in shares:
                rows = NESRows(options, rom, self.arrays, first, end)
                self._players.append(LocalPlayer(rows, len(shares) > 1))
        else:
            memory = multiprocessing.get_context("spawn").RawArray("b", size)
            self.arrays = _arrays_in(memory, options, count)
            for first, end in shares:
                self._players.append(ProcessPlayer(options, rom, memory, count, first, end))
            try:
                self._answers()
            except BaseException:
                self.close()
                raise

    def call(self, method: str, *arguments: Any) -> list[Any]:
        """Have every player call a method of its rows, at once; what they return.

        Raises:
            Exception: The first that one of them raises, after all have answered.
            BackendError: After `close`.
        """
        if not self._players:
            raise BackendError("these consoles have been closed; make another environment")
        for player in self._players:
            player.tell(method, *arguments)
        return self._answers()

    def close(self) -> None:
        """Switch all consoles off. Closing twice does no harm."""
        for player in self._players:
            player.close()
        self._players = []

    def _answers(self) -> list[Any]:
        answers = []
        failure: Exception | None = None
        for player in self._players:
            try:
                answers.append(player.answer())
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return answers
