"""A small corpus of made-up levels, for tests."""

from pathlib import Path

import numpy as np

from gym_mario_suite.levels.formats.vglc_text import write_vglc_text
from gym_mario_suite.levels.tile_grid import Tile, TileGrid


def made_up_level(seed: int, width: int = 70, height: int = 14) -> np.ndarray:
    rng = np.random.default_rng(seed)
    codes = np.full((height, width), Tile.EMPTY, np.uint8)
    codes[-1] = Tile.GROUND
    codes[:-1][rng.random((height - 1, width)) < 0.05] = Tile.BRICK  # so that none is like another
    for x in range(6, width - 6, 8):
        at = x + int(rng.integers(0, 4))
        kind = int(rng.integers(0, 4))
        if kind == 0:
            codes[-3, at : at + 2] = Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT
            codes[-2, at : at + 2] = Tile.PIPE_LEFT, Tile.PIPE_RIGHT
        elif kind == 1:
            codes[-5, at : at + 3] = Tile.BRICK
        elif kind == 2:
            codes[-2, at] = Tile.ENEMY
        else:
            codes[-1, at : at + 2] = Tile.EMPTY
    return codes


def write_corpus(folder: Path, levels: int = 8) -> Path:
    """Levels of two games; the last of each is a copy of the first."""
    for game in ("smb", "smb2j"):
        place = folder / game / "processed"
        place.mkdir(parents=True)
        for i in range(levels):
            seed = i if i < levels - 1 else 0
            codes = made_up_level(seed + (100 if game == "smb2j" else 0))
            (place / f"level-{i}.txt").write_text(write_vglc_text(TileGrid(codes)))
    return folder
