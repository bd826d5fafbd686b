"""Make the pictures that move: `python docs/make_gifs.py [NAME ...]` (needs Pillow).

Without names it makes all of generator, maker, maker_play, dream and race; docs/make_pictures.py
makes play.gif.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PICTURES = Path(__file__).parent / "pictures"
TICK_MS = 1000 // 24
DREAM_SPAWN = 24  # hills, of difficulty 2

Picture = NDArray[np.uint8]


def save_gif(name: str, frames: list[Picture], frame_ms: int, last_ms: int = 0) -> None:
    """An endless GIF with one palette for all frames, since colours would flicker otherwise."""
    sample = Image.fromarray(np.vstack(frames[:: max(1, len(frames) // 8)]))
    palette = sample.quantize(96, method=Image.Quantize.MEDIANCUT)
    images = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    durations = [frame_ms] * len(images)
    durations[-1] = last_ms or frame_ms
    images[0].save(
        PICTURES / f"{name}.gif",
        save_all=True,
        append_images=images[1:],
        duration=durations,
        loop=0,
        optimize=True,
    )


def generator() -> None:
    """A level of the tile diffusion as it is decided, iteration by iteration."""
    from gym_mario_suite.levels.generators import generator_named
    from gym_mario_suite.levels.trace_picture import trace_frames

    grid = generator_named("tile-diffusion").generate_grid(7, width=40, trace=True)
    frames = [frame[::2, ::2].copy() for frame in trace_frames(grid)]
    save_gif("generator", frames, 250, 3000)


def _course() -> tuple[Any, Picture]:
    """An environment with flat ground, and the map that hill climbing would make of it."""
    from gym_mario_suite.agents.maker.search import HillClimber

    env: Any = gym.make(
        "MarioMaker-v0",
        representation="flat",
        width=40,
        limits="smb",
        init="empty",
        render_mode="rgb_array",
    )
    env.reset(seed=3)
    return env, HillClimber(30_000).plan(env.unwrapped, 0, 0)


def maker() -> None:
    """Hill climbing's course, edit by edit, in the order of the columns."""
    env, plan = _course()
    cells = env.unwrapped.batch.board.maps[0]
    columns, rows = np.nonzero((cells != plan).T)
    _, width = plan.shape
    parts = env.action_space.n // plan.size
    frames = [env.render()]
    for row, column in zip(rows, columns, strict=True):
        _, _, met, _, _ = env.step((row * width + column) * parts + plan[row, column])
        frames.append(env.render())
        if met:  # all targets, before the plan is done
            break
    save_gif("maker", [frame[::2, ::2].copy() for frame in frames], 80, 3000)


def maker_play() -> None:
    """A* plays that course."""
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.engine.draw import Renderer
    from gym_mario_suite.engine.game import Game

    env, plan = _course()
    env.unwrapped.batch.board.maps[0] = plan
    game_env: Any = gym.make("MarioMakerPlay-v0", course=env.unwrapped.course)
    game = Game(game_env.unwrapped.options.fixed_level.image)
    agent, renderer = make_agent("astar-world"), Renderer()
    agent.reset()
    frames, keys = [], 0
    while game.status.name == "RUNNING" and len(frames) < 200:
        game.tick(keys)
        keys = agent.act(game)
        frames.append(renderer.rgb(game.image, game.worlds, 0, 0)[::2, ::2].copy())
    save_gif("maker_play", frames[::2], 2 * TICK_MS, 1500)


def dream() -> None:
    """The engine, a dream that is told its level, and one that makes up what comes."""
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.dream.spawns import built_in_spawns
    from gym_mario_suite.engine.draw import Renderer
    from gym_mario_suite.envs.actions import ACTION_SETS

    spawn = built_in_spawns()[DREAM_SPAWN]
    game, theme = spawn.game(), int(spawn.origin["type"])
    agent, renderer = make_agent("forward-jumping"), Renderer()
    agent.reset()
    bits = ACTION_SETS["curiosity"].keys.tolist()
    dreams = [
        gym.make("MarioDream-v0", done_threshold=1.0, level_hint=hint) for hint in (True, False)
    ]
    for env in dreams:
        env.reset(seed=0, options={"spawn": DREAM_SPAWN})
    gap, frames = np.zeros((120, 4, 3), np.uint8), []
    while game.status.name == "RUNNING" and len(frames) < 120:
        keys = agent.act(game)
        game.tick(keys)
        truth = renderer.rgb_half(game.image, game.worlds, 0, theme, hud=False).copy()
        dreamt = [env.step(bits.index(keys))[0] for env in dreams]
        frames.append(np.hstack([truth, gap, dreamt[0], gap, dreamt[1]]))
    save_gif("dream", frames[::2], 2 * TICK_MS, 800)


def race() -> None:
    """A race of A* with a small budget against the rule that only jumps."""
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.multiplayer import mario_race_v0
    from gym_mario_suite.multiplayer.seat_game import SeatGame

    env = mario_race_v0.parallel_env(
        players=2, difficulty=2, actions="buttons", render_mode="rgb_array"
    )
    env.reset(seed=0, options={"seed": 4})
    agents = [make_agent("astar-world:budget=60"), make_agent("forward-jumping")]
    seats = [SeatGame(env.batch, 0, seat) for seat in range(2)]
    for agent in agents:
        agent.reset()
    frames = []
    while len(env.agents) == 2 and len(frames) < 170:
        asked = [agents[seat].act(seats[seat].now()) for seat in range(2)]
        env.step(
            {
                f"player_{seat}": np.array([keys >> bit & 1 for bit in range(5)], np.int8)
                for seat, keys in enumerate(asked)
            }
        )
        picture: Any = env.render()
        frames.append(picture[::2, ::2].copy())
    save_gif("race", frames[::2], 2 * TICK_MS, 800)


MAKERS: dict[str, Callable[[], None]] = {
    "generator": generator,
    "maker": maker,
    "maker_play": maker_play,
    "dream": dream,
    "race": race,
}


def main() -> None:
    """Make those that are named, or all."""
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()
        print(f"{name}.gif: {(PICTURES / f'{name}.gif').stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
