"""Shape of the network: the numbers that training, weights and inference share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from gym_mario_suite.levels.tile_grid import N_TILES

N_CODES = N_TILES + 1  # with MASK
ROWS = 16  # rows told apart, counted from the bottom; higher ones count as the topmost
FAR = 1 << 20  # columns to an end of the level that does not show
EDGE_COLUMNS = 12  # reach of the signal that the level begins or ends


class Passable(IntEnum):
    """Whether the static solver finds a way through; a condition."""

    NO = 0
    YES = 1
    UNKNOWN = 2


@dataclass(frozen=True)
class NetworkShape:
    """Widths and depths.

    Attributes:
        fine: Channels at full resolution.
        coarse: Channels of the trunk, at half resolution.
        head: Channels of the last layer before the logits.
        dilations: One residual block of the trunk for each.
        domains: Domains told apart; one more code stands for "any".
    """

    fine: int = 64
    coarse: int = 96
    head: int = 96
    dilations: tuple[int, ...] = (1, 2, 1, 4, 1, 2, 1, 4)
    domains: int = 4

    @property
    def any_domain(self) -> int:
        """Code of the condition "any domain"."""
        return self.domains

    def condition(self, domain: int, passable: Passable) -> int:
        """Code of both conditions together."""
        return domain * len(Passable) + passable

    @property
    def conditions(self) -> int:
        """How many codes there are."""
        return (self.domains + 1) * len(Passable)
