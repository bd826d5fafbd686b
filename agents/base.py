"""What an agent is, and what it may ask of the game it plays."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.level_image import LevelImage
from gym_mario_suite.engine.world import Mode, Worlds
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes.run import Run


class GameView(Protocol):
    """The queries of the 2009 competition's agent interface.

    All of them describe the world after the last tick, and none changes it. An `engine.game.Game`
    has them; an agent that keeps to this list knows no more than an entrant of 2009 did. Grids
    have 22 rows and 22 columns, rows first, with Mario at row 11, column 11; `z` is the level of
    detail, from 0 (everything) to 2 (solid or not).
    """

    def level_grid(self, z: int = 1) -> NDArray[np.int8]:
        """Tiles around Mario, int8[22, 22]."""
        ...

    def enemies_grid(self, z: int = 0) -> NDArray[np.int8]:
        """Sprites around Mario, int8[22, 22]."""
        ...

    def merged_grid(self, z_level: int = 1, z_enemies: int = 0) -> NDArray[np.int8]:
        """Tiles with the sprites over them, int8[22, 22]."""
        ...

    def enemy_floats(self) -> NDArray[np.float32]:
        """Kind, x and y (px) of each creature, shell and mushroom: float32[n, 3]."""
        ...

    def level_bitmap(self) -> NDArray[np.uint16]:
        """The level grid at Z = 1 as bits, uint16[31]."""
        ...

    @property
    def x(self) -> np.float32:
        """Mario's x in px."""
        ...

    @property
    def y(self) -> np.float32:
        """Mario's y in px, downward."""
        ...

    @property
    def on_ground(self) -> bool:
        """Whether the last tick ended on the ground."""
        ...

    @property
    def may_jump(self) -> bool:
        """Whether JUMP would start a jump."""
        ...

    @property
    def carrying(self) -> bool:
        """Whether Mario carries a shell."""
        ...

    @property
    def mode(self) -> Mode:
        """Mario's power state."""
        ...

    @property
    def kills(self) -> int:
        """The competition's count of kills."""
        ...


class Agent(Protocol):
    """Something that plays: it is asked for the buttons of the next tick after each tick.

    One agent object plays many levels in turn. `reset` is called before each of them (twice in a
    competition); what it leaves alone is carried from level to level.

    An agent may have three more attributes: `independent_levels`, True when it carries nothing from
    level to level, so that its levels may be played in parallel; `version`, a text; and `rules`,
    the names of the rule sets it plays by, for example `("competition-2009",)`: it is then refused
    on tracks of others.

    Attributes:
        name: Name in scores and messages.
    """

    name: str

    def reset(self) -> None:
        """A level is about to begin."""
        ...

    def act(self, game: GameView) -> int:
        """Buttons for the next tick: bits of `engine.world.Button`, 0 to 31."""
        ...


class NESAgent(Protocol):
    """Something that plays Super Mario Bros. on the NES: it is asked before each frame.

    One that searches may have an attribute `on_plan`, a function that it calls now and then with
    what it has found.

    Attributes:
        name: Name in replays and messages.
    """

    name: str

    def reset(self) -> None:
        """A run is about to begin."""
        ...

    def act(self, run: Run) -> int:
        """Buttons for the next frame: bits of `nes.backend.NESButton` but START and SELECT.

        It may save the state of the run's console, and must not change it.
        """
        ...


def world_of(game: Any, agent: str, purpose: str) -> tuple[LevelImage, Worlds]:
    """The level and the world of a game, for an agent that needs more than a `GameView` shows.

    Args:
        game: What the agent was given.
        agent: Its name.
        purpose: What it needs them for, "plans on the world itself" for example.

    Raises:
        OptionError: If the game does not show them.
    """
    try:
        return game.image, game.worlds
    except AttributeError:
        raise OptionError(
            f"agent {agent!r} {purpose}: it must be given an engine.game.Game, "
            f"not a {type(game).__name__}"
        ) from None
