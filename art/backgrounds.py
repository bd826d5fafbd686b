"""The parallax backgrounds, painted by rule instead of by hand.

Each theme has a far layer without holes and a near layer with holes (index 0), 640 x 240 pixels,
both continuing into themselves from the right edge to the left one. All randomness is a hash of
the coordinates, so that the same code always paints the same pixels. The light comes from the top
left, as in the sprites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pixelmaps import Palette

WIDTH_PX, HEIGHT_PX = 640, 240
THEMES = ("overground", "underground", "castle")

Mask = NDArray[np.bool_]
_Y, _X = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
_BAYER_4 = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
_THRESHOLD = (_BAYER_4[_Y % 4, _X % 4] + 0.5) / 16


class Layer:
    """A picture under way: masks are filled with colours named in the palette."""

    def __init__(self, palette: Palette) -> None:
        """Start with an empty (transparent) layer."""
        self._index_of = palette.index_of
        self.pixels = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)

    def fill(self, mask: Mask, colour: str) -> None:
        """Paint every pixel of the mask."""
        self.pixels[mask] = self._index_of[colour]

    def shows(self, colour: str) -> Mask:
        """Where the layer has this colour so far."""
        return self.pixels == self._index_of[colour]

    def ramp(self, mask: Mask, level: NDArray[np.float64], colours: Sequence[str]) -> None:
        """Paint `level` (0 = first colour, 1 = last) with ordered dithering between steps."""
        steps = np.clip(level, 0, 1) * (len(colours) - 1)
        # Only the middle of a step is dithered: the bands stay calm.
        whole = np.floor(steps)
        part = np.clip((steps - whole - 0.2) / 0.6, 0, 1)
        choice = (whole + (part > _THRESHOLD)).astype(int)
        table = np.array([self._index_of[colour] for colour in colours], np.uint8)
        self.pixels[mask] = table[np.clip(choice, 0, len(colours) - 1)][mask]

    def solid(self, mask: Mask, light: str, body: str, shade: str, depth: int = 2) -> None:
        """Paint a body lit from the top left: a light rim there, a shadow on the other side."""
        self.fill(mask, body)
        self.fill(mask & ~_shifted(mask, -depth, -depth), shade)
        self.fill(mask & ~_shifted(mask, 1, 1), light)


def paint_backgrounds(palette: Palette) -> NDArray[np.uint8]:
    """Paint all themes; returns uint8[theme, layer (far, near), 240, 640] of palette indices."""
    painters = (_overground, _underground, _castle)
    return np.array([[layer.pixels for layer in paint(palette)] for paint in painters], np.uint8)


# --- shapes -------------------------------------------------------------------------------------


def _shifted(mask: Mask, right: int, down: int) -> Mask:
    """Move a mask, around the sides; what comes in at top or bottom repeats the edge row."""
    rows = np.clip(np.arange(HEIGHT_PX) - down, 0, HEIGHT_PX - 1)
    return np.roll(mask[rows], right, axis=1)


def _dx(x_px: float) -> NDArray[np.float64]:
    """Horizontal distance to a column, the short way round."""
    return (_X - x_px + WIDTH_PX / 2) % WIDTH_PX - WIDTH_PX / 2


def _disc(
    x_px: float, y_px: float | NDArray[np.float64], radius_x: float, radius_y: float | None = None
) -> Mask:
    radius_y = radius_x if radius_y is None else radius_y
    return (_dx(x_px) / radius_x) ** 2 + ((_Y - y_px) / radius_y) ** 2 <= 1


def _box(left: int, top: int, width: int, height: int) -> Mask:
    return ((_X - left) % WIDTH_PX < width) & (top <= _Y) & (top + height > _Y)


def _hash01(a: NDArray[np.int64] | int, b: NDArray[np.int64] | int, salt: int) -> NDArray:
    """A number in [0, 1) for each pair of integers."""
    with np.errstate(over="ignore"):
        value = np.asarray(a, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        value ^= np.asarray(b, np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(salt)
        value ^= value >> np.uint64(29)
        value *= np.uint64(0xBF58476D1CE4E5B9)
        value ^= value >> np.uint64(32)
    return (value % np.uint64(65536)).astype(np.float64) / 65536


def _waves(terms: Sequence[tuple[int, float, float]]) -> NDArray[np.float64]:
    """Sum of sines over the width: (periods, amplitude in pixels, phase in turns)."""
    x = np.arange(WIDTH_PX) / WIDTH_PX
    return sum(
        (size * np.sin(2 * np.pi * (count * x + phase)) for count, size, phase in terms),
        np.zeros(WIDTH_PX),
    )


# --- overground ---------------------------------------------------------------------------------


def _overground(palette: Palette) -> tuple[Layer, Layer]:
    far = Layer(palette)
    everywhere = np.ones((HEIGHT_PX, WIDTH_PX), bool)
    far.ramp(everywhere, _Y / 178, [f"sky_{step}" for step in range(8)])
    for x, y, size in ((70, 52, 1.0), (236, 84, 0.7), (372, 64, 1.25), (540, 70, 0.85)):
        _cloud(far, x, y, size)
    for x, y, size in ((150, 112, 0.5), (310, 120, 0.45), (455, 106, 0.55), (610, 116, 0.5)):
        _cloud(far, x, y, size)
    peaks = ((40, 82), (110, 60), (196, 96), (262, 66), (348, 88), (420, 58), (498, 104), (578, 72))
    _mountains(far, 196, peaks, ("ridge_light", "ridge", "ridge_shade"), snow_above=132)
    spurs = ((0, 44), (84, 34), (150, 48), (228, 38), (310, 50), (388, 34), (455, 46), (548, 40))
    _mountains(far, 200, spurs, ("spur_light", "spur", "spur_shade"), snow_above=0)
    haze = _Y >= 172
    far.ramp(haze & (_THRESHOLD < (_Y - 172) / 48), _Y * 0.0, ["spur_light"])
    far.fill(_Y >= 220, "spur_light")

    near = Layer(palette)
    back = 176 + _waves(((3, 9, 0.1), (5, 5, 0.55), (8, 2, 0.3)))
    front = 198 + _waves(((2, 8, 0.6), (5, 6, 0.2), (9, 2, 0.8)))
    hills = back[None, :] <= _Y
    near.fill(hills, "meadow_light")
    near.fill(hills & (back[None, :] + 2 > _Y), "meadow_rim")
    for x in (24, 33, 188, 197, 209, 330, 470, 479, 596):
        _poplar(near, x, int(back[x]) + 3, 15 + x % 7)
    for x, size in ((60, 8), (120, 11), (250, 9), (292, 12), (396, 9), (430, 12), (530, 10)):
        _bush(near, x, int(back[x]) + 2, size)
    slope = front[None, :] <= _Y
    near.ramp(slope, (_Y - front[None, :]) / 46, ["meadow", "meadow_shade", "meadow_shade"])
    near.fill(slope & (front[None, :] + 2 > _Y), "meadow_rim")
    for x, size in ((8, 12), (92, 9), (160, 13), (232, 10), (352, 13), (410, 9), (500, 12)):
        _bush(near, x, int(front[x]) + 3, size)
    return far, near


def _cloud(layer: Layer, x: int, base: int, size: float) -> None:
    """A heap cloud with a flat base: a row of discs, each lit on its own."""
    heap = ((-30, 8), (30, 9), (-17, 14), (18, 15), (0, 20), (-8, 12), (9, 11))
    above = base >= _Y
    discs = [_disc(x + dx * size, base - r * size * 0.55, r * size) & above for dx, r in heap]
    body = np.logical_or.reduce(discs)
    layer.fill(body, "cloud")
    for disc in discs:
        layer.fill(disc & ~_shifted(disc, round(3 * size), round(3 * size)), "cloud_light")
    depth = (_Y - base + 9 * size) / (7 * size)
    layer.fill((body & (depth > _THRESHOLD)) | (body & ~_shifted(body, -2, -2)), "cloud_shade")
    layer.fill(body & (base - 2 * size < _Y), "cloud_deep")


def _mountains(
    layer: Layer,
    base: int,
    peaks: Sequence[tuple[int, int]],
    colours: tuple[str, str, str],
    snow_above: int,
) -> None:
    """Faceted peaks (column, height); each is split by a crooked ridge line into lit and shaded."""
    light, body, shade = colours
    rough = _waves(((37, 1.5, 0.2), (61, 1.2, 0.7), (101, 0.8, 0.4)))
    for x, height in sorted(peaks, key=lambda peak: -peak[1]):
        dx = _dx(x)
        top = base - height
        crooked = 5 * np.sin((_Y - top) / 6.0 + x) + (_Y - top) * 0.10
        inside = top + np.abs(dx) * (0.95 + (x % 5) * 0.04) + rough[None, :] <= _Y
        layer.fill(inside, light)
        layer.fill(inside & (dx > crooked), body)
        gullies = ((dx * 0.8 + _Y) % 23 < 5) & (dx > crooked + 4)
        layer.fill(inside & gullies, shade)
        layer.fill(inside & ((dx * -0.9 + _Y) % 29 < 4) & (dx < crooked - 6), body)
        cap = snow_above + 5 * np.sin(dx * 0.9 + x) + 3 * np.sin(dx * 0.37)
        snow = inside & (cap - (100 - height) * 0.2 > _Y)
        layer.fill(snow, "snow")
        layer.fill(snow & (dx > crooked), "snow_shade")


def _poplar(layer: Layer, x: int, ground: int, height: int) -> None:
    layer.fill(_box(x - 1, ground - 6, 2, 6), "trunk")
    crown = _disc(x - 0.5, ground - 3 - height * 0.55, 4.5, height * 0.6)
    layer.solid(crown, "grove_light", "grove", "grove_shade", 3)


def _bush(layer: Layer, x: int, ground: int, size: int) -> None:
    parts = ((-1.0, 0.6), (1.05, 0.65), (-0.35, 0.95), (0.45, 0.85), (0.0, 0.6))
    for dx, share in parts:
        radius = size * share
        part = _disc(x + dx * size, ground - radius * 0.5, radius) & (ground + 1 >= _Y)
        layer.solid(part, "grove_light", "grove", "grove_shade", 3)
    leaves = _hash01(_X // 2, _Y // 2, size * 977 + x) > 0.93
    bush = _disc(x, ground - size * 0.3, size * 1.4, size) & (ground >= _Y)
    layer.fill(bush & leaves & layer.shows("grove"), "grove_light")


# --- underground --------------------------------------------------------------------------------


def _underground(palette: Palette) -> tuple[Layer, Layer]:
    far = Layer(palette)
    edge, light, cell = _boulders(26)
    level = 0.20 + 0.45 * light + 0.18 * cell - 0.12 * np.abs(_Y - 130) / 130
    level = np.where(edge < 2.2, 0.08, level)
    rock = [f"cave_{step}" for step in range(6)]
    everywhere = np.ones((HEIGHT_PX, WIDTH_PX), bool)
    far.ramp(everywhere, level, rock)
    wobble = _waves(((3, 10, 0.2), (7, 5, 0.6), (16, 2, 0.1)))[None, :]
    for x, y, radius in ((120, 128, 62), (300, 150, 38), (470, 118, 74), (606, 158, 30)):
        mouth = _disc(x, y + wobble * radius / 70, radius, radius * 0.62)
        far.fill(mouth & ~_shifted(mouth, -3, -3), "cave_4")
        far.ramp(mouth & _shifted(mouth, 2, 2), (_Y - y + radius) / (2.2 * radius), rock[:2])
        mist = (_Y - y) / (radius * 0.62)
        far.ramp(
            mouth & _shifted(mouth, 3, 3) & (mist > -0.1 + 0.3 * _THRESHOLD),
            mist * 0.9,
            ["cave_1", "mist_0", "mist_1"],
        )

    near = Layer(palette)
    for number in range(26):
        x = number * 25 + int(_hash01(number, 1, 5) * 18)
        length = 64 + int(_hash01(number, 2, 5) * 52) + (28 if number % 6 == 2 else 0)
        _spike(near, x, 0, length, 5 + length // 14)
    for number in range(20):
        x = number * 32 + int(_hash01(number, 3, 5) * 22)
        height = 46 + int(_hash01(number, 4, 5) * 40)
        _spike(near, x, HEIGHT_PX, -height, 8 + height // 9)
    skyline = 214 + _waves(((4, 5, 0.3), (9, 4, 0.1), (23, 1.5, 0.5)))
    for number, x in enumerate((52, 210, 300, 388, 548)):
        _crystals(near, x, int(skyline[x]), "amethyst" if number in (1, 4) else "crystal")
    floor = skyline[None, :]
    near.fill(floor <= _Y, "cave_2")
    near.fill((floor <= _Y) & (floor + 2 > _Y), "cave_5")
    near.fill((floor <= _Y) & (floor + 7 > _Y) & (floor + 2 <= _Y) & (_THRESHOLD < 0.5), "cave_3")
    return far, near


def _boulders(spacing: int) -> tuple[NDArray, NDArray, NDArray]:
    """Rounded rocks: distance to the next rock, light on the rock (0..1), brightness of its own."""
    columns, rows = round(WIDTH_PX / spacing), HEIGHT_PX // spacing + 3
    nearest = np.full((HEIGHT_PX, WIDTH_PX), 1e9)
    second, light, own = nearest.copy(), nearest.copy(), nearest.copy()
    for row in range(rows):
        for column in range(columns):
            jitter_x, jitter_y = float(_hash01(column, row, 11)), float(_hash01(column, row, 12))
            x = (column + 0.2 + 0.6 * jitter_x + 0.5 * (row % 2)) * WIDTH_PX / columns
            y = (row - 1 + 0.2 + 0.6 * jitter_y) * spacing
            dx, dy = _dx(x), (_Y - y) * 1.25
            distance = np.hypot(dx, dy)
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            light = np.where(closer, 0.5 - (dx + dy) / (1.6 * spacing), light)
            own = np.where(closer, float(_hash01(column, row, 13)), own)
            nearest = np.where(closer, distance, nearest)
    return second - nearest, np.clip(light, 0, 1), own


def _spike(layer: Layer, x: int, root: int, length: int, width: int) -> None:
    """A stalactite (length > 0, hanging) or stalagmite (length < 0, standing)."""
    along = (_Y - root) / length
    half = width * 0.5 * np.clip(1 - along, 0, 1) ** 0.8
    half = half + 0.9 * np.sin(_Y * 0.55 + x) * (along < 0.9)
    dx = _dx(x)
    body = (np.abs(dx) <= half) & (along >= 0) & (along < 1)
    layer.fill(body, "cave_3")
    layer.fill(body & (dx > half * 0.3), "cave_2")
    layer.fill(body & (dx < -half * 0.35), "cave_4")
    layer.fill(body & ~_shifted(body, 1, 0) & (dx < 0), "cave_5")
    layer.fill(body & ((_Y + x) % 13 < 1) & (np.abs(dx) < half * 0.6), "cave_4")


def _crystals(layer: Layer, x: int, ground: int, kind: str) -> None:
    """A cluster of leaning six-sided crystals with a dithered glow."""
    strength = 1 - np.hypot(_dx(x) / 36, (_Y - ground + 12) / 30)
    layer.fill(strength * 0.6 > _THRESHOLD, "mist_0" if kind == "crystal" else "cave_4")
    layer.fill((strength - 0.3) * 0.8 > _THRESHOLD, "mist_1" if kind == "crystal" else "cave_5")
    for lean, offset, height, width in (
        (-0.35, -9, 18, 6),
        (0.4, 10, 16, 6),
        (-0.12, -3, 30, 8),
        (0.2, 5, 23, 7),
    ):
        up = ground + 4 - _Y
        dx = _dx(x + offset) - lean * up
        tip = np.clip((height - up) / (width * 0.7), 0, 1)
        body = (np.abs(dx) <= width * 0.5 * tip) & (up >= 0) & (up < height)
        layer.fill(body, kind)
        layer.fill(body & (dx > width * 0.18), f"{kind}_shade")
        layer.fill(body & (dx < -width * 0.15), f"{kind}_light")
        layer.fill(body & (np.abs(dx + width * 0.2) < 0.6) & (up > height * 0.5), "crystal_glint")


# --- castle -------------------------------------------------------------------------------------


def _castle(palette: Palette) -> tuple[Layer, Layer]:
    far = Layer(palette)
    everywhere = np.ones((HEIGHT_PX, WIDTH_PX), bool)
    course = _Y // 16
    block = (_X + 16 * (course % 2)) % WIDTH_PX // 32
    tone = 0.56 + 0.25 * (_hash01(block, course, 21) - 0.5) - 0.2 * np.abs(_Y - 110) / 130
    far.ramp(everywhere, tone, [f"hall_{step}" for step in range(5)])
    in_x, in_y = (_X + 16 * (course % 2)) % 32, _Y % 16
    far.fill((in_x == 0) | (in_y == 15), "hall_0")
    far.fill(((in_y == 0) & (in_x > 0)) & (_hash01(block, course, 22) > 0.35), "hall_3")
    for number, x in enumerate(range(80, WIDTH_PX, 160)):
        _torch(far, x + 48, 128)
        _window(far, x, 74, number)

    near = Layer(palette)
    for x in range(0, WIDTH_PX, 160):
        _pillar(near, x)
    for x, length in ((36, 64), (196, 46), (356, 64), (516, 46)):
        _banner(near, x, 74, length)
    near.fill(_Y >= 226, "hall_1")
    near.fill(_Y == 226, "hall_5")
    return far, near


def _window(layer: Layer, x: int, top: int, number: int) -> None:
    """A pointed window on an evening sky; every second one shows the moon."""

    def arch(inset: int) -> Mask:
        half, spring = 22 - inset, top + 34
        dx = np.abs(_dx(x) + 0.5)
        point = np.hypot(dx + half * 0.6, _Y - spring) <= half * 1.6
        return (dx <= half) & (spring + 62 - inset > _Y) & ((spring <= _Y) | point)

    layer.solid(arch(0), "hall_6", "hall_4", "hall_1", 2)
    opening = arch(5)
    layer.ramp(opening, (_Y - top) / 96, [f"dusk_{step}" for step in range(5)])
    if number % 2 == 0:
        layer.fill(opening & _disc(x + 7, top + 26, 7), "moon")
    far_hills = top + 84 + 4 * np.sin(_X * 0.22 + number)
    layer.fill(opening & (far_hills <= _Y), "dusk_0")
    stars = (_hash01(_X, _Y, 31) > 0.985) & (top + 40 > _Y)
    layer.fill(opening & stars, "moon")
    bars = (np.abs(_dx(x) + 0.5) < 1) | (top + 56 == _Y) | (top + 57 == _Y)
    layer.fill(opening & bars, "hall_2")
    layer.fill(opening & ~_shifted(opening, 2, 2), "hall_1")
    sill = _box(x - 27, top + 96, 54, 6)
    layer.solid(sill, "hall_6", "hall_4", "hall_1", 1)


def _pillar(layer: Layer, x: int) -> None:
    shaft = _box(x - 11, 0, 22, HEIGHT_PX)
    across = (_dx(x) + 11) / 21
    layer.ramp(shaft, 1 - np.abs(across - 0.28) * 1.25, ["hall_1", "hall_2", "hall_3", "hall_4"])
    layer.fill(_box(x - 11, 0, 1, HEIGHT_PX) | _box(x + 10, 0, 1, HEIGHT_PX), "hall_0")
    for flute in (-4, 2, 7):
        layer.fill(_box(x + flute, 0, 1, HEIGHT_PX), "hall_1")
    for top, half, height in ((66, 16, 6), (72, 13, 4), (208, 13, 5), (213, 17, 20)):
        slab = _box(x - half, top, 2 * half, height)
        layer.solid(slab, "hall_5", "hall_3", "hall_1", 2)
        layer.fill(_box(x - half, top + height, 2 * half, 1), "hall_0")


def _banner(layer: Layer, x: int, top: int, length: int) -> None:
    """A hanging cloth with a swallow tail and a gold mark."""
    layer.fill(_box(x - 16, top - 3, 32, 2), "banner_gold")
    dx = _dx(x) + 0.5
    cloth = (np.abs(dx) < 13) & (top <= _Y) & (top + length - 10 * (1 - np.abs(dx) / 13) > _Y)
    folds = np.sin(dx * 0.62 + 0.8)
    layer.fill(cloth, "banner")
    layer.fill(cloth & (folds > 0.55), "banner_light")
    layer.fill(cloth & (folds < -0.6), "banner_shade")
    layer.fill(cloth & (np.abs(np.abs(dx) - 10.5) < 1), "banner_gold")
    mark = np.abs(dx) + np.abs(_Y - top - length * 0.4)
    layer.fill(cloth & (mark < 8) & (mark >= 5) | cloth & (mark < 3), "banner_gold")


def _torch(layer: Layer, x: int, y: int) -> None:
    """A wall torch with a dithered glow on the stones around it."""
    strength = 1 - np.hypot(_dx(x), _Y - y + 4) / 46
    layer.fill(strength * 0.55 > _THRESHOLD, "glow_0")
    layer.fill((strength - 0.35) * 0.9 > _THRESHOLD, "glow_1")
    dx = _dx(x) + 0.5
    for colour, width, height in (("flame_2", 5.0, 16), ("flame_1", 3.4, 11), ("flame_0", 1.8, 6)):
        up = (y + 3 - _Y) / height
        sway = 1.2 * np.sin(up * 4 + x)
        flame = (np.abs(dx - sway * up) <= width * np.sqrt(np.clip(up * 3, 0, 1)) * (1 - up)) & (
            up > 0
        )
        layer.fill(flame, colour)
    layer.solid(_box(x - 5, y + 3, 10, 3), "banner_gold", "hall_5", "hall_2", 1)
    layer.solid(_box(x - 2, y + 6, 4, 14), "hall_6", "hall_4", "hall_1", 1)
