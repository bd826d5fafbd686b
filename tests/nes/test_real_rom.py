"""The real game, where the user has the ROM: written from its memory map; skipped without one."""

import numpy as np
import pytest

from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import NESButton, open_backend
from gym_mario_suite.nes.game import Game
from gym_mario_suite.nes.rom import Rom
from tests.nes.test_backends import play, script

pytestmark = [pytest.mark.rom, pytest.mark.usefixtures("real_rom")]


@pytest.mark.parametrize("world", range(1, 9))
def test_every_stage_starts_and_is_playable(backend_name: str, world: int):
    for stage in range(1, 5):
        env = MarioNESEnv(stage=f"{world}-{stage}", backend=backend_name, obs="tiles")
        _, info = env.reset(seed=0)
        assert (info["world"], info["stage"]) == (world, stage)
        assert info["area"] == smb.area_of_stage(world, stage)
        start = info["distance"]
        furthest = start
        for _ in range(60):
            _, _, terminated, _, info = env.step(1)
            furthest = max(furthest, info["distance"])
            if terminated:
                break
        assert furthest > start + 20
        env.close()


def test_reward_v7_is_its_definition_frame_by_frame(backend_name: str, real_rom: Rom):
    env = MarioNESEnv(stage="1-1", backend=backend_name, obs="ram", actions="complex")
    observation, _ = env.reset(seed=0)
    before = observation.tolist()
    rng = np.random.default_rng(0)
    for _ in range(3000):
        observation, reward, terminated, _, _ = env.step(int(rng.integers(1, 6)))
        after = observation.tolist()
        if terminated:
            assert reward == -15.0 or smb.is_stage_cleared(bytes(after))
            observation, _ = env.reset()
        else:
            x = 256 * (after[0x6D] - before[0x6D]) + after[0x86] - before[0x86]
            clock = int("".join(map(str, after[0x7F8:0x7FB])))
            clock -= int("".join(map(str, before[0x7F8:0x7FB])))
            expected = (x if abs(x) <= 5 else 0) + min(clock, 0)
            assert reward == max(-15, min(15, expected))
        before = observation.tolist()
    env.close()


def test_the_same_script_gives_the_same_ram(backend_name: str, real_rom: Rom):
    frames = 5000 if backend_name == "fceumm" else 1000
    first, second = open_backend(real_rom, backend_name), open_backend(real_rom, backend_name)
    game = Game(first)
    start = game.start((1, 1))
    expected = play(first, script(0, frames))
    second.load(start.console)
    half = script(0, frames)
    for held in half[: frames // 2]:
        second.run(held)
        first.run(int(NESButton.LEFT))
    state = second.save()
    third = open_backend(real_rom, backend_name)
    third.load(state)
    first.load(start.console)
    assert play(first, half) == expected
    assert play(third, half[frames // 2 :]) == play(second, half[frames // 2 :])
    for console in (first, second, third):
        console.close()


def test_three_lives_and_the_end(backend_name: str):
    env = MarioNESEnv(backend=backend_name, obs="ram", actions="right_only", frame_skip=4)
    _, info = env.reset(seed=0)
    lives = [info["lives"]]
    for _ in range(20_000):
        _, _, terminated, _, info = env.step(3)
        if info["lives"] != lives[-1]:
            lives.append(info["lives"])
        if terminated:
            break
    assert lives == [2, 1, 0]
    assert info["status"] == 0
    env.close()
