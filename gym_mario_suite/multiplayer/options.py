"""Options of the environments with several players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import MAX_PLAYERS, Rivalry
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.errors import as_choice, as_integer, as_switch, as_weights
from gym_mario_suite.levels.generate import DEFAULT_LENGTH
from gym_mario_suite.levels.level import Level
from gym_mario_suite.multiplayer.party import PARTY_CONFIG, PARTY_TERMS, Share

_MOST_CYCLES = 1 << 40


@dataclass(frozen=True)
class Contest:
    """What the players play for.

    Attributes:
        name: Name of the contest.
        weights: Weights of the reward's terms.
        share: How what the players do becomes the reward of each.
        first_wins: Whether the game is over when one has reached the exit.
        rivalry: What players do to each other, unless the options say otherwise.
    """

    name: str
    weights: Mapping[str, float]
    share: Share
    first_wins: bool = False
    rivalry: str = "none"


# Distance is measured in px, coins in coins, win and death as 1 when they happen.
CONTESTS: dict[str, Contest] = {
    contest.name: contest
    for contest in (
        # All shall reach the exit: everybody gets the mean of all.
        Contest("coop", {"distance": 1 / 16, "win": 20.0, "death": -20.0}, Share.TEAM),
        # One's own less the mean of the rivals: the rewards of all players add up to zero.
        Contest(
            "race",
            {"distance": 1 / 16, "win": 50.0, "death": -20.0},
            Share.RIVALS,
            first_wins=True,
            rivalry="push",
        ),
        Contest("coins", {"coins": 1.0}, Share.RIVALS, rivalry="push"),
    )
}


@dataclass(frozen=True, kw_only=True)
class PartyOptions:
    """What an environment with several players is made with.

    Those that are not named here are those of `MarioInfinite-v0`.

    Attributes:
        contest: "coop", "race" or "coins".
        players: How many, 1 to 4.
        ghosts: Everybody plays the level alone and sees the others pass through.
        rivalry: "none" (players pass through each other), "push", or "stomp"; None for what is
            usual in the contest.
        reward: Weights of the terms distance (px), coins, win and death; None for the contest's.
        share: "own", "team" or "rivals"; None for the contest's.
        max_cycles: Steps after which a game is cut off; None for no limit but the level's clock.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
    """

    contest: str = "coop"
    players: int = 2
    ghosts: bool = False
    rivalry: str | None = None
    reward: Mapping[str, float] | None = None
    share: str | None = None
    max_cycles: int | None = None
    obs: str = "grid"
    actions: str = "complex"
    level: Level | str | Path | None = None
    level_seed: int | tuple[int, int] | None = None
    difficulty: int = 0
    level_type: int | str = 0
    length: int = DEFAULT_LENGTH
    time_limit: int = 200
    mode: int | str | None = None
    frame_skip: int = 1
    z_level: int = 1
    z_enemies: int = 0
    hud: bool = True
    invulnerable: bool = False
    infinite: InfiniteOptions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        as_choice("contest", self.contest, CONTESTS)
        as_integer("players", self.players, 1, MAX_PLAYERS)
        as_switch("ghosts", self.ghosts)
        alone = InfiniteOptions(
            obs=self.obs,
            actions=self.actions,
            level=self.level,
            level_seed=self.level_seed,
            difficulty=self.difficulty,
            level_type=self.level_type,
            length=self.length,
            time_limit=self.time_limit,
            mode=self.mode,
            frame_skip=self.frame_skip,
            z_level=self.z_level,
            z_enemies=self.z_enemies,
            hud=self.hud,
            invulnerable=self.invulnerable,
        )
        object.__setattr__(self, "infinite", alone)
        # Making the record checks the rest.
        self.config()

    def config(self) -> NDArray[np.void]:
        """The compiled code's configuration, PARTY_CONFIG[1]."""
        contest = CONTESTS[self.contest]
        alone = self.infinite.config()[0]
        config = np.zeros(1, PARTY_CONFIG)
        row = config[0]
        for name in ("frame_skip", "mode", "time_limit", "switches"):
            row[name] = alone[name]
        if self.max_cycles is not None:
            row["max_cycles"] = as_integer("max_cycles", self.max_cycles, 1, _MOST_CYCLES)
        rivalry = contest.rivalry if self.rivalry is None else self.rivalry
        row["rivalry"] = _member("rivalry", Rivalry, rivalry)
        share = contest.share.name.lower() if self.share is None else self.share
        row["share"] = _member("share", Share, share)
        row["first_wins"] = contest.first_wins
        weights = as_weights(contest.weights if self.reward is None else self.reward, PARTY_TERMS)
        row["weights"] = [weights.get(term, 0.0) for term in PARTY_TERMS]
        return config


def _member(name: str, kinds: Any, value: object) -> int:
    """The number of one of an enum's names, in lower case."""
    names = {member.name.lower(): int(member) for member in kinds}
    return names[as_choice(name, value, names)]
