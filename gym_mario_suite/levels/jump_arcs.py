"""Mario's jumps as published arcs of tiles.

The 26 arcs to the right below and their mirror images to the left are the 52 different ones among
the 120 of `estimated_jumps.json` of the Video Game Level Corpus
(https://github.com/TheVGLC/TheVGLC, commit 0e86a8f; A. Summerville, S. Snodgrass, M. Mateas,
S. Ontañón, "The VGLC: The Video Game Level Corpus", PCG Workshop 2016). The figures are used under
the corpus' licence, reproduced here as it asks:

The MIT License (MIT). Copyright (c) 2016 Adam Summerville, Santiago Ontanon, Sam Snodgrass.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions: The above copyright notice and this
permission notice shall be included in all copies or substantial portions of the Software. THE
SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Arc = tuple[tuple[int, int], ...]

# dx,dy in tiles from where Mario takes off; dy is negative above it.
_TO_THE_RIGHT = """
0,-1 1,-1 2,-1 2,-1 3,-1 4,-1 4,0
0,-1 1,-1 2,-1 2,-1 3,-1 4,-1 4,0 5,0 5,1 6,1 6,2
0,-1 1,-1 2,-1 2,-1 3,-1 3,0 4,0 5,0 5,1 5,2 6,2 6,3
0,-1 1,-1 1,-2 2,-2 2,-3 3,-3 3,-3 4,-3 5,-3 5,-2 6,-2 6,-1 7,-1 7,0
0,-1 1,-1 1,-2 2,-2 2,-3 3,-3 3,-3 4,-3 4,-2 5,-2 6,-2 6,-1 6,0 7,0 7,1
0,-1 1,-1 1,-2 2,-2 2,-3 3,-3 3,-4 4,-4 5,-4 5,-4 6,-4 6,-3 7,-3 8,-3 8,-2 8,-1 9,-1 9,0
0,-1 1,-1 1,-1 2,-1 3,-1 3,0
0,-1 1,-1 1,-1 2,-1 3,-1 3,0 4,0 4,1 5,1 5,2
0,-1 1,-1 1,-1 2,-1 2,0 3,0 4,0 4,1 4,2 5,2 5,3
0,-1 1,-1 1,-2 2,-2 2,-3 3,-3 3,-4 4,-4 4,-4 5,-4 5,-3 6,-3 7,-3 7,-2 7,-1 8,-1 8,0
0,-1 1,-1 1,-2 1,-3 2,-3 2,-3 3,-3 4,-3 4,-2 5,-2 5,-1 6,-1 6,0
0,-1 1,-1 1,-2 1,-3 2,-3 2,-3 3,-3 3,-2 4,-2 5,-2 5,-1 5,0 6,0 6,1
0,-1 1,-1 1,-2 1,-3 2,-3 2,-4 3,-4 4,-4 4,-4 5,-4 5,-3 6,-3 7,-3 7,-2 7,-1 8,-1 8,0
0,-1 1,-1 1,-2 1,-3 2,-3 2,-4 3,-4 3,-4 4,-4 4,-3 5,-3 6,-3 6,-2 6,-1 7,-1 7,0
0,-1 0,-2 1,-2 1,-3 1,-3 2,-3 3,-3 3,-2 4,-2 4,-1 5,-1 5,0
0,-1 0,-2 1,-2 1,-3 1,-3 2,-3 2,-2 3,-2 4,-2 4,-1 4,0 5,0 5,1
0,-1 0,-2 1,-2 1,-3 1,-4 2,-4 2,-4 3,-4 3,-3 4,-3 5,-3 5,-2 5,-1 6,-1 6,0
0,-1 0,-1 1,-1 2,-1 2,0
0,-1 0,-1 1,-1 2,-1 2,0 3,0 3,1 4,1 4,2
0,-1 0,-1 1,-1 1,0 2,0 3,0 3,1 3,2 4,2 4,3
0,-1 0,-2 0,-3 1,-3 1,-3 2,-3 3,-3 3,-2 4,-2 4,-1 5,-1 5,0
0,-1 0,-2 0,-3 1,-3 1,-3 2,-3 2,-2 3,-2 4,-2 4,-1 4,0 5,0 5,1
0,-1 0,-2 0,-3 1,-3 1,-4 1,-4 2,-4 2,-3 3,-3 4,-3 4,-2 4,-1 5,-1 5,0
0,-1 0,-2 0,-3 0,-3 1,-3 2,-3 2,-2 3,-2 3,-1 4,-1 4,0
0,-1 0,-2 0,-3 0,-3 1,-3 1,-2 2,-2 3,-2 3,-1 3,0 4,0 4,1
0,-1 0,-2 0,-3 0,-4 1,-4 1,-4 2,-4 2,-3 3,-3 4,-3 4,-2 4,-1 5,-1 5,0
"""


def _arcs() -> tuple[Arc, ...]:
    right = [
        tuple((int(x), int(y)) for x, y in (point.split(",") for point in line.split()))
        for line in _TO_THE_RIGHT.split("\n")
        if line
    ]
    return tuple(right + [tuple((-x, y) for x, y in arc) for arc in right])


ARCS = _arcs()
REACH_COLUMNS = max(abs(x) for arc in ARCS for x, _ in arc)
REACH_UP = -min(y for arc in ARCS for _, y in arc)
REACH_DOWN = max(y for arc in ARCS for _, y in arc)


def arc_tree() -> NDArray[np.int32]:
    """The arcs as a tree of their common beginnings, int32[points, 4].

    Each row is a point: dx, dy, the row of the point before it (-1 for a first one), and the row
    after the last of those that follow it. Points come before those that follow them, so a search
    over all arcs is one walk over the rows that skips what lies behind an obstacle. A point that an
    arc repeats is there once.
    """
    tree: list[list[int]] = []

    def grow(arcs: list[Arc], parent: int) -> None:
        firsts: dict[tuple[int, int], list[Arc]] = {}
        for arc in arcs:
            firsts.setdefault(arc[0], []).append(arc[1:])
        for (dx, dy), rests in firsts.items():
            row = len(tree)
            tree.append([dx, dy, parent, 0])
            grow([rest for rest in rests if rest], row)
            tree[row][3] = len(tree)

    grow([tuple(dict.fromkeys(arc)) for arc in ARCS], -1)
    return np.array(tree, np.int32)
