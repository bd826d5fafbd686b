"""Grey pictures of any size from RGB or grey ones, as means of areas, in whole numbers.

A pixel of the result is the mean of the area that it covers, pixels across an edge counting by
their share, as OpenCV's INTER_AREA. All sums are exact, so the result depends on nothing but the
picture. Grey is (77 r + 150 g + 29 b + 128) // 256, the luma of ITU-R BT.601.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.errors import OptionError


@jit
def _shrink(
    pictures, mask, lines, columns, line_shares, column_shares, half, area, luma, sums, out
):
    """Shrink the pictures of the mask.

    Args:
        pictures: uint8[n, height, width, channels], 3 channels or 1.
        mask: bool[n].
        lines: int64[h, 2], first and last line that each line of the result covers.
        columns: int64[w, 2].
        line_shares: int64[h, 2], weights of the first and of the last line.
        column_shares: int64[w, 2], likewise of columns.
        half: int64, half the area, for rounding.
        area: int64[3]: area of a small pixel, weight of a whole line, weight of a whole column.
        luma: uint8[height, width], scratch.
        sums: int64[width], scratch.
        out: uint8[n, h, w], filled.
    """
    for i in range(pictures.shape[0]):
        if not mask[i]:
            continue
        for y in range(luma.shape[0]):
            for x in range(luma.shape[1]):
                pixel = pictures[i, y, x]
                if pixel.shape[0] == 1:
                    luma[y, x] = pixel[0]
                else:
                    luma[y, x] = (
                        np.uint32(77) * pixel[0]
                        + np.uint32(150) * pixel[1]
                        + np.uint32(29) * pixel[2]
                        + np.uint32(128)
                    ) >> np.uint32(8)
        for row in range(out.shape[1]):
            first, last = lines[row, 0], lines[row, 1]
            for x in range(luma.shape[1]):
                sums[x] = line_shares[row, 0] * luma[first, x]
            for y in range(first + 1, last):
                for x in range(luma.shape[1]):
                    sums[x] += area[1] * luma[y, x]
            if last > first:
                for x in range(luma.shape[1]):
                    sums[x] += line_shares[row, 1] * luma[last, x]
            for column in range(out.shape[2]):
                left, right = columns[column, 0], columns[column, 1]
                total = column_shares[column, 0] * sums[left]
                for x in range(left + 1, right):
                    total += area[2] * sums[x]
                if right > left:
                    total += column_shares[column, 1] * sums[right]
                out[i, row, column] = (total + half) // area[0]


class AreaShrink:
    """Shrinks pictures of one size and cuts lines off.

    Args:
        shape: Shape of a picture: (height, width, 3) or (height, width).
        size: Height and width after shrinking, at most those of the picture; None keeps them.
        crop: First line that is kept and the one past the last, after shrinking; None keeps all.

    Attributes:
        shape: Height and width of the result.

    Raises:
        OptionError: For another shape, or sizes that are not possible.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        size: tuple[int, int] | None = None,
        crop: tuple[int, int] | None = None,
    ) -> None:
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
            raise OptionError(
                f"a picture of shape (height, width, 3) or (height, width) is needed, got {shape}"
            )
        height, width = shape[:2]
        tall, wide = (height, width) if size is None else size
        if not (1 <= tall <= height and 1 <= wide <= width):
            raise OptionError(
                f"pictures of {height} x {width} can be shrunk to at most that size and at "
                f"least 1 x 1, not to {tall} x {wide}"
            )
        top, bottom = (0, tall) if crop is None else crop
        if not 0 <= top < bottom <= tall:
            raise OptionError(
                f"crop must be two lines from 0 to {tall}, the first one before the second, "
                f"got {crop}"
            )
        self.shape = (bottom - top, wide)
        lines, line_shares, line_weight, line_units = _cover(height, tall)
        self._lines, self._line_shares = lines[top:bottom], line_shares[top:bottom]
        self._columns, self._column_shares, column_weight, column_units = _cover(width, wide)
        area = line_units * column_units
        self._area = np.array([area, line_weight, column_weight])
        self._half = np.int64(area // 2)
        self._luma = np.zeros((height, width), np.uint8)
        self._sums = np.zeros(width, np.int64)

    def __call__(
        self, pictures: NDArray[np.uint8], mask: NDArray[np.bool_], out: NDArray[np.uint8]
    ) -> None:
        """Shrink the pictures of the mask (bool[n]) into `out`, uint8[n, *shape].

        Args:
            pictures: uint8[n, height, width, 3] or uint8[n, height, width].
            mask: Which.
            out: Filled where the mask is set.
        """
        if pictures.ndim == 3:
            pictures = pictures[..., None]
        _shrink(
            np.ascontiguousarray(pictures),
            mask,
            self._lines,
            self._columns,
            self._line_shares,
            self._column_shares,
            self._half,
            self._area,
            self._luma,
            self._sums,
            out,
        )


def _cover(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Which of `old` cells each of `new` larger ones covers, and by which share.

    Lengths are in the largest unit of which both cells are multiples: an old cell is `weight`
    units long, a new one `units`.

    Returns:
        (first and last old cell, int64[new, 2]; units of each that are covered, int64[new, 2];
        weight; units).
    """
    divisor = math.gcd(old, new)
    weight, units = new // divisor, old // divisor
    low = np.arange(new, dtype=np.int64) * units
    high = low + units
    first, last = low // weight, (high - 1) // weight
    begin = np.minimum((first + 1) * weight, high) - low
    end = high - np.maximum(last * weight, low)
    return np.stack([first, last], 1), np.stack([begin, end], 1), weight, units
