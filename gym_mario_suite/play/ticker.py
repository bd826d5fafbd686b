"""How many ticks are due: game time from the display's time."""

from __future__ import annotations

from fractions import Fraction

TICKS_PER_SECOND = 24
SPEEDS = tuple(Fraction(2) ** power for power in range(-3, 5))
# After a longer gap (a dragged window, a suspended machine) the game goes on where it stood.
MAX_GAP_NS = 250_000_000


class Ticker:
    """Turns the time between two frames into whole ticks, without losing a fraction.

    Attributes:
        speed: Game seconds in a second.
        ticks_per_second: Ticks in a second of the game.
    """

    def __init__(self, speed: Fraction = Fraction(1)) -> None:
        self.speed = speed
        self.ticks_per_second = TICKS_PER_SECOND
        self._owed = Fraction(0)

    def due(self, elapsed_ns: int) -> int:
        """Ticks to run now, `elapsed_ns` after the last call."""
        elapsed_ns = min(max(elapsed_ns, 0), MAX_GAP_NS)
        self._owed += self.speed * Fraction(self.ticks_per_second * elapsed_ns, 1_000_000_000)
        ticks = int(self._owed)
        self._owed -= ticks
        return ticks

    def forget(self) -> None:
        """Owe nothing, as after a pause."""
        self._owed = Fraction(0)
