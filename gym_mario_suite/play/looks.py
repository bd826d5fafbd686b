"""How each kind of game looks in a window: its picture, overlays, figures and end."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.nes_episode import write_tiles
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import SCREEN_SHAPE
from gym_mario_suite.nes.smb import Address
from gym_mario_suite.play.canvas import CREAM, GOLD, GREEN, RED, Canvas, Colour
from gym_mario_suite.play.nes_episodes import window_buttons
from gym_mario_suite.play.overlays import draw_grid, draw_trajectories
from gym_mario_suite.play.session import Session

_MODES = ("SMALL", "LARGE", "FIRE")
_BAR: Colour = (12, 9, 22)
_TILE_COLOURS: dict[int, Colour] = {1: (134, 200, 255), -1: (230, 63, 63), 2: CREAM}
# The NES draws 8 px more on each side than its picture here has.
_BORDER_PX = 8


class Look(Protocol):
    """What a kind of game looks like."""

    def paint(self, canvas: Canvas, session: Session) -> None:
        """Draw the game over the whole canvas, with the overlays that are on."""
        ...

    def telemetry(self, session: Session) -> list[tuple[str, str]]:
        """Names and values of what an episode came to."""
        ...

    def ending(self, session: Session) -> tuple[str, Colour]:
        """How it ended, in a word."""
        ...

    def buttons(self, session: Session) -> int:
        """The buttons that are pressed, bits of `actions.BUTTONS`."""
        ...


class InfiniteLook:
    """Infinite Mario."""

    @cached_property
    def _renderer(self) -> Renderer:
        """Made when it draws: games with pictures of their own shall not announce its compiling."""
        return Renderer()

    def paint(self, canvas: Canvas, session: Session) -> None:
        """The engine's picture."""
        game = session.game
        theme = session.episode.level.theme
        self._renderer.rgb(game.image, game.worlds, theme=theme, out=canvas.pixels)
        if session.grid:
            draw_grid(canvas, game)
        if session.trajectories:
            draw_trajectories(canvas, game, session.episode.agent)

    def telemetry(self, session: Session) -> list[tuple[str, str]]:
        """Names and values of what an episode came to."""
        game = session.episode.game
        player = game.worlds[0]["players"][0]
        return [
            ("DISTANCE", f"{int(game.x)} PX OF {16 * session.episode.level.x_exit}"),
            ("COINS", str(game.coins)),
            ("KILLS", str(game.kills)),
            ("JUMPS", str(int(player["jumps"]))),
            ("TIME LEFT", f"{game.time_left} S" if game.worlds[0]["time_limit"] else "NO LIMIT"),
            ("MARIO", _MODES[game.mode]),
        ]

    def ending(self, session: Session) -> tuple[str, Colour]:
        """How it ended, in a word."""
        return _ending(session, session.episode.game.timed_out)

    def buttons(self, session: Session) -> int:
        """The buttons that are pressed."""
        return int(session.game.worlds[0]["players"][0]["keys"])


class NESLook:
    """The NES: its picture in the middle."""

    def paint(self, canvas: Canvas, session: Session) -> None:
        """The console's picture, with bars at its sides."""
        height, width, _ = SCREEN_SHAPE
        top, left = (canvas.height_px - height) // 2, (canvas.width_px - width) // 2
        canvas.pixels[:] = _BAR
        canvas.pixels[top : top + height, left : left + width] = session.game.picture()
        if session.grid:
            screen = Canvas(canvas.pixels[top : top + height, left : left + width])
            _draw_tiles(screen, session.game.ram)

    def telemetry(self, session: Session) -> list[tuple[str, str]]:
        """Names and values of what a run came to."""
        ram = session.episode.game.final_ram
        return [
            ("WORLD", f"{ram[Address.WORLD] + 1}-{ram[Address.STAGE] + 1}"),
            ("DISTANCE", f"{smb.x_px(ram)} PX"),
            ("SCORE", str(smb.score(ram))),
            ("COINS", str(smb.coins(ram))),
            ("TIME LEFT", str(smb.clock(ram))),
            ("MARIO", _MODES[smb.mode(ram)]),
        ]

    def ending(self, session: Session) -> tuple[str, Colour]:
        """How it ended, in a word."""
        return _ending(session, smb.clock(session.episode.game.final_ram) == 0)

    def buttons(self, session: Session) -> int:
        """The buttons that are pressed."""
        return window_buttons(session.game.keys)


LOOKS: dict[str, Look] = {"infinite": InfiniteLook(), "nes": NESLook()}


def _ending(session: Session, timed_out: bool) -> tuple[str, Colour]:
    status = session.episode.game.status
    if status == Status.WIN:
        return "LEVEL CLEAR!", GREEN
    if status == Status.RUNNING:
        return "REPLAY ENDS", GOLD
    return ("TIME UP" if timed_out else "GAME OVER"), RED


def _draw_tiles(screen: Canvas, ram: smb.Ram) -> None:
    """The grid of the observation `tiles` over the console's picture."""
    tiles = np.zeros((smb.TILE_ROWS, smb.TILE_COLUMNS), np.int8)
    write_tiles(ram, tiles)
    side = smb.TILE_PX
    first_x = -_BORDER_PX - ram[Address.SCREEN_X_ON_PAGE] % side
    for row, column in np.argwhere(tiles).tolist():
        x = first_x + side * column
        y = -_BORDER_PX + smb.TILES_TOP_PX + side * row
        screen.fill(x, y, side - 1, side - 1, _TILE_COLOURS[int(tiles[row, column])], 0.5)
