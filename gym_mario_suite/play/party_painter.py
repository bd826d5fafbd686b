"""The picture of several players: a screen for each person, the scores, the cards."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX, Status
from gym_mario_suite.multiplayer.pictures import PartyPictures
from gym_mario_suite.play.canvas import (
    CREAM,
    GLYPH_PX,
    GOLD,
    GREY,
    INK,
    Canvas,
    Colour,
    Pixels,
)
from gym_mario_suite.play.party_keys import PartyKeys
from gym_mario_suite.play.party_session import PartySession, PartyState

# Of the players' clothes.
COLOURS: tuple[Colour, ...] = ((230, 63, 63), (85, 184, 63), (183, 91, 203), (47, 162, 149))
_BAR_PX = 16
_CARD_WIDTH_PX = 288
_KEYS_TOLD: tuple[tuple[str, Colour], ...] = (
    ("R AGAIN, N NEXT LEVEL, P PAUSE", GREY),
    ("F FULL SCREEN, ESC QUIT", GREY),
)


class PartyPainter:
    """Paints sessions into one picture that it keeps.

    Screens lie side by side, two in a row; below them stands the score board.

    Args:
        session: What is shown.
        keys: What the title card explains.
    """

    def __init__(self, session: PartySession, keys: PartyKeys) -> None:
        self._session = session
        self._keys = keys
        people = [seat for seat, guest in enumerate(session.guests) if guest.agent is None]
        # A person against agents gets the whole window.
        self._seats = people or list(range(len(session.guests)))
        columns = min(2, len(self._seats))
        rows = -(-len(self._seats) // columns)
        self.size_px = (columns * SCREEN_WIDTH_PX, rows * SCREEN_HEIGHT_PX + _BAR_PX)
        self._columns = columns
        self._pictures = PartyPictures("rgb", True)
        self._canvas = Canvas(np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8))

    def paint(self) -> Pixels:
        """The next frame, good until the next call."""
        session, batch = self._session, self._session.batch
        where = (
            batch.levels.images,
            batch.levels.rows,
            batch.worlds,
            batch.levels.themes,
            batch.seats,
        )
        pixels = self._canvas.pixels
        pixels[:] = INK
        for number, seat in enumerate(self._seats):
            row, column = divmod(number, self._columns)
            top, left = row * SCREEN_HEIGHT_PX, column * SCREEN_WIDTH_PX
            screen = self._pictures.one(*where, 0, seat)
            pixels[top : top + SCREEN_HEIGHT_PX, left : left + SCREEN_WIDTH_PX] = screen
            if column:
                pixels[top : top + SCREEN_HEIGHT_PX, left - 1 : left + 1] = INK
            if len(self._seats) > 1:
                self._canvas.text(left + 6, top + 20, session.guests[seat].name, COLOURS[seat])
        self._draw_board()
        if session.state is PartyState.TITLE:
            self._draw_title()
        elif session.state is PartyState.PAUSED:
            gone = [
                (f"{session.guests[seat].name}: GAMEPAD GONE", COLOURS[seat])
                for seat in sorted(session.without_gamepad)
            ]
            self._draw_card("PAUSED", [*gone, *_KEYS_TOLD, ("ENTER GOES ON", GOLD)])
        elif session.state is PartyState.OVER:
            self._draw_card(*self._result())
        return pixels

    def _draw_board(self) -> None:
        """Who has how many points, coins, and how far everybody is."""
        session = self._session
        width = self.size_px[0] // len(session.guests)
        top = self.size_px[1] - _BAR_PX
        exit_px = 16.0 * session.batch.levels.level(0).x_exit
        for seat, guest in enumerate(session.guests):
            left = seat * width
            counts, x = session.batch.counts[0, seat], session.batch.memory[0, seat]["x"]
            mark = {Status.WIN: "*", Status.DEAD: "+"}.get(Status(int(counts[0])), "")
            text = f"{guest.name[: width // GLYPH_PX - 7]}{mark} "
            end = self._canvas.text(left + 4, top + 3, text, COLOURS[seat])
            self._canvas.text(end, top + 3, str(guest.points))
            coins = str(int(counts[2]))
            self._canvas.text(left + width - GLYPH_PX * len(coins) - 4, top + 3, coins, GOLD)
            way = int((width - 8) * min(max(float(x) / exit_px, 0.0), 1.0))
            self._canvas.fill(left + 4, top + 13, width - 8, 2, GREY, 0.4)
            self._canvas.fill(left + 4, top + 13, way, 2, COLOURS[seat], 1)

    def _draw_title(self) -> None:
        lines: list[tuple[str, Colour]] = []
        for seat, guest in enumerate(self._session.guests):
            if guest.agent is not None:
                lines.append((f"{guest.name} PLAYS BY ITSELF", COLOURS[seat]))
                continue
            lines += [
                (f"{guest.name}: {text}" if not n else text, COLOURS[seat] if not n else CREAM)
                for n, text in enumerate(self._keys.told(seat))
            ]
        self._draw_card(self._session.headline, [*lines, *_KEYS_TOLD, ("ENTER STARTS", GOLD)])

    def _result(self) -> tuple[str, list[tuple[str, Colour]]]:
        session = self._session
        names = [session.guests[seat].name for seat in session.winners]
        if session.options.contest == "coop":
            headline = "ALL ARRIVED" if names else "NOT ALL ARRIVED"
        elif not names:
            headline = "NOBODY WINS"
        else:
            headline = " + ".join(names) + (" WINS" if len(names) == 1 else " TIE")
        lines: list[tuple[str, Colour]] = []
        for seat, guest in enumerate(session.guests):
            counts = session.batch.counts[0, seat]
            tiles = int(session.batch.memory[0, seat]["x"]) // 16
            ends = {Status.WIN: "ARRIVED", Status.DEAD: "LOST"}
            end = ends.get(Status(int(counts[0])), "STOPPED")
            text = f"{guest.name:<9.9} {end:<7}{tiles:>4} TILES{int(counts[2]):>4} COINS"
            lines.append((text, COLOURS[seat]))
        lines.append(("ENTER NEXT LEVEL, R AGAIN", GOLD))
        return headline, lines

    def _draw_card(self, headline: str, lines: list[tuple[str, Colour]]) -> None:
        canvas = self._canvas
        canvas.shade(0.25)
        width = min(
            max([_CARD_WIDTH_PX, *(GLYPH_PX * len(text) + 24 for text, _ in lines)]),
            canvas.width_px - 8,
        )
        height = 40 + 14 * len(lines)
        top = (canvas.height_px - _BAR_PX - height) // 2
        canvas.panel((canvas.width_px - width) // 2, top, width, height)
        scale = 2 if 2 * GLYPH_PX * len(headline) < width - 16 else 1
        canvas.centred(top + 11, headline, GOLD, scale)
        for number, (text, colour) in enumerate(lines):
            canvas.centred(top + 36 + 14 * number, text, colour)
