"""Which states a search has seen already: an open-addressing table of state signatures.

`table` is int64[2^k, 3]: signature, cost, and the number of the search that wrote the row, so that
a new search needs no clearing.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit

_PROBES = 8


@inline_jit
def mixed(signature):
    """The finaliser of SplitMix64: spreads neighbouring signatures over the table."""
    z = np.uint64(signature)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@jit
def seen_as_cheap(table, search, signature, cost):
    """Whether this search has met `signature` at this cost or less; remembers it if not.

    Where a few neighbouring rows are all taken by other signatures, the first is forgotten: the
    table loses entries rather than time.
    """
    mask = table.shape[0] - 1
    first = np.int64(mixed(signature) & np.uint64(mask))
    row = first
    for probe in range(_PROBES):
        row = (first + probe) & mask
        if table[row, 2] != search:
            break
        if table[row, 0] == signature:
            if table[row, 1] <= cost:
                return True
            table[row, 1] = cost
            return False
        if probe == _PROBES - 1:
            row = first
    table[row, 0] = signature
    table[row, 1] = cost
    table[row, 2] = search
    return False
