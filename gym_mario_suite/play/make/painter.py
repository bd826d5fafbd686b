"""The picture of the editor, and what a click at a pixel of it means."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gym_mario_suite.levels.maker.parts import PARTS
from gym_mario_suite.play.canvas import CREAM, GOLD, GREEN, GREY, INK, RED, VIOLET, Canvas, Pixels
from gym_mario_suite.play.make.board_painter import BoardPainter
from gym_mario_suite.play.make.box_painter import paint_box
from gym_mario_suite.play.make.commands import Do, Tool, label_of
from gym_mario_suite.play.make.editor import Editor
from gym_mario_suite.play.make.icons import ICON_PX, ICONS, TITLES, TOOLBAR
from gym_mario_suite.play.make.layout import Layout, Rect, laid_out
from gym_mario_suite.play.make.lettering import wrapped, write, write_cased
from gym_mario_suite.play.make.minimap import paint_minimap
from gym_mario_suite.play.make.palette import CATEGORY_NAMES, TIERS, Entry
from gym_mario_suite.play.make.pictures import TIER_COLOURS, icon, stamp

PANEL = (38, 30, 60)
LINE = (71, 64, 98)
_BUTTON_PX = 20
_ENTRY_PX = (21, 25)
_TABS = ("TER", "BLK", "PIP", "ENM", "ITM", "GAD")
_NEAR_FULL = 0.85


class Zone(NamedTuple):
    """A rectangle that can be clicked, and what it is."""

    rect: Rect
    kind: str
    value: Any
    tooltip: str


class Painter:
    """Paints editors of any size; keeps what can be clicked in the last picture.

    Attributes:
        layout: Of the last picture.
        zones: What can be clicked in it, the topmost last.
    """

    def __init__(self) -> None:
        self.layout: Layout = laid_out(640, 400)
        self.zones: list[Zone] = []
        self._board = BoardPainter()
        self._canvas = Canvas(np.zeros((1, 1, 3), np.uint8))

    def paint(
        self, editor: Editor, width: int, height: int, mouse: tuple[int, int] | None = None
    ) -> Pixels:
        """The picture, uint8[height, width, 3] (at least `layout.LEAST_PX`), until the next call.

        Args:
            editor: What is shown.
            width: Of the window, in pixels of the picture.
            height: The same.
            mouse: Where it is, for tooltips.
        """
        layout = self.layout = laid_out(width, height)
        if self._canvas.pixels.shape[:2] != (layout.height, layout.width):
            self._canvas = Canvas(np.zeros((layout.height, layout.width, 3), np.uint8))
        canvas = self._canvas
        self.zones = []
        board = layout.board
        document = editor.document
        editor.view.fit(document.width, document.height, board.width, board.height)
        self._zone(board, "board", None)
        self._board.paint(canvas.pixels[board.y : board.bottom, board.x : board.right], editor)
        self._paint_panel(editor, layout.panel)
        self._paint_verdict(editor, layout.verdict)
        pixels = canvas.pixels[
            layout.minimap.y : layout.minimap.bottom, layout.minimap.x : layout.minimap.right
        ]
        paint_minimap(pixels, editor)
        self._zone(layout.minimap, "minimap", None, "the whole course: click to go there")
        self._paint_toolbar(editor, layout.toolbar)
        self._paint_status(editor, layout.status)
        if editor.dialog is not None:
            # What lies below cannot be clicked.
            self.zones = []
            for rect, target in paint_box(canvas, editor.dialog):
                self._zone(rect, "dialog", target)
        elif mouse is not None:
            self._paint_tooltip(mouse)
        return canvas.pixels

    def zone_at(self, x: int, y: int) -> Zone | None:
        """What is at a pixel of the last picture."""
        return next((zone for zone in reversed(self.zones) if zone.rect.holds(x, y)), None)

    def _zone(self, rect: Rect, kind: str, value: Any, tooltip: str = "") -> None:
        self.zones.append(Zone(rect, kind, value, tooltip))

    # --- toolbar --------------------------------------------------------------------------------

    def _paint_toolbar(self, editor: Editor, area: Rect) -> None:
        canvas = self._canvas
        canvas.fill(area.x, area.y, area.width, area.height, PANEL, 1)
        canvas.fill(area.x, area.bottom - 1, area.width, 1, INK, 1)
        x = area.x + 3
        for does in TOOLBAR:
            if does is None:
                canvas.fill(x + 2, area.y + 5, 1, area.height - 10, LINE, 1)
                x += 6
                continue
            self._paint_button(editor, does, x, area.y + 2)
            x += _BUTTON_PX
        title = editor.title
        name = editor.document.about.name
        room = (area.right - x - 10) // 8
        if name and len(title) + len(name) + 2 <= room:
            title = f"{name}  {title}"
        title = title if len(title) <= room else f"{title[: max(0, room - 2)]}.."
        colour = GOLD if editor.document.modified else GREY
        write_cased(canvas, area.right - 6 - 8 * len(title), area.y + 8, title, colour)

    def _paint_button(self, editor: Editor, does: Tool | Do, x: int, y: int) -> None:
        canvas = self._canvas
        lit = does is editor.hand.tool or (does is Do.WAY and editor.way)
        document = editor.document
        off = (does is Do.UNDO and not document.can_undo) or (
            does is Do.REDO and not document.can_redo
        )
        if lit:
            canvas.fill(x, y + 1, _BUTTON_PX - 1, _BUTTON_PX - 2, GOLD, 1)
            canvas.fill(x + 1, y, _BUTTON_PX - 3, _BUTTON_PX, GOLD, 1)
        colour = INK if lit else LINE if off else GREEN if does is Do.PLAY else CREAM
        shown = ICONS[does]
        place = (_BUTTON_PX - ICON_PX) // 2
        box = canvas.pixels[y + place :, x + place - 1 :][:ICON_PX, :ICON_PX]
        if box.shape[:2] == shown.shape:
            box[shown] = colour
        key = label_of(does)
        tooltip = f"{TITLES[does]}{f'  ({key})' if key else ''}"
        rect = Rect(x, y, _BUTTON_PX, _BUTTON_PX)
        self._zone(rect, "do", does, tooltip)

    # --- the panel at the right -----------------------------------------------------------------

    def _paint_panel(self, editor: Editor, area: Rect) -> None:
        canvas = self._canvas
        canvas.fill(area.x, area.y, area.width, area.height, PANEL, 1)
        canvas.fill(area.x, area.y, 1, area.height, INK, 1)
        width = (area.width - 3) // len(_TABS)
        for number, tab in enumerate(_TABS):
            x = area.x + 2 + number * width
            lit = number == editor.category
            canvas.fill(x, area.y + 2, width - 1, 13, GOLD if lit else LINE, 1)
            self._tab_text(x, area.y + 5, tab, width, INK if lit else CREAM)
            name = CATEGORY_NAMES[number].lower()
            self._zone(Rect(x, area.y + 2, width, 13), "category", number, name)
        y = self._paint_entries(editor, area, area.y + 18)
        y = self._paint_part(editor.hand.entry, area, y + 3)
        self._paint_limits(editor, area, y + 6)

    def _tab_text(self, x: int, y: int, text: str, width: int, colour: Any) -> None:
        """Three letters that overlap a little, so that six tabs fit."""
        canvas = self._canvas
        step = (width - 3) // 3
        for number, letter in enumerate(text):
            left = x + 1 + number * step
            shadow = Canvas(canvas.pixels[y : y + 8, left : left + 8])
            box = np.zeros((8, 8, 3), np.uint8)
            Canvas(box).text(0, 0, letter, (255, 255, 255))
            shadow.pixels[box.min(2)[: shadow.height_px, : shadow.width_px] > 200] = colour

    def _paint_entries(self, editor: Editor, area: Rect, y: int) -> int:
        canvas = self._canvas
        across = (area.width - 6) // _ENTRY_PX[0]
        entries = editor.entries
        rows_shown = max(2, (area.bottom - y - 160) // _ENTRY_PX[1])
        first = 0
        rows = -(-len(entries) // across)
        if rows > rows_shown and editor.hand.entry in entries:
            chosen = entries.index(editor.hand.entry) // across
            first = min(max(0, chosen - rows_shown // 2), rows - rows_shown)
        left = area.x + (area.width - across * _ENTRY_PX[0]) // 2
        for place, entry in enumerate(entries):
            row, column = divmod(place, across)
            if not first <= row < first + rows_shown:
                continue
            x, top = left + column * _ENTRY_PX[0], y + (row - first) * _ENTRY_PX[1]
            self._paint_entry(entry, x, top, entry == editor.hand.entry)
        end = y + min(rows, rows_shown) * _ENTRY_PX[1]
        if rows > rows_shown:
            text = f"{first + 1}-{first + rows_shown} OF {rows} ROWS"
            canvas.text(area.x + (area.width - 8 * len(text)) // 2, end, text, GREY)
            end += 10
        return end

    def _paint_entry(self, entry: Entry, x: int, y: int, chosen: bool) -> None:
        canvas = self._canvas
        width, height = _ENTRY_PX
        if chosen:
            canvas.fill(x, y, width - 1, height - 1, GOLD, 1)
            canvas.fill(x + 1, y + 1, width - 3, height - 3, VIOLET, 1)
        else:
            canvas.fill(x + 1, y + 1, width - 3, height - 3, INK, 0.55)
        stamp(canvas.pixels, icon(entry.part), x + 2, y + 2)
        if entry.stamp:  # a second cell below says that it grows
            canvas.text(x + 11, y + 14, "+", CREAM)
        canvas.fill(x + width - 6, y + 2, 3, 3, TIER_COLOURS[entry.tier], 1)
        self._zone(Rect(x, y, width, height), "entry", entry, entry.tooltip)

    def _paint_part(self, entry: Entry, area: Rect, y: int) -> int:
        """What is in hand: name and tier."""
        canvas = self._canvas
        canvas.fill(area.x + 4, y, area.width - 8, 1, LINE, 1)
        stamp(canvas.pixels, icon(entry.part), area.x + 6, y + 4)
        words, lines = entry.name.split(), [""]
        for word in words:
            if len(lines[-1]) + len(word) + 1 > 14 and lines[-1]:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        write(canvas, area.x + 28, y + 5, lines[0][:15])
        if len(lines) > 1:
            write(canvas, area.x + 28, y + 14, " ".join(lines[1:])[:15])
        canvas.fill(area.x + 28, y + 26, 4, 4, TIER_COLOURS[entry.tier], 1)
        canvas.text(area.x + 36, y + 24, TIERS[entry.tier], TIER_COLOURS[entry.tier])
        return y + 34

    def _paint_limits(self, editor: Editor, area: Rect, y: int) -> None:
        canvas, document = self._canvas, editor.document
        limits = document.limits
        canvas.fill(area.x + 4, y - 4, area.width - 8, 1, LINE, 1)
        canvas.text(area.x + 6, y, f"LIMITS {limits.name.upper()}"[:15], GREY)
        self._zone(
            Rect(area.x + 4, y - 2, area.width - 8, 12), "do", Do.PROPERTIES, "change it: F2"
        )
        y += 11
        size = f"{document.width}x{document.height}"
        over = document.width > limits.width or document.height > limits.height
        y += 2
        canvas.text(area.x + 6, y, "SIZE", CREAM)
        canvas.text(area.right - 6 - 8 * len(size), y, size, RED if over else GREY)
        y += 12
        counts = document.counts
        # The groups that matter first: the fullest, then in the profile's order.
        order = sorted(limits.most, key=lambda g: -counts[g] / max(1, limits.most[g]))
        shown = max(0, (area.bottom - y - 2) // 13)
        for group in order[:shown]:
            count, most = counts[group], limits.most[group]
            share = count / most if most else float(count > 0)
            colour = RED if count >= most and count else GOLD if share >= _NEAR_FULL else GREEN
            text = f"{count}/{most}"
            name = _SHORT.get(group, group.replace("_", " ").upper())
            name = name[: (area.width - 18) // 8 - len(text)]
            canvas.text(area.x + 6, y, name, CREAM if count else GREY)
            canvas.text(area.right - 6 - 8 * len(text), y, text, colour if count else GREY)
            canvas.fill(area.x + 6, y + 9, area.width - 12, 2, INK, 1)
            wide = int((area.width - 12) * min(share, 1))
            canvas.fill(area.x + 6, y + 9, wide, 2, colour, 1)
            self._zone(
                Rect(area.x + 4, y - 1, area.width - 8, 13),
                "info",
                None,
                f"{count} {group.replace('_', ' ')}, at most {most}",
            )
            y += 13
        if not limits.most:
            canvas.text(area.x + 6, y, "NO LIMITS", GREY)

    # --- lines ----------------------------------------------------------------------------------

    def _paint_verdict(self, editor: Editor, area: Rect) -> None:
        canvas, verdict = self._canvas, editor.verdict
        canvas.fill(area.x, area.y, area.width, area.height, INK, 1)
        if verdict.solved:
            text = f"CAN BE FINISHED, {verdict.jumps} JUMPS"
            colour = GREEN
        else:
            text = f"ENDS AT COLUMN {verdict.furthest_column + 1}: {verdict.reason}"
            if verdict.furthest_column < 0:
                text = verdict.reason
            colour = RED
        canvas.fill(area.x + 4, area.y + 4, 6, 6, colour, 1)
        write(canvas, area.x + 15, area.y + 3, text[: (area.width - 20) // 8], colour)
        tooltip = "the static solver: it sees no enemies and no springs"
        self._zone(area, "do", Do.WAY, tooltip)

    def _paint_status(self, editor: Editor, area: Rect) -> None:
        canvas = self._canvas
        canvas.fill(area.x, area.y, area.width, area.height, PANEL, 1)
        canvas.fill(area.x, area.y, area.width, 1, INK, 1)
        column, row = editor.pointed
        part = PARTS[editor.document.cells[row, column]].name.replace("_", " ")
        place = f"{column + 1},{row + 1} {part}"
        write(canvas, area.right - 6 - 8 * len(place), area.y + 4, place, GREY)
        room = (area.width - 20) // 8 - len(place)
        asking, message = editor.answers.asking, editor.message
        if asking is not None:
            wish = asking.wish
            done = f" {asking.share:.0%}" if asking.share else ""
            text = f"{wish.generator}, seed {wish.seed}:{done} {asking.seconds:.1f} s, ESC stops"
            canvas.fill(area.x, area.y, int(area.width * asking.share), area.height, VIOLET, 0.7)
            colour = GOLD
        elif message is not None:
            text, colour = message.text, RED if message.bad else CREAM
        else:
            text, colour = _HINTS.get(editor.hand.tool, ""), GREY
        if len(text) <= room or colour is GREY:
            write(canvas, area.x + 4, area.y + 4, text[:room], colour)
            return
        # The end of a long one often says why: it goes on above the line, over what is there.
        lines = wrapped(text, (area.width - 8) // 8, 4)
        top = area.y - 12 * len(lines)
        canvas.fill(area.x, top - 3, area.width, area.y - top + 3, INK, 1)
        for number, line in enumerate(lines):
            write(canvas, area.x + 4, top + 12 * number, line, colour)

    def _paint_tooltip(self, mouse: tuple[int, int]) -> None:
        zone = self.zone_at(*mouse)
        if zone is None or not zone.tooltip:
            return
        canvas = self._canvas
        width = 8 * len(zone.tooltip) + 9
        x = min(max(2, mouse[0] - width // 2), canvas.width_px - width - 2)
        y = mouse[1] + 14 if mouse[1] < canvas.height_px // 2 else mouse[1] - 20
        canvas.panel(x, y, width, 15, 0.96)
        write(canvas, x + 5, y + 4, zone.tooltip)


_SHORT = {
    "exclamation_blocks": "! BLOCKS",
    "track_blocks": "RAIL BLOCKS",
    "power_blocks": "POWER BLKS",
    "clear_pipes": "CLEAR PIPES",
}
_HINTS = {
    Tool.BRUSH: "left paints, right erases, middle picks up, F1 helps",
    Tool.ERASER: "drag to erase",
    Tool.FILL: "click an area",
    Tool.LINE: "drag from end to end",
    Tool.RECTANGLE: "drag from corner to corner",
    Tool.OUTLINE: "drag from corner to corner",
    Tool.SELECT: "drag to select, drag what is selected to move it",
    Tool.PICK: "click a part to have it in hand",
    Tool.START: "click where Mario starts",
    Tool.GOAL: "click the column of the goal",
    Tool.PASTE: "click where it goes, ESC ends",
}
