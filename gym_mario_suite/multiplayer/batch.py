"""Games of several players as arrays, and the compiled functions that drive them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import world_from_bytes, world_to_bytes
from gym_mario_suite.engine.cores import CoreChooser
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.envs.batch import GameBatch
from gym_mario_suite.envs.options import check_rules
from gym_mario_suite.errors import LevelError, StateError
from gym_mario_suite.levels.level import Level
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.party import (
    GAME,
    PARTY_TELEMETRY,
    PARTY_TERMS,
    SEAT,
    start_games,
    step_games,
    write_counts,
)
from gym_mario_suite.multiplayer.views import PartyViews

if TYPE_CHECKING:
    from gym_mario_suite.multiplayer.pictures import PartyPictures

_MAGIC = b"GMSP"
_VERSION = 1
_HEADER = np.dtype(
    [
        ("magic", "S4"),
        ("version", "<u2"),
        ("players", "u1"),
        ("ghosts", "u1"),
        ("checksum", "<u4"),
        ("rng", "<u8"),
        ("level_size", "<u4"),
    ]
)


class PartyBatch:
    """Worlds, seats and levels of `count` games.

    Args:
        options: The environments' options.
        count: How many games.
        threads: Cores to step them on at most.

    Attributes:
        observations: [count, players, ...], what everybody sees.
        rewards: float64[count, players].
        terms: float64[count, players, 4], the weighted terms of the rewards.
        codes: uint8[count, players]: 1 terminated and 2 truncated, in the step in which it happens.
        counts: int64[count, players, 11], in the order of PARTY_TELEMETRY.
        memory: SEAT[count, players].
        started: bool[count].
    """

    def __init__(self, options: PartyOptions, count: int, threads: int = 1) -> None:
        self.options = options
        self.count = count
        n = self.players = options.players
        # Chooses, makes and holds the levels; the worlds it starts serve shared games.
        self.levels = GameBatch(options.infinite, count, 1)
        self.worlds = empty_worlds(count * n) if options.ghosts else self.levels.worlds
        game, seat = np.indices((count, n))
        self.seats = np.stack([game * n + seat, seat * 0] if options.ghosts else [game, seat], -1)
        self.games = np.zeros(count, GAME)
        self.memory = np.zeros((count, n), SEAT)
        self.counts = np.zeros((count, n, len(PARTY_TELEMETRY)), np.int64)
        self.terms = np.zeros((count, n, len(PARTY_TERMS)))
        self.rewards = np.zeros((count, n))
        self.codes = np.zeros((count, n), np.uint8)
        self.started = np.zeros(count, bool)
        self.views = PartyViews(options)
        space = self.views.space
        self.observations = np.zeros((count, n, *space.shape), space.dtype)
        self._configs = options.config()
        self._raw = np.zeros_like(self.terms)
        self._keys = np.zeros((count, n), np.uint8)
        self._everyone = np.ones(count, bool)
        self._cores = CoreChooser(threads)
        self._pictures: PartyPictures | None = None

    @property
    def over(self) -> NDArray[np.bool_]:
        """Games in which nobody plays any more, bool[count]."""
        return np.all(self.memory["ended"].astype(bool), axis=1)

    def reset(self, mask: NDArray[np.bool_] | None = None) -> None:
        """Begin new games where the mask is set (everywhere by default)."""
        mask = self._everyone if mask is None else mask
        self.levels.reset(mask)
        self.games["level_seed"][mask] = self.levels.episodes["level_seed"][mask]
        start_games(
            self._configs,
            self.levels.images,
            self.levels.rows,
            self.worlds,
            self.seats,
            self.games,
            self.memory,
            mask,
            self._keys,
            self.counts,
        )
        self.rewards[mask] = 0.0
        self.terms[mask] = 0.0
        self.codes[mask] = 0
        self.started |= mask
        self.observe(mask)

    def step(self, keys: NDArray[np.uint8], active: NDArray[np.bool_] | None = None) -> None:
        """One step of the games that are active (of all by default), and what is seen then.

        Args:
            keys: uint8[count, players], button bits; those of players who have ended count for
                nothing.
            active: bool[count].
        """
        active = self._everyone if active is None else active
        self._cores.run(partial(self._step_some, keys, active), self.count)

    def _step_some(
        self, keys: NDArray[np.uint8], active: NDArray[np.bool_], first: int, end: int
    ) -> None:
        step_games(
            self._configs,
            self.levels.images,
            self.levels.rows,
            self.worlds,
            self.seats,
            self.games,
            self.memory,
            active,
            keys,
            self._raw,
            self.terms,
            self.rewards,
            self.codes,
            self.counts,
            first,
            end,
        )
        self._observe_some(active, first, end)

    def observe(self, mask: NDArray[np.bool_]) -> None:
        """Write what the players of the games of the mask see."""
        self._observe_some(mask, 0, self.count)

    def _observe_some(self, mask: NDArray[np.bool_], first: int, end: int) -> None:
        self.views.write(
            self.levels.images,
            self.levels.rows,
            self.worlds,
            self.levels.themes,
            self.seats,
            self.memory,
            mask,
            first,
            end,
            self.observations,
        )

    def screens(self, game: int) -> list[NDArray[np.uint8]]:
        """The screen of every player, uint8[240, 320, 3]."""
        if self._pictures is None:
            from gym_mario_suite.multiplayer.pictures import PartyPictures

            self._pictures = PartyPictures("rgb", self.options.hud)
        pictures = self._pictures
        where = (self.levels.images, self.levels.rows, self.worlds, self.levels.themes, self.seats)
        return [pictures.one(*where, game, seat) for seat in range(self.players)]

    def state(self, game: int) -> bytes:
        """A game as bytes: its random stream, worlds, seats and level."""
        worlds = [world_to_bytes(self.worlds[at]) for at in self._worlds_of(game)]
        level = self.levels.level(game).to_bytes()
        body = self.games[game].tobytes() + self.memory[game].tobytes()
        body += b"".join(len(world).to_bytes(4, "little") + world for world in worlds) + level
        header = np.zeros((), _HEADER)
        header["magic"], header["version"] = _MAGIC, _VERSION
        header["players"], header["ghosts"] = self.players, self.options.ghosts
        header["checksum"] = zlib.crc32(body)
        header["rng"] = self.levels.episodes[game]["rng"]
        header["level_size"] = len(level)
        return header.tobytes() + body

    def load_states(self, states: Mapping[int, bytes]) -> None:
        """Take up games that `state` saved, by index.

        Raises:
            StateError: If the bytes of one are no such state, or are one of another number of
                players; nothing is changed then.
        """
        read = {game: self._read(state) for game, state in states.items()}
        for game, parts in read.items():
            self._take_up(game, *parts)
        self.observe(np.isin(np.arange(self.count), list(read)))

    def _take_up(
        self, game: int, header: Any, record: Any, memory: Any, worlds: list[Any], level: Level
    ) -> None:
        self.levels.set_levels({game: level})
        # What `set_levels` plans for the next reset is true from now on.
        self.levels.episodes[game]["seed_given"] = False
        self.levels.episodes[game]["level_ready"] = False
        self.levels.episodes[game]["rng"] = header["rng"]
        self.levels.started[game] = True
        for at, world in zip(self._worlds_of(game), worlds, strict=True):
            self.worlds[at] = world[0]
        self.games[game] = record
        self.memory[game] = memory
        self.started[game] = True
        self.rewards[game] = 0.0
        self.terms[game] = 0.0
        self.codes[game] = 0
        write_counts(self.worlds, self.seats, self.games, self.memory, game, self.counts)

    def _worlds_of(self, game: int) -> list[int]:
        at = self.seats[game, :, 0].tolist()
        return at if self.options.ghosts else at[:1]

    def _read(self, state: bytes) -> tuple[Any, Any, Any, list[Any], Level]:
        if not isinstance(state, bytes | bytearray | memoryview):
            raise StateError(f"a state is bytes, as get_state returns, got {type(state).__name__}")
        state = bytes(state)
        if len(state) < _HEADER.itemsize or state[:4] != _MAGIC:
            raise StateError(
                "not a state of a game of several players: expected bytes that start with "
                f"{_MAGIC!r}"
            )
        header = np.frombuffer(state, _HEADER, 1)[0]
        body = state[_HEADER.itemsize :]
        if header["version"] != _VERSION:
            raise StateError(
                f"a state of version {header['version']}; this program reads version {_VERSION}; "
                "install the release that wrote it"
            )
        if zlib.crc32(body) != header["checksum"]:
            raise StateError(
                "the state is damaged: its checksum does not match; take another copy of it"
            )
        if header["players"] != self.players:
            raise StateError(
                f"the state is that of a game of {header['players']} players, this environment "
                f"has {self.players}"
            )
        if bool(header["ghosts"]) != self.options.ghosts:
            raise StateError(
                "of the state and this environment one shares a world and the other has ghosts"
            )
        at_worlds = GAME.itemsize + SEAT.itemsize * self.players
        at_level = len(body) - int(header["level_size"])
        if not at_worlds <= at_level:
            raise StateError("the state is cut short")
        record = np.frombuffer(body, GAME, 1)[0]
        memory = np.frombuffer(body[GAME.itemsize : at_worlds], SEAT)
        try:
            level = Level.from_bytes(body[at_level:])
            check_rules(level, self.levels.options.rule_set)
        except LevelError as error:
            raise StateError(f"the state's level cannot be read: {error}") from error
        worlds = []
        at = at_worlds
        while at < at_level:
            size = int.from_bytes(body[at : at + 4], "little")
            worlds.append(world_from_bytes(body[at + 4 : at + 4 + size], level.image))
            at += 4 + size
        players = 1 if self.options.ghosts else self.players
        if len(worlds) != len(self._worlds_of(0)) or any(
            world[0]["n_players"] != players for world in worlds
        ):
            raise StateError("the state's worlds have another number of players")
        return header, record, memory, worlds, level
