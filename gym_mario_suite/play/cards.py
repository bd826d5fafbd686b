"""The cards over the game, and the small signs at its edge."""

from __future__ import annotations

from gym_mario_suite.play.actions import BUTTONS, Action
from gym_mario_suite.play.bindings import Bindings
from gym_mario_suite.play.canvas import (
    CREAM,
    GLYPH_PX,
    GOLD,
    GREY,
    LIT,
    UNLIT,
    Canvas,
    Colour,
    key_cap_width,
)
from gym_mario_suite.play.looks import LOOKS
from gym_mario_suite.play.session import Session, State

_CAPS = {
    "return": "ENTER",
    "escape": "ESC",
    "period": ".",
    "comma": ",",
    "minus": "-",
    "equals": "=",
    "slash": "/",
    "backspace": "BACK",
    "kp_enter": "ENTER",
}
_MARGIN_PX = 16
_BLINK_FRAMES = 40
_LINE_CHARACTERS = 34


def draw_title(canvas: Canvas, session: Session, bindings: Bindings, frame: int) -> None:
    """The controls, over the level's first screen."""
    canvas.shade(0.25)
    top = 22
    canvas.panel(_MARGIN_PX, top, canvas.width_px - 2 * _MARGIN_PX, 186)
    canvas.centred(top + 11, session.course.headline, GOLD, 2)
    canvas.centred(top + 33, clipped(session.course.details), GREY)
    _draw_controls(canvas, session, bindings, top + 51)
    if frame % _BLINK_FRAMES < _BLINK_FRAMES * 3 // 4:
        _centred_offer(canvas, top + 165, bindings, (Action.START, "START"))


def draw_pause(canvas: Canvas, session: Session, bindings: Bindings) -> None:
    """The controls again, and that the game waits."""
    canvas.shade(0.3)
    top = 40
    canvas.panel(_MARGIN_PX, top, canvas.width_px - 2 * _MARGIN_PX, 168)
    canvas.centred(top + 11, "PAUSED", CREAM, 2)
    _draw_controls(canvas, session, bindings, top + 34)
    _centred_offer(canvas, top + 148, bindings, (Action.START, "GO ON"))


def draw_end(canvas: Canvas, session: Session, bindings: Bindings) -> None:
    """How the episode ended, with its telemetry."""
    title, colour = LOOKS[session.episode.kind].ending(session)
    top, height = 48, 142
    canvas.panel(_MARGIN_PX, top, canvas.width_px - 2 * _MARGIN_PX, height)
    canvas.centred(top + 11, title, colour, 2)
    canvas.centred(top + 33, clipped(session.course.details), GREY)
    rows = telemetry(session)
    for number, (name, value) in enumerate(rows):
        y = top + 51 + 11 * number
        canvas.text(48, y, name, GREY)
        canvas.text(canvas.width_px - 48 - GLYPH_PX * len(value), y, value)
    if session.course.alone:
        offers = [(Action.START, "AGAIN"), (Action.QUIT, "LEAVE")]
    elif session.state is State.WON:
        offers = [(Action.START, "NEXT"), (Action.RESTART, "AGAIN")]
    else:
        offers = [(Action.START, "AGAIN"), (Action.NEXT, "NEXT")]
    _centred_offer(canvas, top + height - 20, bindings, *offers)


def draw_signs(canvas: Canvas, session: Session) -> None:
    """Speed and notices; of an agent or a replay also its name and the buttons it presses."""
    bottom = canvas.height_px - 15
    if not session.course.human:
        _draw_buttons(canvas, 4, bottom, LOOKS[session.episode.kind].buttons(session))
        name = clipped(session.course.headline, 20)
        _draw_label(canvas, canvas.width_px - 8 - GLYPH_PX * len(name), bottom + 1, name)
    text = session.notice
    if session.state is State.PAUSED:
        # A person's pause has its card.
        text = text or ("" if shows_pause_card(session) else "PAUSED")
    elif session.pace != 1:
        text = text or f"SPEED {session.pace}"
    if text:
        width = GLYPH_PX * len(text)
        _draw_label(canvas, (canvas.width_px - width) // 2, 18, text, GOLD)


def shows_pause_card(session: Session) -> bool:
    """Whether the pause has a card: not where somebody studies the game."""
    return session.state is State.PAUSED and session.course.human and not session.stepping


def telemetry(session: Session) -> list[tuple[str, str]]:
    """Names and values of what an episode came to."""
    return LOOKS[session.episode.kind].telemetry(session)


def clipped(text: str, characters: int = _LINE_CHARACTERS) -> str:
    """The text with single spaces if it is too long, or its beginning and two dots."""
    if len(text) > characters:
        text = " ".join(text.split())
    return text if len(text) <= characters else text[: characters - 2] + ".."


def cap_label(bindings: Bindings, action: Action) -> str:
    """What is on the first key of an action."""
    names = bindings.keys.get(action, ())
    if not names:
        return ""
    name = names[0]
    return name if name in ("left", "right", "up", "down") else _CAPS.get(name, name.upper())[:7]


def _draw_controls(canvas: Canvas, session: Session, bindings: Bindings, y: int) -> None:
    """Two columns of keys with what they do."""
    lefts: list[tuple[tuple[Action, ...], str]] = [
        ((Action.LEFT, Action.RIGHT), "WALK"),
        ((Action.DOWN,), "DUCK"),
        ((Action.JUMP,), "JUMP"),
        ((Action.SPEED,), "RUN, FIRE"),
        ((Action.GRID,), "AGENT GRID"),
        ((Action.FULL_SCREEN,), "FULL SCREEN"),
    ]
    rights: list[tuple[tuple[Action, ...], str]] = [
        ((Action.PAUSE,), "PAUSE"),
        ((Action.RESTART,), "RESTART"),
        *([] if session.course.alone else [((Action.NEXT,), "NEXT LEVEL")]),
        ((Action.SLOW,), "SLOW MOTION"),
        ((Action.STEP,), "ONE STEP"),
        ((Action.QUIT,), "LEAVE" if session.course.alone else "QUIT"),
    ]
    for x, column_px, rows in ((26, 34, lefts), (166, 30, rights)):
        for number, (actions, meaning) in enumerate(rows):
            _draw_control(canvas, x, y + 18 * number, column_px, bindings, actions, meaning)


def _draw_control(
    canvas: Canvas,
    x: int,
    y: int,
    column_px: int,
    bindings: Bindings,
    actions: tuple[Action, ...],
    meaning: str,
) -> None:
    labels = [label for action in actions if (label := cap_label(bindings, action))]
    end = x + column_px
    at = end - sum(key_cap_width(label) + 2 for label in labels)
    for label in labels:
        at = canvas.key_cap(at, y, label) + 2
    canvas.text(end + 5, y + 3, meaning, CREAM if labels else GREY)


def _centred_offer(canvas: Canvas, y: int, bindings: Bindings, *offers: tuple[Action, str]) -> None:
    """Keys with what they do, in the middle of a line."""
    parts = [(cap_label(bindings, action), text) for action, text in offers]
    parts = [(label, text) for label, text in parts if label]
    widths = [key_cap_width(label) + 6 + GLYPH_PX * len(text) for label, text in parts]
    x = (canvas.width_px - sum(widths) - 18 * (len(parts) - 1)) // 2
    for (label, text), width in zip(parts, widths, strict=True):
        end = canvas.key_cap(x, y, label, LIT)
        canvas.text(end + 6, y + 3, text)
        x += width + 18


def _draw_label(canvas: Canvas, x: int, y: int, text: str, colour: Colour = CREAM) -> None:
    canvas.panel(x - 5, y - 3, GLYPH_PX * len(text) + 9, 14, 0.75, shadow=False)
    canvas.text(x, y, text, colour)


def _draw_buttons(canvas: Canvas, x: int, y: int, keys: int) -> None:
    """The five buttons, those lit that are pressed."""
    labels = {
        **{Action.LEFT: "left", Action.DOWN: "down", Action.RIGHT: "right"},
        **{Action.JUMP: "JUMP", Action.SPEED: "RUN"},
    }
    for action, label in labels.items():
        face = LIT if keys & BUTTONS[action] else UNLIT
        x = canvas.key_cap(x, y, label, face) + 2
