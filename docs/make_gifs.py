"""Make the pictures that move: `python docs/make_gifs.py [NAME ...]` (needs Pillow).

Without names it makes all of `MAKERS`; docs/make_pictures.py makes play.gif.
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


def _party(name: str, env: Any, level_seed: int, players: list[str], most_frames: int) -> None:
    """Agents play with one another, each on a screen of its own."""
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.multiplayer.seat_game import SeatGame

    env.reset(seed=0, options={"seed": level_seed})
    agents = [make_agent(player) for player in players]
    seats = [SeatGame(env.batch, 0, seat) for seat in range(len(players))]
    for agent in agents:
        agent.reset()
    frames = []
    while len(env.agents) == len(players) and len(frames) < most_frames:
        asked = [agent.act(seat.now()) for agent, seat in zip(agents, seats, strict=True)]
        env.step({f"player_{seat}": _switches(keys) for seat, keys in enumerate(asked)})
        frames.append(env.render()[::2, ::2].copy())
    save_gif(name, frames[::2], 2 * TICK_MS, 800)


def _switches(keys: int) -> NDArray[np.int8]:
    """Button bits as an action of the set `buttons`."""
    return np.array([keys >> bit & 1 for bit in range(5)], np.int8)


def race() -> None:
    """A race of A* with a small budget against the rule that only jumps."""
    from gym_mario_suite.multiplayer import mario_race_v0

    env = mario_race_v0.parallel_env(
        players=2, difficulty=2, actions="buttons", render_mode="rgb_array"
    )
    _party("race", env, 4, ["astar-world:budget=60", "forward-jumping"], 170)


def coop() -> None:
    """A* and rules of thumb on their way to the exit together."""
    from gym_mario_suite.multiplayer import mario_coop_v0

    env = mario_coop_v0.parallel_env(
        players=2, difficulty=1, actions="buttons", render_mode="rgb_array"
    )
    _party("coop", env, 3, ["astar-world:budget=60", "heuristic"], 120)


def coins() -> None:
    """Two rules of thumb and the coins of a level."""
    from gym_mario_suite.multiplayer import mario_coin_battle_v0

    env = mario_coin_battle_v0.parallel_env(
        players=2, difficulty=1, actions="buttons", render_mode="rgb_array"
    )
    _party("coins", env, 8, ["forward-jumping", "heuristic"], 120)


def design_play() -> None:
    """A designer builds steps, a gap and a pipe; the rule that only jumps plays the course."""
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.engine.game import Game
    from gym_mario_suite.levels.tile_grid import Tile
    from gym_mario_suite.multiplayer import mario_design_play_v0

    wanted = [(12 + i, 11 - i + k, Tile.BRICK) for i in range(3) for k in range(i + 1)]
    wanted += [(column, row, Tile.EMPTY) for column in (19, 20) for row in (12, 13)]
    wanted += [(24, 8, Tile.COIN_BLOCK), (25, 8, Tile.BRICK), (26, 8, Tile.POWER_BLOCK)]
    wanted += [(29, 10, Tile.PIPE_TOP_LEFT), (30, 10, Tile.PIPE_TOP_RIGHT)]
    wanted += [(29, 11, Tile.PIPE_LEFT), (30, 11, Tile.PIPE_RIGHT), (35, 11, Tile.ENEMY)]
    env = mario_design_play_v0.env(
        width=48, edits=len(wanted), actions="buttons", render_mode="rgb_array"
    )
    env.reset(seed=0)
    frames = [env.render()[::2, ::2].copy()]
    for edit in wanted:
        env.step(np.array(edit))
        frames.extend([env.render()[::2, ::2].copy()] * 4)
    # The same game once more, for the agent to look at.
    game, agent = Game(env.unwrapped.board.level().image), make_agent("forward-jumping")
    agent.reset()
    game.tick(0)
    while env.agent_selection == "player_0" and not any(env.terminations.values()):
        keys = agent.act(game)
        game.tick(keys)
        env.step(_switches(keys))
        frames.append(env.render()[::2, ::2].copy())
    save_gif("design", frames[::2], 2 * TICK_MS, 1500)


MAKERS: dict[str, Callable[[], None]] = {
    "generator": generator,
    "maker": maker,
    "maker_play": maker_play,
    "dream": dream,
    "race": race,
    "coop": coop,
    "coins": coins,
    "design": design_play,
}


def main() -> None:
    """Make those that are named, or all."""
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()
        print(f"{name}.gif: {(PICTURES / f'{name}.gif').stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
