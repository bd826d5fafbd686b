"""The real game, where the user has the ROM: written from its memory map; skipped without one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.agents.nes_search import NESSearch, NESSearchAgent
from gym_mario_suite.datasets.nes_replay import NESReplay, RecordedRun, verify_nes
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.envs.nes_actions import PAD, SWITCHES
from gym_mario_suite.envs.nes_vector import MarioNESVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import BACKENDS, NESButton, open_backend
from gym_mario_suite.nes.game import Game
from gym_mario_suite.nes.rom import Rom
from gym_mario_suite.nes.rom_store import find_rom
from gym_mario_suite.nes.run import Run
from gym_mario_suite.nes.smb import Address
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


@pytest.mark.parametrize(("stage", "frames"), [("1-1", 182), ("1-3", 197)])
def test_without_skipping_dying_takes_three_seconds(backend_name: str, stage: str, frames: int):
    # To the right: into the first Goomba of 1-1, and into the first pit of 1-3.
    options = {"stage": stage, "obs": "ram", "actions": "simple", "reward": {"death": -1.0}}
    skipping = MarioNESEnv(backend=backend_name, **options)
    playing = MarioNESEnv(backend=backend_name, skip_scenes=False, **options)
    lengths = []
    for env in (skipping, playing):
        env.reset(seed=0)
        rewards, terminated, info = [], False, {}
        while not terminated:
            _, reward, terminated, _, info = env.step(3)
            rewards.append(reward)
        assert (sum(rewards), info["status"]) == (-1.0, 0)
        lengths.append(len(rewards))
        env.close()
    assert lengths[1] - lengths[0] == frames


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
    frames = 1000 if backend_name == "nes-py" else 5000
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


# A run of `nes-search` (budget 200,000): `mario record nes --agent nes-search --stage 1-1`.
REPLAYS = Path(__file__).parent.parent / "data" / "nes"


def replay_of(name: str, real_rom: Rom) -> NESReplay:
    replay = NESReplay.load(REPLAYS / f"{name}.mario")
    if replay.rom != real_rom.sha1:
        pytest.skip("the replay belongs to the dump inside gym-super-mario-bros")
    return replay


@pytest.fixture
def planned(real_rom: Rom) -> NESReplay:
    return replay_of("nes-search-1-1", real_rom)


@pytest.mark.parametrize("backend", ["builtin", "fceumm"])
@pytest.mark.parametrize(
    "name",
    [
        "nes-search-1-1",
        "curious-1-1",
        "curious-1-2",
        "curious-1-4",
        "curious-4-1",
        "curious-4-2",
    ],
)
def test_a_replay_ends_with_the_goal(name: str, backend: str, real_rom: Rom):
    """Recorded on FCEUmm, and the same on our own console."""
    if not BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    replay = replace(replay_of(name, real_rom), backend=backend)
    run = verify_nes(replay)
    stage = tuple(int(number) for number in name.split("-")[-2:])
    assert (run.status, run.stage, run.frames) == (Status.WIN, stage, replay.ticks)
    if stage[1] == smb.STAGES:
        assert run.ram[Address.GAME_MODE] == smb.GameMode.WORLD_END
    else:
        # Sliding down the pole, with the flag in an enemy's slot.
        assert run.ram[0x1D] == 3
        assert 0x31 in run.ram[0x16:0x1B]


@pytest.mark.parametrize("backend", ["builtin", pytest.param("fceumm", marks=pytest.mark.slow)])
def test_all_32_stages_are_cleared_with_the_same_memory(backend: str, real_rom: Rom):
    """What `nes-search` found on our own console, and the hashes of RAM on another one."""
    if not BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    files = sorted((REPLAYS / "stages").glob("*.mario"))
    assert [file.stem for file in files] == [f"{w}-{s}" for w in range(1, 9) for s in range(1, 5)]
    for file in files:
        replay = NESReplay.load(file)
        if replay.rom != real_rom.sha1:
            pytest.skip("the replays belong to the dump inside gym-super-mario-bros")
        run = verify_nes(replace(replay, backend=backend))
        assert run.status is Status.WIN, file.stem
        assert run.stage == tuple(map(int, file.stem.split("-")))


def reward_v7(before: list[int], after: list[int]) -> float:
    """The published definition, written anew."""

    def clock(ram: list[int]) -> int:
        return int("".join(map(str, ram[0x7F8:0x7FB])))

    moved = 256 * (after[0x6D] - before[0x6D]) + after[0x86] - before[0x86]
    ticked = clock(after) - clock(before)
    dying = after[0x0E] in (0x0B, 0x06) or after[0xB5] > 1
    total = (moved if abs(moved) <= 5 else 0) + min(ticked, 0) - 25 * dying
    return float(max(-15, min(15, total)))


def test_reward_v7_of_the_planners_replay_frame_by_frame(planned: NESReplay):
    env = MarioNESEnv(stage="1-1", obs="ram", actions="buttons", reward="v7")
    observation, _ = env.reset(seed=0)
    before, paid = observation.tolist(), []
    terminated, info = False, {}
    for keys in planned.keys:
        pad = [keys >> bit & 1 for bit in (6, 7, 5, 0, 1, 4)]
        observation, reward, terminated, _, info = env.step(np.array(pad, np.int8))
        after = observation.tolist()
        assert reward == reward_v7(before, after)
        paid.append(reward)
        before = after
    assert terminated
    assert info["status"] == 1
    # At most the px from the start to the pole: jerks of more than 5 px in a frame do not count.
    assert 3000 < sum(paid) <= info["distance"] - 40 - (400 - info["clock"])
    env.close()


@pytest.mark.slow
def test_the_planner_clears_1_1_from_its_start(backend_name: str, real_rom: Rom):
    agent = NESSearchAgent()
    run = RecordedRun(open_backend(real_rom, backend_name))
    run.begin((1, 1))
    while run.status is Status.RUNNING and run.frames < 5000:
        run.frame(agent.act(run))
        run.settle()
    agent.close()
    assert run.status is Status.WIN
    assert verify_nes(run.replay()).status is Status.WIN
    run.game.backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("stage", [(2, 2), (6, 3), (4, 4)], ids=["water", "lifts", "maze"])
def test_the_planner_finds_its_way(stage: tuple[int, int], real_rom: Rom):
    run, search = Run(open_backend(real_rom)), NESSearch(open_backend(real_rom))
    run.begin(stage)
    plan = list(search.plan(run, 1_000_000))[-1]
    search.close()
    assert plan.cleared
    for keys in plan.keys:
        assert run.status is Status.RUNNING
        run.frame(keys)
        run.settle()
    assert run.status is Status.WIN
    run.game.backend.close()


def test_it_starts_at_any_x(backend_name: str):
    env = MarioNESEnv(stage="1-1", backend=backend_name, obs="ram", x=700)
    for stage, x in ((None, None), ("1-1", 2000), ("1-2", 1100), ("2-2", 2000), ("8-4", 700)):
        options = {"stage": stage, "x": x}
        _, info = env.reset(options={k: v for k, v in options.items() if v is not None})
        wanted = x or 700
        assert wanted <= info["distance"] < wanted + 48
        world, number = map(int, (stage or "1-1").split("-"))
        assert (info["world"], info["stage"], info["status"]) == (world, number, 2)
        first = info["distance"]
        for _ in range(20):
            _, _, terminated, _, info = env.step(1)
            if terminated:
                break
        assert info["distance"] > first
    for bad, words in ((39, "40"), ("far", "whole number"), (1 << 20, "16384")):
        with pytest.raises(OptionError, match=words):
            env.reset(options={"x": bad})
    # A wall pushes him back there; an enemy waits there.
    for stage, x in (("1-1", 899), ("4-1", 1638), ("5-2", 3303), ("8-1", 2029)):
        _, info = env.reset(options={"stage": stage, "x": x})
        assert x <= info["distance"] < x + 80
        assert not env.step(0)[2]
    # The screen stands still in the last room of 1-2; what comes next is the warp zone.
    _, info = env.reset(options={"stage": "1-2", "x": 2700})
    assert info["distance"] == 2856
    with pytest.raises(OptionError, match="stand at 2320 px of stage 1-4"):
        env.reset(options={"stage": "1-4", "x": 2320})
    with pytest.raises(OptionError, match="stand at 9000 px of stage 2-2"):
        env.reset(options={"stage": "2-2", "x": 9000})
    env.close()


def test_a_vector_equals_singles(backend_name: str):
    options = {"backend": backend_name, "obs": "gray84", "frame_skip": 4, "actions": "complex"}
    stages, starts = ["1-1", "8-4", "2-2"], [None, 700, 1100]
    envs = MarioNESVectorEnv(3, num_workers=1, autoreset_mode="disabled", **options)
    singles = [MarioNESEnv(**options) for _ in stages]
    observations, _ = envs.reset(options={"stage": stages, "x": starts})
    for i, env in enumerate(singles):
        alone, _ = env.reset(options={"stage": stages[i], "x": starts[i]})
        assert np.array_equal(observations[i], alone)
    rng = np.random.default_rng(3)
    for _ in range(40):
        actions = rng.integers(0, 12, 3)
        observations, rewards, terminated, _, _ = envs.step(actions)
        for i, env in enumerate(singles):
            step = env.step(int(actions[i]))
            assert np.array_equal(observations[i], step[0])
            assert (rewards[i], terminated[i]) == step[1:3]
        if terminated.any():
            break
    envs.close()
    for env in singles:
        env.close()


def test_the_dump_is_a_known_one(real_rom: Rom):
    assert real_rom.title is not None
    assert find_rom() == real_rom


def press(*names: str) -> np.ndarray:
    """The action of the set `buttons` with these held."""
    return np.array([name in names for name in SWITCHES], np.int8)


@pytest.mark.parametrize("backend", ["builtin", "fceumm"])
@pytest.mark.parametrize("skip_scenes", [True, False])
def test_coin_heaven_is_left_alive(backend: str, skip_scenes: bool, real_rom: Rom):
    """Up the vine of 2-1, through the clouds, and down again where they end."""
    if not BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    env = MarioNESEnv(
        stage="2-1", backend=backend, obs="ram", actions="buttons", skip_scenes=skip_scenes
    )
    env.reset(options={"x": 1240})

    def put(x: int, y: int) -> None:
        write = env.episode.backend.write_ram
        for address, value in (
            (Address.X_PAGE, x >> 8),
            (Address.X_ON_PAGE, x & 255),
            (Address.Y_ON_PAGE, y),
            (Address.Y_VIEWPORT, 1),
            (Address.X_SPEED, 0),
        ):
            write(address, value)

    put(1322, 80)  # under the vine's brick
    for frame in range(210):
        env.step(press("jump") if 30 <= frame < 60 else press())
    put(1310, 20)  # onto the bricks beside the vine
    for _ in range(59):
        env.step(press())
    ram, *_ = env.step(press())
    was_in_clouds, info = False, {}
    for _ in range(1200):
        in_clouds = bool(ram[Address.IN_CLOUDS])
        climbs = ram[Address.FLOAT_STATE] == smb.SLIDING_DOWN
        was_in_clouds |= in_clouds
        if was_in_clouds and not in_clouds and not smb.in_scene(bytes(ram)):
            break
        held = press("right", "speed") if in_clouds else press("up" if climbs else "right")
        ram, _, terminated, _, info = env.step(held)
        assert (terminated, info["reward_death"], info["status"]) == (False, 0, 2)
    assert was_in_clouds
    assert info["distance"] > 1400
    assert info["lives"] == 2
    env.close()


@pytest.mark.parametrize("backend", ["builtin", "fceumm"])
def test_the_stage_behind_a_castle_is_paid_from_its_start(backend: str, real_rom: Rom):
    if not BACKENDS[backend].installed:
        pytest.skip(f"{backend} is not installed")
    replay = NESReplay.load(REPLAYS / "stages" / "1-4.mario")
    env = MarioNESEnv(backend=backend, obs="ram", actions="buttons", reward="v9")
    env.reset(options={"stage": "1-4"})
    env.episode.run.stage = None  # the whole game from here on
    info = {}
    for keys in replay.keys:
        held = press(*(name for name in SWITCHES if keys & PAD[name]))
        _, _, terminated, _, info = env.step(held)
        assert not terminated
    assert (info["world"], info["stage"], info["distance"]) == (2, 1, 40)
    progress = 0
    for _ in range(90):
        _, _, _, _, info = env.step(press("right"))
        progress += info["reward_progress"]
    assert progress == info["distance"] - 40
    env.close()


@pytest.mark.parametrize("skip_scenes", [True, False])
def test_progress_is_paid_in_each_life(skip_scenes: bool, real_rom: Rom):
    env = MarioNESEnv(
        obs="ram", actions="simple", skip_scenes=skip_scenes, reward={"progress": 1.0}
    )
    _, info = env.reset(seed=0)
    lives, paid = info["lives"], [0.0]
    for _ in range(3000):
        _, reward, terminated, _, info = env.step(1)
        paid[-1] += float(reward)
        if terminated:
            break
        if info["lives"] != lives:
            lives = info["lives"]
            paid.append(0.0)
    assert len(paid) == 3
    assert max(paid) - min(paid) <= 6
    assert min(paid) > 200
    env.close()
