"""What a key does in the editor: one table for keyboard, help page and documentation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Tool(StrEnum):
    """What the left button and the space bar do."""

    BRUSH = auto()
    ERASER = auto()
    FILL = auto()
    RECTANGLE = auto()
    OUTLINE = auto()
    LINE = auto()
    SELECT = auto()
    PICK = auto()
    START = auto()
    GOAL = auto()
    PASTE = auto()


class Do(Enum):
    """Commands besides choosing a tool."""

    LEFT = auto()
    RIGHT = auto()
    UP = auto()
    DOWN = auto()
    FAR_LEFT = auto()
    FAR_RIGHT = auto()
    FAR_UP = auto()
    FAR_DOWN = auto()
    FIRST_COLUMN = auto()
    LAST_COLUMN = auto()
    PAGE_LEFT = auto()
    PAGE_RIGHT = auto()
    USE = auto()
    HOLD = auto()
    ERASE = auto()
    PICK_UP = auto()
    SWAP_PART = auto()
    NEXT_PART = auto()
    PREVIOUS_PART = auto()
    NEXT_CATEGORY = auto()
    PREVIOUS_CATEGORY = auto()
    START_HERE = auto()
    GOAL_HERE = auto()
    UNDO = auto()
    REDO = auto()
    COPY = auto()
    CUT = auto()
    PASTE = auto()
    SELECT_ALL = auto()
    MOVE_LEFT = auto()
    MOVE_RIGHT = auto()
    MOVE_UP = auto()
    MOVE_DOWN = auto()
    FLIP_ACROSS = auto()
    FLIP_OVER = auto()
    ZOOM_IN = auto()
    ZOOM_OUT = auto()
    GRID = auto()
    WAY = auto()
    PLAYED_WAY = auto()
    PLAY = auto()
    PLAY_HERE = auto()
    ASK = auto()
    NEXT_SEED = auto()
    PREVIOUS_SEED = auto()
    NEW = auto()
    OPEN = auto()
    SAVE = auto()
    SAVE_AS = auto()
    PROPERTIES = auto()
    HELP = auto()
    FULL_SCREEN = auto()
    ESCAPE = auto()
    QUIT = auto()


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        label: The keys as people call them.
        keys: What each key does. Keys are named as pygame's constants without K_, each maybe after
            `ctrl+`, `alt+` and `shift+`, in this order.
        meaning: In a few words.
    """

    label: str
    keys: dict[str, Tool | Do]
    meaning: str


def _arrows(modifier: str, *does: Do) -> dict[str, Tool | Do]:
    names = (f"{modifier}{arrow}" for arrow in ("left", "right", "up", "down"))
    return dict(zip(names, does, strict=True))


def _all(does: Tool | Do, *keys: str) -> dict[str, Tool | Do]:
    return dict.fromkeys(keys, does)


SECTIONS: dict[str, tuple[Row, ...]] = {
    "PAINT": (
        Row("SPACE", _all(Do.USE, "space"), "use, hold to draw"),
        Row("ENTER", _all(Do.HOLD, "return", "kp_enter"), "begin, and again: end"),
        Row("DEL X", _all(Do.ERASE, "delete", "backspace", "x"), "erase, or a selection"),
        Row("B E", {"b": Tool.BRUSH, "e": Tool.ERASER}, "brush, eraser"),
        Row("F L", {"f": Tool.FILL, "l": Tool.LINE}, "fill, line"),
        Row("R SHIFT+R", {"r": Tool.RECTANGLE, "shift+r": Tool.OUTLINE}, "rectangle, outline"),
        Row("I", _all(Do.PICK_UP, "i"), "pick up the part here"),
        Row("Q", _all(Do.SWAP_PART, "q"), "the part used before"),
        Row(
            ", .",
            {"comma": Do.PREVIOUS_PART, "period": Do.NEXT_PART},
            "previous, next part",
        ),
        Row(
            "TAB",
            {"tab": Do.NEXT_CATEGORY, "shift+tab": Do.PREVIOUS_CATEGORY},
            "category, shift: back",
        ),
    ),
    "MOVE": (
        Row("ARROWS", _arrows("", Do.LEFT, Do.RIGHT, Do.UP, Do.DOWN), "the cursor"),
        Row(
            "CTRL+ARROWS",
            _arrows("ctrl+", Do.FAR_LEFT, Do.FAR_RIGHT, Do.FAR_UP, Do.FAR_DOWN),
            "8 cells",
        ),
        Row("HOME END", {"home": Do.FIRST_COLUMN, "end": Do.LAST_COLUMN}, "first, last column"),
        Row("PGUP PGDN", {"pageup": Do.PAGE_LEFT, "pagedown": Do.PAGE_RIGHT}, "a screen"),
        Row("M SHIFT+M", {"m": Do.START_HERE, "shift+m": Do.GOAL_HERE}, "start, goal here"),
    ),
    "SELECT": (
        Row("S CTRL+A", {"s": Tool.SELECT, "ctrl+a": Do.SELECT_ALL}, "select, all"),
        Row(
            "CTRL+C X V",
            {"ctrl+c": Do.COPY, "ctrl+x": Do.CUT, "ctrl+v": Do.PASTE},
            "copy, cut, paste",
        ),
        Row(
            "SHIFT+ARROWS",
            _arrows("shift+", Do.MOVE_LEFT, Do.MOVE_RIGHT, Do.MOVE_UP, Do.MOVE_DOWN),
            "move selection",
        ),
        Row(
            "SHIFT+H V",
            {"shift+h": Do.FLIP_ACROSS, "shift+v": Do.FLIP_OVER},
            "flip across, over",
        ),
        Row("ESC", _all(Do.ESCAPE, "escape"), "let go, cancel"),
    ),
    "COURSE": (
        Row(
            "CTRL+Z Y",
            {"ctrl+z": Do.UNDO, "ctrl+y": Do.REDO, "ctrl+shift+z": Do.REDO},
            "undo, redo",
        ),
        Row("CTRL+G", _all(Do.ASK, "ctrl+g"), "ask the generator"),
        Row("N SHIFT+N", {"n": Do.NEXT_SEED, "shift+n": Do.PREVIOUS_SEED}, "next seed, back"),
        Row("CTRL+N O", {"ctrl+n": Do.NEW, "ctrl+o": Do.OPEN}, "new, open"),
        Row("CTRL+S", {"ctrl+s": Do.SAVE, "ctrl+shift+s": Do.SAVE_AS}, "save, with shift: as"),
        Row("F2", _all(Do.PROPERTIES, "f2", "ctrl+p"), "properties, limits"),
        Row("CTRL+Q", _all(Do.QUIT, "ctrl+q"), "quit"),
    ),
    "LOOK AND PLAY": (
        Row("F5", _all(Do.PLAY, "f5"), "play from the start"),
        Row("SHIFT+F5", _all(Do.PLAY_HERE, "shift+f5"), "play at the cursor"),
        Row("P W", {"p": Do.WAY, "w": Do.PLAYED_WAY}, "way: solver's, yours"),
        Row("G", _all(Do.GRID, "g"), "grid"),
        Row(
            "+ -",
            _all(Do.ZOOM_IN, "equals", "plus", "shift+equals", "kp_plus")
            | _all(Do.ZOOM_OUT, "minus", "kp_minus"),
            "zoom",
        ),
        Row("F11", _all(Do.FULL_SCREEN, "f11"), "full screen"),
        Row("F1 H", _all(Do.HELP, "f1", "h"), "this page"),
    ),
}
MOUSE = (
    ("LEFT", "use the tool"),
    ("RIGHT", "erase"),
    ("MIDDLE, ALT", "pick up the part"),
    ("MIDDLE DRAG", "scroll"),
    ("WHEEL", "scroll, shift: up"),
    ("WHEEL ON PARTS", "next part"),
    ("CTRL+WHEEL", "zoom"),
)
BY_KEY: dict[str, Tool | Do] = {
    key: does for rows in SECTIONS.values() for row in rows for key, does in row.keys.items()
}


def label_of(does: Tool | Do) -> str:
    """The first key of a tool or command, as people call it; empty if it has none."""
    key = next((key for key, other in BY_KEY.items() if other is does), "")
    return "+".join(part.upper() for part in key.split("+")) if key else ""
