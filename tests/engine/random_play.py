"""Levels at random, and what is held in them: what the tests of robustness play."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gym_mario_suite.engine.game import CREATURES_OFF, INVULNERABLE, POWER_RESTORATION, TIMER_OFF
from gym_mario_suite.engine.tiles import TILE_BEHAVIOUR, Behaviour, Tile
from gym_mario_suite.engine.world import (
    EnemyType,
    Worlds,
)
from gym_mario_suite.levels import Level, Spawn, generate
from tests.engine import recordings

ALL_SWITCHES = CREATURES_OFF | INVULNERABLE | POWER_RESTORATION | TIMER_OFF
SOLID = np.flatnonzero(TILE_BEHAVIOUR & Behaviour.BLOCK_ALL)
CHANGING = [
    Tile.HIDDEN_COIN_BLOCK,
    Tile.HIDDEN_POWER_BLOCK,
    Tile.BRICK,
    Tile.BRICK_COIN,
    Tile.BRICK_POWER,
    Tile.QUESTION_COIN,
    Tile.QUESTION_POWER,
    Tile.COIN,
]
PALETTES = {
    "any": np.arange(256),
    "solid": SOLID,
    "blocks": np.array(CHANGING),
    "platforms": np.array([Tile.HILL_TOP, Tile.HILL_TOP_LEFT, Tile.HIDDEN_COIN_BLOCK]),
    "cannons": np.array([Tile.CANNON_MUZZLE, Tile.CANNON_MUZZLE, Tile.CANNON_NECK, Tile.COIN]),
}


def random_level(
    rng: np.random.Generator,
    width: int,
    height: int,
    palette: str,
    density: float,
    ground: int,
    crowd: float,
    only: EnemyType | None,
    x_exit: int,
) -> Level:
    """Tiles and spawn points at random, with some rows of ground (as far down as row 14)."""
    tiles = rng.choice(PALETTES[palette], (width, height)).astype(np.uint8)
    tiles[rng.random((width, height)) >= density] = Tile.AIR
    if ground:
        tiles[:, max(0, min(height, 15) - ground) :] = Tile.GROUND_TOP
    cells = np.argwhere(rng.random((width, height)) < crowd).tolist()
    spawns = [
        Spawn(x, y, EnemyType(int(rng.integers(5))) if only is None else only, bool(wings))
        for (x, y), wings in zip(cells, rng.integers(2, size=len(cells)), strict=True)
    ]
    return Level(tiles, spawns, x_exit)


@st.composite
def random_levels(draw: st.DrawFn) -> Level:
    """Of any shape and filling."""
    width = draw(st.one_of(st.integers(30, 80), st.integers(1, 80), st.integers(1, 6)))
    x_exits = st.one_of(st.just(width + 3), st.integers(width // 2, width), st.integers(-3, 9))
    return random_level(
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
        width,
        height=draw(st.one_of(st.just(15), st.just(15), st.integers(1, 40))),
        palette=draw(st.sampled_from(sorted(PALETTES))),
        density=draw(st.sampled_from([0.02, 0.05, 0.1, 0.2, 0.5, 1.0])),
        ground=draw(st.sampled_from([0, 1, 2, 2, 3])),
        crowd=draw(st.sampled_from([0.01, 0.03, 0.1, 1.0])),
        only=draw(st.sampled_from([None, *EnemyType])),
        x_exit=draw(x_exits),
    )


generated_levels = st.builds(
    generate,
    seed=st.integers(-(1 << 63), (1 << 63) - 1),
    difficulty=st.one_of(st.integers(1, 12), st.integers(-5, 60)),
    level_type=st.sampled_from([0, 0, 1, 2, 3]),
    length=st.one_of(st.integers(150, 400), st.integers(1, 400)),
)


@dataclass(frozen=True)
class Play:
    """Options and buttons of one game."""

    mode: int
    time_limit: int
    switches: int
    keys: NDArray[np.uint8]


def random_buttons(seed: int, count: int) -> bytes:
    """Any buttons at times, but mostly runs and jumps to the right, which see more of a level."""
    rng = np.random.default_rng(seed)
    wild = rng.integers(0, 256, count)
    forward = rng.choice([2, 10, 18, 26, 26, 26, 8, 17, 20, 24], count)
    return np.where(rng.random(count) < rng.random(), wild, forward).astype(np.uint8).tobytes()


def buttons_of(choices: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(bytes(choice & 31 for choice in choices), np.uint8)


@st.composite
def plays(draw: st.DrawFn, max_ticks: int = 600) -> Play:
    """Any bytes as buttons; each is held for some ticks."""
    held = draw(st.integers(1, 12))
    most = max_ticks // held
    # Left alone hypothesis would nearly always choose a handful of bytes.
    choices = draw(
        st.one_of(
            st.builds(random_buttons, st.integers(0, 2**32 - 1), st.just(most)),
            st.builds(random_buttons, st.integers(0, 2**32 - 1), st.just(most)),
            st.binary(min_size=1, max_size=most),
        )
    )
    keys = np.repeat(buttons_of(choices), held)
    return Play(
        mode=draw(st.integers(0, 2)),
        time_limit=draw(st.sampled_from([200, 200, 200, 0, 1, 2, 3])),
        switches=draw(
            st.one_of(
                st.sampled_from([0, INVULNERABLE, INVULNERABLE | POWER_RESTORATION]),
                st.integers(0, ALL_SWITCHES),
            )
        ),
        keys=keys,
    )


def evenly_drawn_game(seed: int) -> tuple[Level, Play]:
    """Without hypothesis, whose examples are mostly simple and short."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        level = generate(seed, int(rng.integers(0, 20)), int(rng.integers(3)), 250)
    else:
        width = int(rng.integers(40, 120))
        level = random_level(
            rng,
            width,
            height=15,
            palette=str(rng.choice(sorted(PALETTES))),
            density=float(rng.choice([0.02, 0.05, 0.1, 0.2])),
            ground=2,
            crowd=float(rng.choice([0.01, 0.03, 0.1])),
            only=None,
            x_exit=int(rng.choice([width // 2, width + 3])),
        )
    keys = buttons_of(random_buttons(seed, 200))
    switches = int(rng.choice([0, INVULNERABLE, INVULNERABLE | POWER_RESTORATION]))
    held = rng.integers(1, 8, len(keys))
    return level, Play(int(rng.integers(3)), 200, switches, np.repeat(keys, held))


def run(level: Level, play: Play) -> Worlds:
    worlds = recordings.start(level, play.mode, play.time_limit, play.switches)
    return recordings.play(level, worlds, play.keys)
