"""Make the pictures of README.md and docs: `python docs/make_pictures.py` (needs Pillow)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.beam.beam import Beam
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.planner import Planner, SearchOptions
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.picture import (
    RUN_COLOUR,
    STATIC_COLOUR,
    draw_way,
    joined,
    level_picture,
    playability_picture,
)
from gym_mario_suite.levels.playability import EnginePlayer, check

PICTURES = Path(__file__).parent / "pictures"
FRAME_MS = 1000 // 24 * 2  # every second tick, at the game's 24 ticks a second

Picture = NDArray[np.uint8]


def play(agent: Agent, seed: int, difficulty: int, theme: int, ticks: int) -> Iterator[Picture]:
    """Frames of an agent's play, one for each tick."""
    game = Game(generate(seed, difficulty, theme).image)
    renderer = Renderer()
    agent.reset()
    keys = 0
    for _ in range(ticks):
        game.tick(keys)
        keys = agent.act(game)
        yield renderer.rgb(game.image, game.worlds, 0, theme)
        if game.status != Status.RUNNING:
            return


def save_gif(path: Path, frames: list[Picture]) -> None:
    """An endless GIF of every second frame, in the colours of the first ones."""
    images = [Image.fromarray(frame) for frame in frames[::2]]
    # One palette for all frames: the sky would flicker otherwise.
    sample = Image.fromarray(np.vstack(frames[:: max(1, len(frames) // 8)]))
    palette = sample.quantize(128, method=Image.Quantize.MEDIANCUT)
    quantized = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    quantized[0].save(
        path, save_all=True, append_images=quantized[1:], duration=FRAME_MS, loop=0, optimize=True
    )


def dream() -> Picture:
    """True frames, and below them the shipped model's dream of them, every fourth tick."""
    from gym_mario_suite.datasets.tapes_json import load_tapes_json
    from gym_mario_suite.dream.runtime import open_model
    from gym_mario_suite.dream.step_evaluation import HELD_OUT
    from gym_mario_suite.dream.training_log import dream_strip
    from gym_mario_suite.dream.windows import TapeWindows

    windows = TapeWindows(load_tapes_json(HELD_OUT), 120, 160, end_share=0)
    return dream_strip(open_model(), windows, seed=1)


def ways() -> Picture:
    """A level, and the ways of A* (white) and of a beam that plans for coins, too (red)."""
    level = generate(1, 3, 0, 140)
    game = Game(level.image)
    game.tick(0)
    exit_px = float(level.x_exit * TILE_PX)
    planner = Planner(SearchOptions(budget=100_000))
    plans = (
        (planner.plan(game.image, game.worlds, exit_px, exit_px), STATIC_COLOUR),
        (Beam().plan(game.image, game.worlds), RUN_COLOUR),
    )
    pictures = []
    for plan, colour in plans:
        picture = level_picture(level)[:, : (level.x_exit + 3) * TILE_PX]
        draw_way(picture, plan.positions.astype(np.float64) - (0, TILE_PX / 2), colour)
        pictures.append(picture)
    return joined(pictures, 0)


def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(exist_ok=True)
    scenes = []
    for theme, seed, difficulty, tick in ((0, 3, 5, 118), (1, 4, 4, 104), (2, 9, 2, 120)):
        frames = list(play(make_agent("forward-jumping"), seed, difficulty, theme, tick))
        scenes.append(frames[-1])
    themes = Image.fromarray(joined(scenes, 1))
    themes.save(PICTURES / "themes.png", optimize=True)
    level = generate(3, 5, 0, 130)
    found = check(level, EnginePlayer())
    Image.fromarray(playability_picture(found)).save(PICTURES / "level_check.png", optimize=True)
    frames = list(play(make_agent("forward-jumping"), 0, 0, 0, 200))
    save_gif(PICTURES / "play.gif", frames)
    Image.fromarray(ways()).save(PICTURES / "beam.png", optimize=True)
    Image.fromarray(dream()).save(PICTURES / "dream.png", optimize=True)
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
