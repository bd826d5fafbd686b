"""The committed sets of the dream: episodes for its evaluation, and spawns.

`python -m gym_mario_suite.agents.dream_sets FOLDER` makes both files anew, always the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gym_mario_suite.agents.dream_collect import FIRST_HELD_OUT_SEED, HELD_OUT_DIFFICULTIES
from gym_mario_suite.agents.dream_players import noisy_agent, usual_mix
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import Tapes, TapeWriter
from gym_mario_suite.datasets.tapes_json import save_tapes_json
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.dream.spawns import Spawn, save_spawns, spawn_of_replay
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels.generate import generate

EPISODES, SPAWNS = 96, 48
_FIRST_SPAWN_SEED = 500_000  # neither of the training levels nor of the held-out ones
_LENGTH = 200
_TICKS = 500
_LEFT_TICKS = 20  # that are left at the least where a spawn is
_GUIDE = "astar:budget=300"
_NOTE = (
    "Episodes for the evaluation of dream models. Their levels' seeds and difficulties are used "
    "for nothing else. Keys are button bits, a byte for each tick."
)


def held_out_tapes(count: int = EPISODES) -> Tapes:
    """Episodes on held-out levels, by the policies of the training data."""
    writer = TapeWriter()
    mix = usual_mix()
    names = list(mix)
    weights = np.array([mix[n].weight for n in names])
    for number in range(count):
        rng = np.random.default_rng([7, number])
        origin = {
            "seed": FIRST_HELD_OUT_SEED + number,
            "difficulty": HELD_OUT_DIFFICULTIES[number % 2],
            "type": (0, 0, 1, 2)[number // 2 % 4],
            "length": _LENGTH,
            "mode": number % 3,
            "time_limit": 200,
        }
        level = generate(*(origin[n] for n in ("seed", "difficulty", "type", "length")))
        game = Game(level.image, origin["mode"])
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        guide, policy = noisy_agent(_GUIDE)(rng), mix[name].make(rng)
        guided = int(rng.integers(0, 200))
        keys = bytearray(1)
        game.tick(0)
        while game.status == Status.RUNNING and len(keys) < _TICKS:
            chosen = policy(game, rng)
            if len(keys) < guided:
                chosen = guide(game, rng)
            keys.append(chosen)
            game.tick(chosen)
        writer.add(game, origin, bytes(keys), name)
    return writer.tapes()


def spawns(count: int = SPAWNS) -> list[Spawn]:
    """Places in levels of all types and difficulties where Mario stands and the game goes on."""
    found: list[Spawn] = []
    for number in range(count):
        rng = np.random.default_rng([11, number])
        level = generate(_FIRST_SPAWN_SEED + number, number % 11, number % 3, _LENGTH)
        game = RecordedGame(level, number % 3)
        guide = noisy_agent(_GUIDE)(rng)
        wanted = int(rng.integers(CONTEXT, 250)) if number % 4 else CONTEXT
        stood = [CONTEXT]
        game.tick(0)
        while game.status == Status.RUNNING and game.ticks_recorded < wanted + _LEFT_TICKS:
            game.tick(guide(game, rng))
            if game.on_ground and CONTEXT <= game.ticks_recorded <= wanted:
                stood.append(game.ticks_recorded)
        # Not at the exit, and not before a death that nothing averts.
        last = max(CONTEXT, game.ticks_recorded - _LEFT_TICKS)
        tick = max(tick for tick in stood if tick <= last)
        found.append(spawn_of_replay(game.replay(), tick, f"spawn-{number:02d}"))
    return found


def main() -> None:
    """Write both files into the folder that the command line names."""
    folder = Path(sys.argv[1])
    save_tapes_json(folder / "heldout.json", held_out_tapes(), _NOTE)
    save_spawns(folder / "spawns.npz", spawns())
    for path in sorted(folder.iterdir()):
        print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
