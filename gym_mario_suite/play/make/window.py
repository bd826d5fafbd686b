"""The editor in a window, from its opening to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass

import pygame

from gym_mario_suite.display.screen import Screen, require_display
from gym_mario_suite.play.actions import UP_BUTTON, Action
from gym_mario_suite.play.bindings import DEFAULTS, Bindings
from gym_mario_suite.play.canvas import Pixels
from gym_mario_suite.play.controls import Controls, key_codes
from gym_mario_suite.play.frame_loop import run_frames
from gym_mario_suite.play.make.commands import Do
from gym_mario_suite.play.make.editor import Editor
from gym_mario_suite.play.make.layout import LEAST_PX
from gym_mario_suite.play.make.minimap import column_at
from gym_mario_suite.play.make.painter import Painter, Zone
from gym_mario_suite.play.make.trial import Trial
from gym_mario_suite.play.painter import Painter as TrialPainter
from gym_mario_suite.play.session import Session
from gym_mario_suite.play.window import open_display
from gym_mario_suite.play.x_server import WindowGuard

_USUAL_PX = (1280, 800)
_COMFORTABLE_PX = (500, 300)  # of the picture; what the window has more makes its pixels larger
_REPAINT_S = 0.25  # where nothing happens: the cursor blinks
_TOOLTIP_AFTER_S = 0.4
_WHEEL_CELLS = 3
_REPEAT_AFTER_MS, _REPEAT_EVERY_MS = 280, 45


@dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """How the editor's window looks.

    Attributes:
        bindings: Keys of the test play.
        scale: Screen pixels for each pixel of the picture; None for what suits the window.
        full_screen: Whether to begin on the whole screen.
        max_frames: Close after so many frames (for tests); None for never.
    """

    bindings: Bindings = DEFAULTS
    scale: int | None = None
    full_screen: bool = False
    max_frames: int | None = None


class EditorScreen(Screen):
    """A window whose picture grows with it.

    Args:
        title: In the window's frame.
        scale: As of `MakeOptions`.
        full_screen: Whether to fill the screen.
    """

    def __init__(self, title: str, scale: int | None, full_screen: bool) -> None:
        self._asked = scale
        super().__init__(title, 1, full_screen, self._window_size(scale))

    def _window_size(self, scale: int | None) -> tuple[int, int]:
        require_display()
        width, height = pygame.display.get_desktop_sizes()[0]
        least = (LEAST_PX[0] * (scale or 1), LEAST_PX[1] * (scale or 1))
        return (
            max(least[0], min(_USUAL_PX[0], width * 19 // 20)),
            max(least[1], min(_USUAL_PX[1], height * 9 // 10)),
        )

    def _open(self) -> None:
        super()._open()
        pygame.mouse.set_visible(True)  # also on the whole screen

    @property
    def picture_px(self) -> tuple[int, int]:
        """Width and height that the picture should have."""
        width, height = pygame.display.get_window_size()
        scale = self._asked or max(
            1, min(width // _COMFORTABLE_PX[0], height // _COMFORTABLE_PX[1])
        )
        return max(LEAST_PX[0], width // scale), max(LEAST_PX[1], height // scale)

    def show(self, pixels: Pixels) -> None:
        """Show a picture of any size."""
        self._size_px = (pixels.shape[1], pixels.shape[0])
        super().show(pixels)


def show_editor(editor: Editor, options: MakeOptions) -> Editor:
    """Show an editor until it is closed.

    What is not saved is kept in a recovery file when the window is lost.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    with open_display(), WindowGuard(lambda: editor.autosave(now=True)):
        try:
            EditorWindow(editor, options).run()
        except BaseException:
            editor.autosave(now=True)
            raise
    return editor


class EditorWindow:
    """Turns events into what the editor understands, and shows its picture.

    Args:
        editor: The editor.
        options: How it looks.
    """

    def __init__(self, editor: Editor, options: MakeOptions) -> None:
        self._editor = editor
        self._options = options
        self._painter = Painter()
        self._painter.paint(editor, *LEAST_PX)  # compiles what is not, before there is a window
        self._title = ""
        self._screen = EditorScreen(self._caption(), options.scale, options.full_screen)
        editor.full_screen = options.full_screen
        self._mouse: tuple[int, int] | None = None
        self._moved_s = 0.0
        self._pressed: Zone | None = None
        self._scrolling: tuple[int, int] | None = None
        self._scrolled = False
        self._names = {code: name for name, code in key_codes().items()}

    def run(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Frame after frame until the editor is closed."""
        editor = self._editor
        frames, painted = 0, -1.0
        self._take_keys()
        self._show()
        editor.view.show(editor.cursor)  # now that the board has its size
        while not editor.closed:
            most = self._options.max_frames
            if most is not None and frames >= most:
                editor.autosave(now=True)
                return
            events = pygame.event.get()
            for event in events:
                self._take(event)
            if editor.trial is not None:
                self._run_trial(editor.trial)
            editor.advance()
            if editor.full_screen != self._screen.full_screen:
                self._screen.toggle_full_screen()
            now = clock()
            if events or editor.answers.asking is not None or now - painted > _REPAINT_S:
                painted = now
                self._show()
            self._screen.wait()
            frames += 1

    def _show(self) -> None:
        caption = self._caption()
        if caption != self._title:
            self._title = caption
            pygame.display.set_caption(caption)
        size = self._screen.picture_px
        resting = time.monotonic() - self._moved_s > _TOOLTIP_AFTER_S
        mouse = self._mouse if resting and self._pressed is None else None
        self._screen.show(self._painter.paint(self._editor, *size, mouse))

    def _caption(self) -> str:
        # A file's name may hold bytes that are no text.
        return f"mario make: {self._editor.title}".encode(errors="replace").decode()

    def _take_keys(self) -> None:
        pygame.key.set_repeat(_REPEAT_AFTER_MS, _REPEAT_EVERY_MS)
        pygame.key.start_text_input()

    # --- events ---------------------------------------------------------------------------------

    def _take(self, event: pygame.event.Event) -> None:
        editor = self._editor
        match event.type:
            case pygame.QUIT | pygame.WINDOWCLOSE:
                editor.do(Do.QUIT)
            case pygame.KEYDOWN:
                name = self._named(event)
                if name:
                    text = getattr(event, "unicode", "")
                    editor.key(name, text)
            case pygame.KEYUP:
                editor.key_up(self._names.get(event.key, ""))
            case pygame.MOUSEMOTION:
                self._move(self._screen.place(event.pos))
            case pygame.MOUSEBUTTONDOWN if event.button in (1, 2, 3):
                self._press(self._screen.place(event.pos), event.button)
            case pygame.MOUSEBUTTONUP if event.button in (1, 2, 3):
                self._release(self._screen.place(event.pos), event.button)
            case pygame.MOUSEWHEEL:
                self._wheel(event)
            case pygame.WINDOWLEAVE:
                self._mouse = editor.hover = None
            case pygame.WINDOWFOCUSLOST:
                editor.release()

    def _named(self, event: pygame.event.Event) -> str:
        """A key as the tables call it."""
        name = self._names.get(event.key, "")
        if not name or name.removeprefix("l").removeprefix("r") in ("ctrl", "shift", "alt", "meta"):
            return ""
        mods = getattr(event, "mod", 0)
        prefix = ""
        if mods & (pygame.KMOD_CTRL | pygame.KMOD_META):
            prefix += "ctrl+"
        if mods & pygame.KMOD_ALT:
            prefix += "alt+"
        if mods & pygame.KMOD_SHIFT:
            prefix += "shift+"
        # In a form shift only makes capital letters.
        typed = getattr(event, "unicode", "")
        if self._editor.dialog is not None and prefix == "shift+" and typed.isprintable() and typed:
            prefix = ""
        return prefix + name

    def _cell(self, at: tuple[int, int]) -> tuple[int, int]:
        board = self._painter.layout.board
        return self._editor.view.cell(at[0] - board.x, at[1] - board.y)

    def _press(self, at: tuple[int, int], button: int) -> None:
        editor = self._editor
        self._mouse = at
        zone = self._pressed = self._painter.zone_at(*at)
        if zone is None:
            return
        match zone.kind:
            case "board" if button == 2:
                self._scrolling, self._scrolled = at, False
            case "board":
                alt = bool(pygame.key.get_mods() & pygame.KMOD_ALT)
                editor.press(self._cell(at), button, alt)
            case "dialog":
                editor.click_dialog(zone.value)
            case "do":
                editor.do(zone.value)
            case "category":
                editor.category = zone.value
            case "entry":
                editor.choose(zone.value)
            case "minimap":
                self._go(at)

    def _move(self, at: tuple[int, int]) -> None:
        editor = self._editor
        self._mouse = at
        self._moved_s = time.monotonic()
        if self._scrolling is not None:
            dx, dy = self._scrolling[0] - at[0], self._scrolling[1] - at[1]
            if dx or dy:
                editor.view.scroll(dx, dy)
                self._scrolling, self._scrolled = at, True
            return
        if self._pressed is not None and self._pressed.kind == "minimap":
            self._go(at)
            return
        zone = self._painter.zone_at(*at)
        on_board = zone is not None and zone.kind == "board"
        if editor.hand.busy:
            editor.drag(self._cell(at))
            if not on_board and self._pressed is not None:
                editor.view.show(editor.cursor)
        elif on_board:
            editor.drag(self._cell(at))
        else:
            editor.hover = None

    def _release(self, at: tuple[int, int], button: int) -> None:
        editor = self._editor
        if button == 2 and self._scrolling is not None:
            if not self._scrolled:
                editor.press(self._cell(at), 2)
            self._scrolling = None
        elif self._pressed is not None and self._pressed.kind == "board":
            editor.release()
        self._pressed = None

    def _wheel(self, event: pygame.event.Event) -> None:
        editor, mods = self._editor, pygame.key.get_mods()
        x, y = event.x, event.y
        if editor.dialog is not None:
            editor.key("up" if y > 0 else "down")
            return
        if mods & pygame.KMOD_CTRL:
            board = self._painter.layout.board
            at = self._mouse or (board.x + board.width // 2, board.y + board.height // 2)
            editor.view.zoom(1 if y > 0 else -1, at[0] - board.x, at[1] - board.y)
            return
        zone = self._painter.zone_at(*self._mouse) if self._mouse is not None else None
        if zone is not None and zone.kind in ("entry", "category"):
            editor.do(Do.PREVIOUS_PART if y > 0 else Do.NEXT_PART)
            return
        step = _WHEEL_CELLS * editor.view.cell_px
        if mods & pygame.KMOD_SHIFT:
            editor.view.scroll(0, -step * (y or x))
        else:
            editor.view.scroll(step * (x - y), 0)

    def _go(self, at: tuple[int, int]) -> None:
        area = self._painter.layout.minimap
        column = column_at(at[0] - area.x, area.width, area.height, self._editor)
        self._editor.view.centre_column(column)

    # --- test play ------------------------------------------------------------------------------

    def _run_trial(self, trial: Trial) -> None:
        """Play in this window until escape, then come back."""
        editor = self._editor
        pygame.key.set_repeat(0)
        editor.autosave(now=True)
        editor.notify("test play comes: the first on a machine compiles it, half a minute")
        self._show()
        editor.message = None
        with closing(Session(trial, title=False)) as session:
            controls = _TrialControls(self._options.bindings)
            controls.on_gamepad = session.gamepad
            session.notify("ESC: BACK TO THE EDITOR")
            screen = _TrialScreen(self._screen)
            painter = TrialPainter(self._options.bindings)

            def paint() -> Pixels:
                editor.autosave()  # a file that nobody touches looks left behind
                return painter.paint(session)

            run_frames(
                session,
                screen,
                controls,
                lambda: session.press(controls.held, controls.take_taps()),
                paint,
            )
        editor.played_trial(trial)
        editor.full_screen = self._screen.full_screen
        self._take_keys()
        if controls.closed:
            editor.do(Do.QUIT)


class _TrialControls(Controls):
    """The keys of `mario play`; closing the window ends the test and then asks the editor."""

    def __init__(self, bindings: Bindings) -> None:
        super().__init__(bindings, buttons=UP_BUTTON - 1)
        self.closed = False

    def commands(self, events: Iterable[pygame.event.Event]):
        """Take in events; the commands among them."""
        events = list(events)
        self.closed |= any(e.type in (pygame.QUIT, pygame.WINDOWCLOSE) for e in events)
        for action in super().commands(events):
            # A test play has no next level: the course again.
            yield Action.RESTART if action is Action.NEXT else action


class _TrialScreen(Screen):
    """The editor's window, showing the game's pictures."""

    def __init__(self, screen: EditorScreen) -> None:
        self._own = screen

    @property
    def full_screen(self) -> bool:
        """Whether it fills the screen."""
        return self._own.full_screen

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to the window."""
        self._own.toggle_full_screen()

    def show(self, pixels: Pixels) -> None:
        """Show a picture."""
        self._own.show(pixels)

    def wait(self) -> None:
        """Wait until the display's next frame is due."""
        self._own.wait()
