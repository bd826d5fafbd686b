"""What happens in a window, without the window: title, play, pause, cards."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from fractions import Fraction
from typing import Any

from gym_mario_suite.engine.world import Status
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.episodes import Course, Episode, Shown
from gym_mario_suite.play.ticker import SPEEDS, TICKS_PER_SECOND, Ticker

SLOW_MOTION = Fraction(1, 4)
# After the end the game is shown for a while: Mario falls, then the card comes.
CARD_AFTER_TICKS = 26
AFTERMATH_TICKS = 72
NOTICE_NS = 2_500_000_000


class State(Enum):
    """What is on the screen."""

    TITLE = auto()
    PLAYING = auto()
    PAUSED = auto()
    WON = auto()
    LOST = auto()
    ENDED = auto()  # of an unfinished replay


ENDS = {
    Status.WIN: State.WON,
    Status.DEAD: State.LOST,
    Status.TIME_OUT: State.LOST,  # by the rules of 2019
    Status.RUNNING: State.ENDED,
}


class Session:
    """Takes buttons, commands and time, and runs the episodes of a course.

    Args:
        course: What is shown.
        title: Whether to begin with the title card.
        speed: Game seconds in a second.

    Attributes:
        state: What is on the screen.
        episode: The present episode.
        speed: Game seconds in a second, without slow motion.
        slow: Whether slow motion is on.
        stepping: Whether the pause is one of single steps.
        grid: Whether to show the agents' grid.
        trajectories: Whether to show what the agent searched.
        ticks: Ticks since the window opened, of the game and after its ends.
    """

    def __init__(
        self, course: Course, *, title: bool = True, speed: Fraction = Fraction(1)
    ) -> None:
        self.course = course
        self.speed = speed
        self.slow = False
        self.stepping = False
        self.grid = False
        self.trajectories = False
        self.ticks = 0
        self._ticker = Ticker()
        self._held = self._taps = 0
        self._notice = ""
        self._notice_ns = 0
        self._begin()
        if title:
            self._show_title()

    # --- what is shown --------------------------------------------------------------------------

    @property
    def game(self) -> Any:
        """The game to draw; before the start and after the end one beside the record."""
        if self.state is State.TITLE:
            return self._preview
        return self._aftermath or self.episode.game

    @property
    def card_shown(self) -> bool:
        """Whether a card lies over the game."""
        if self.state in (State.WON, State.LOST):
            return self._ticks_after >= self._scaled(CARD_AFTER_TICKS)
        return self.state in (State.TITLE, State.ENDED)

    @property
    def notice(self) -> str:
        """A short message to show, or nothing."""
        return self._notice

    @property
    def pace(self) -> Fraction:
        """Game seconds in a second, as it is now."""
        return SLOW_MOTION * self.speed if self.slow else self.speed

    # --- what comes in --------------------------------------------------------------------------

    def press(self, held: int, taps: int = 0) -> None:
        """Take the button bits held now, and those pressed since the last call.

        A button that was pressed and let go between two ticks counts for one tick.
        """
        self._held = held
        self._taps |= taps

    def command(self, action: Action) -> None:
        """Do what a key asks for; what only concerns the window is passed over."""
        match action:
            case Action.START:
                self._start()
            case Action.PAUSE:
                self._toggle_pause()
            case Action.RESTART:
                self._leave_episode()
                self._begin()
            case Action.NEXT:
                self._leave_episode()
                self.course.go_on()
                on_title = self.state is State.TITLE
                self._begin()
                if on_title:
                    self._show_title()
            case Action.STEP:
                self._step()
            case Action.SLOW:
                self.slow = not self.slow
                self.notify(f"SPEED {self.pace}")
            case Action.SLOWER | Action.FASTER:
                self._change_speed(1 if action is Action.FASTER else -1)
            case Action.GRID:
                self.grid = not self.grid
            case Action.TRAJECTORIES:
                self._toggle_trajectories()

    def notify(self, text: str) -> None:
        """Show a short message for a while."""
        self._notice = text
        self._notice_ns = NOTICE_NS

    def gamepad(self, name: str, came: bool) -> None:
        """A gamepad has come or gone; without it a game that a person plays waits."""
        self.notify("GAMEPAD FOUND" if came else "GAMEPAD GONE")
        if not came:
            self.interrupt()

    def interrupt(self) -> None:
        """Pause a game that a person plays."""
        if self.course.human and self.state is State.PLAYING:
            self.state = State.PAUSED

    # --- time -----------------------------------------------------------------------------------

    def advance(self, elapsed_ns: int, hurried: Callable[[], bool] = lambda: False) -> int:
        """Let time pass.

        Args:
            elapsed_ns: Time since the last call, in nanoseconds.
            hurried: Asked after each tick; True drops the ticks that are still due, so that a
                slow agent does not freeze the window.

        Returns:
            How many ticks ran.
        """
        self._notice_ns -= elapsed_ns
        if self._notice_ns <= 0:
            self._notice = ""
        if self.state in (State.TITLE, State.PAUSED, State.ENDED):
            self._ticker.forget()
            return 0
        self._ticker.speed = self.pace
        ran = 0
        for _ in range(self._ticker.due(elapsed_ns)):
            self._tick()
            ran += 1
            if hurried():
                break
        return ran

    def close(self) -> None:
        """Keep what was played."""
        self._leave_episode()

    # --- transitions ----------------------------------------------------------------------------

    def _begin(self) -> None:
        self.episode: Episode = self.course.begin()
        self._aftermath: Shown | None = None
        self._ticker.ticks_per_second = self.episode.ticks_per_second
        self._ticks_after = 0
        self._taps = 0
        self._ticker.forget()
        self.state = State.PLAYING
        self._look_for_end()

    def _show_title(self) -> None:
        self.state = State.TITLE
        self._preview = self.episode.preview()

    def _leave_episode(self) -> None:
        self.episode.close()

    def _start(self) -> None:
        if self.state is State.TITLE:
            self.state = State.PLAYING
        elif self.state in (State.PLAYING, State.PAUSED):
            self._toggle_pause()
        elif self.card_shown:
            self.command(Action.NEXT if self.state is State.WON else Action.RESTART)

    def _toggle_pause(self) -> None:
        if self.state is State.PLAYING:
            self.state = State.PAUSED
        elif self.state is State.PAUSED:
            self.state = State.PLAYING
        self.stepping = False

    def _step(self) -> None:
        if self.state in (State.TITLE, State.PLAYING):
            self.state = State.PAUSED
        if self.state is State.PAUSED:
            self.stepping = True
            self._tick()

    def _change_speed(self, by: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(max(nearest + by, 0), len(SPEEDS) - 1)]
        self.notify(f"SPEED {self.pace}")

    def _toggle_trajectories(self) -> None:
        if not hasattr(self.episode.agent, "trajectories"):
            self.notify("NOTHING SEARCHED HERE")
            return
        self.trajectories = not self.trajectories

    def _tick(self) -> None:
        self.ticks += 1
        if self.state in (State.WON, State.LOST):
            self._ticks_after += 1
            if self._aftermath is not None and self._ticks_after <= self._scaled(AFTERMATH_TICKS):
                self._aftermath.tick(0)
            return
        buttons, self._taps = self._held | self._taps, 0
        self.episode.tick(buttons)
        self._look_for_end()

    def _look_for_end(self) -> None:
        if not self.episode.over:
            return
        self.episode.close()
        self.state = ENDS[self.episode.game.status]
        if self.state is not State.ENDED:
            self._aftermath = self.episode.aftermath()

    def _scaled(self, ticks: int) -> int:
        """Ticks of this episode for those of Infinite Mario."""
        return ticks * self.episode.ticks_per_second // TICKS_PER_SECOND
