"""Frames that other environments play in a second of processor time; prints one JSON object.

Run by a Python that has them and need not have this package:

    python nes_peers.py gym-super-mario-bros FRAMES REPETITIONS
    python nes_peers.py stable-retro FRAMES REPETITIONS ROM

The task is that of `benchmarks.nes`: stage 1-1, random actions of RIGHT_ONLY, each held for one or
four frames, the larger of the last two pictures, 84x84 grey, a stack of four. What comes on top of
the environments is done by OpenCV in one thread, or without OpenCV by taking every third pixel or
so, which is cheaper still than what learners do.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
import json
import sys
import time
from typing import Any

import numpy as np

try:
    import cv2

    cv2.setNumThreads(1)
except ImportError:
    cv2 = None  # type: ignore[assignment]


def small(picture):
    if cv2 is None:
        height, width = picture.shape[:2]
        rows, columns = (np.arange(84) * size // 84 for size in (height, width))
        return (picture[rows[:, None], columns] @ np.array([77, 150, 29])) // 256
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, (84, 84), interpolation=cv2.INTER_AREA)


def rate(env, actions, skip, repetitions):
    """Frames per second of each repetition."""
    stack = np.zeros((4, 84, 84), np.uint8)
    rates = []
    for repetition in range(repetitions + 1):
        env.reset(seed=0)
        start = time.thread_time()
        frames = 0
        for k, action in enumerate(actions[: len(actions) // skip]):
            before: Any = None
            picture: Any = None
            ended = False
            for _ in range(skip):
                before = picture
                picture, _, terminated, truncated, _ = env.step(action)
                frames += 1
                ended = terminated or truncated
                if ended:
                    break
            if skip > 1 and before is not None:
                picture = np.maximum(picture, before)
            stack[k % 4] = small(picture)
            if ended:
                env.reset()
        if repetition:
            rates.append(frames / (time.thread_time() - start))
    return rates


def gym_super_mario_bros_env():
    import gym_super_mario_bros
    import gymnasium
    from gym_super_mario_bros.actions import RIGHT_ONLY
    from nes_py.wrappers import JoypadSpace

    name = "SuperMarioBros-1-1-v0"
    if name not in gymnasium.registry:
        raise SystemExit(f"gym-super-mario-bros has no {name}: {gym_super_mario_bros.__name__}")
    return JoypadSpace(gymnasium.make(name), RIGHT_ONLY), lambda action: int(action)


def stable_retro_env(rom):
    """`retro.make` of the game's integration, with the ROM laid beside a copy of its data."""
    import atexit
    import hashlib
    import os
    import shutil
    import tempfile

    import stable_retro as retro

    game = "SuperMarioBros-Nes-v0"
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    source = os.path.join(os.path.dirname(retro.__file__), "data", "stable", game)
    target = os.path.join(folder, game)
    shutil.copytree(source, target)
    shutil.copy(rom, os.path.join(target, "rom.nes"))
    with open(rom, "rb") as file:
        sha1 = hashlib.sha1(file.read()[16:]).hexdigest()
    # The integration names one dump; any other of the game serves for timing.
    with open(os.path.join(target, "rom.sha"), "w") as file:
        file.write(sha1 + "\n")
    retro.data.Integrations.add_custom_path(folder)
    env = retro.make(
        game, state=retro.State.NONE, inttype=retro.data.Integrations.CUSTOM_ONLY, render_mode=None
    )
    # B, nothing, SELECT, START, UP, DOWN, LEFT, RIGHT, A
    keys = np.zeros((5, 9), np.int8)
    keys[1:, 7] = 1
    keys[[2, 4], 8] = 1
    keys[[3, 4], 0] = 1
    start = np.zeros(9, np.int8)
    start[3] = 1
    env.reset()
    for frame in range(240):
        env.step(start if frame % 2 and frame < 120 else keys[0])
    # From here on a reset takes up the started stage, as with the integration's own states.
    env.initial_state = env.em.get_state()
    return env, lambda action: keys[action]


def main():
    peer, frames, repetitions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if peer == "gym-super-mario-bros":
        env, form = gym_super_mario_bros_env()
    else:
        env, form = stable_retro_env(sys.argv[4])
    drawn = np.random.default_rng(0).integers(0, 5, frames)
    actions = [form(action) for action in drawn.tolist()]
    from importlib.metadata import version

    result: dict[str, Any] = {"version": version(peer)}
    for skip in (1, 4):
        result[f"skip{skip}"] = rate(env, actions, skip, repetitions)
    env.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
