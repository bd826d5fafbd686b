"""What a beam search has seen: cells, and what the best game was worth that was kept in each.

A game in a cell where one of the same worth or more has been before leads nowhere new. Without this
memory games that stand about fill the beam, and nobody is left to find the way out of a dead end.
"""

from __future__ import annotations

import torch

# Steps whose cells are sorted anew in every step, until they are merged into all others.
_RECENT_STEPS = 16


class _Run:
    """Cells in order, each once, with a worth."""

    def __init__(self, device: torch.device) -> None:
        self.cells = torch.zeros(0, dtype=torch.int64, device=device)
        self.worth = torch.zeros(0, dtype=torch.float64, device=device)

    def add(self, cells: torch.Tensor, worth: torch.Tensor) -> None:
        """Take up cells; where one is there already, the new worth is the greater one."""
        by_cell = torch.sort(torch.cat([self.cells, cells]), stable=True)
        newest = torch.ones(len(by_cell.values), dtype=torch.bool, device=cells.device)
        newest[:-1] = by_cell.values[1:] != by_cell.values[:-1]
        self.cells = by_cell.values[newest]
        self.worth = torch.cat([self.worth, worth])[by_cell.indices[newest]]

    def beats(self, cells: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
        """Which of these have been here with as much or more, bool[n]."""
        if not len(self.cells):
            return torch.zeros(len(cells), dtype=torch.bool, device=cells.device)
        rows = torch.searchsorted(self.cells, cells).clamp(max=len(self.cells) - 1)
        return (self.cells[rows] == cells) & (self.worth[rows] >= worth)


class Seen:
    """The memory of a search.

    Args:
        device: Where its tensors are.
    """

    def __init__(self, device: torch.device) -> None:
        self._all, self._recent = _Run(device), _Run(device)
        self._device = device
        self._steps = 0

    def add(self, cells: torch.Tensor, worth: torch.Tensor) -> None:
        """Remember games that are kept, none of which was `known`.

        Args:
            cells: int64[n], each once.
            worth: float64[n].
        """
        self._recent.add(cells, worth)
        self._steps += 1
        if self._steps % _RECENT_STEPS == 0:
            self._all.add(self._recent.cells, self._recent.worth)
            self._recent = _Run(self._device)

    def known(self, cells: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
        """Which games are in a cell where one worth as much or more has been, bool[n]."""
        return self._all.beats(cells, worth) | self._recent.beats(cells, worth)
