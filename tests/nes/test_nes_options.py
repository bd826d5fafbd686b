"""What `MarioNES` is made and reset with: sets of actions, options, and those that are refused."""

import copy
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.envs.nes_actions import NESActionReader, nes_action_set
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes.backend import NESButton
from gym_mario_suite.nes.rom import RomError
from tests.nes.own_rom import START_X

NONE = [0, 0, 0, 0, 0, 0]


def test_actions_on_the_pad():
    combos = {name: nes_action_set(name) for name in ("right_only", "simple", "complex")}
    assert combos["right_only"].keys.tolist() == [0, 128, 129, 130, 131]
    assert nes_action_set("curiosity").keys.tolist() == (
        [0, 16, 32, 64, 65, 66, 67, 128, 129, 130, 131, 1, 2, 3]
    )
    assert combos["complex"].keys.tolist()[-2:] == [NESButton.DOWN, NESButton.UP]
    reader = NESActionReader(nes_action_set("buttons"))
    assert reader.one([1, 0, 0, 1, 0, 1]) == NESButton.LEFT | NESButton.A | NESButton.UP
    for kind in (np.int8, np.float32):
        assert reader.many(np.eye(6, dtype=kind), 6).tolist() == [64, 128, 32, 1, 2, 16]
    for bad in ([0, 1], [0, 0, 0, 0, 0, 2], 3, [0.5] * 6):
        with pytest.raises(OptionError):
            reader.one(bad)
    with pytest.raises(OptionError, match="0 to 11"):
        NESActionReader(combos["complex"]).one(12)


def test_combinations_of_ones_own(make):
    own = [["NOOP"], ["right", "A"], "right+speed", ("left", "jump", "A")]
    chosen = nes_action_set(own)
    assert chosen.combinations == ("none", "right+jump", "right+speed", "left+jump")
    pad = [0, NESButton.RIGHT | NESButton.A, NESButton.RIGHT | NESButton.B]
    assert chosen.keys.tolist() == [*pad, NESButton.LEFT | NESButton.A]
    env = make(actions=own, frame_skip=4)
    assert env.action_space == gym.spaces.Discrete(4)
    env.reset(seed=0)
    assert env.step(2)[4]["distance"] == START_X + 12
    assert copy.deepcopy(env).action_space == env.action_space
    # The lists of gym-super-mario-bros are the sets here, number by number.
    simple = [["NOOP"], ["right"], ["right", "A"], ["right", "B"], ["right", "A", "B"], ["A"]]
    assert nes_action_set([*simple, ["left"]]).combinations == nes_action_set("simple").combinations


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"stage": "9-1"}, '"1-1" to "8-4"'),
        ({"stage": []}, "at least one stage"),
        ({"stage": 11}, '"1-1" to "8-4"'),
        ({"obs": "pixels"}, "there are rgb, gray84, ram, tiles"),
        ({"actions": "all"}, "unknown action set"),
        ({"actions": []}, "unknown action set []"),
        ({"actions": ["simple"]}, "'simple' is no button; there are none, left, right"),
        ({"actions": [["right", "start"]]}, "'start' is no button"),
        ({"actions": ["none", []]}, "[] is no button"),
        ({"reward": "v8"}, "unknown reward"),
        ({"frame_skip": 0}, "frame_skip"),
        ({"backend": "zsnes"}, "backend must be one of auto, builtin, fceumm, nes-py"),
        ({"obs": ["rgb"]}, "unknown observation mode ['rgb']"),
        ({"reward": ["x"]}, "reward must be a mapping of weights"),
        ({"rom": 3}, "rom must be the path of a ROM, got 3"),
        ({"max_pool": "no"}, "max_pool must be True or False, got 'no'"),
        ({"hud": "no"}, "hud must be True or False, got 'no'"),
        ({"render_mode": "ansi"}, "render_mode"),
        ({"speed": 2}, "unexpected keyword argument 'speed'"),
    ],
)
def test_options_that_are_not_possible(options: dict[str, Any], words: str):
    with pytest.raises(OptionError) as raised:
        MarioNESEnv(**options)
    assert words in str(raised.value)


def test_reset_options_that_are_not_possible(make):
    env = make(render_mode="rgb_array")
    with pytest.raises(ResetNeeded):
        env.step(NONE)
    with pytest.raises(ResetNeeded):
        env.render()
    with pytest.raises(ResetNeeded):
        env.get_state()
    for options, words in (
        ({"level": 1}, "there are stage, state"),
        ({"stage": "1-1", "state": b""}, "one reset option"),
        ({"stage": "1-5"}, "8-4"),
        ({"x": [100]}, r"x must be a whole number, got \[100\]"),
        ({"x": "far"}, "x must be a whole number"),
        ({"stage": ["1-1"]}, "a stage is named"),
        ({"level": None}, "there are stage, state"),
        ({1: 1, "level": 2}, "unknown reset option 1"),
        (3, "the options of reset must be a mapping by name, got 3"),
    ):
        with pytest.raises(OptionError, match=words):
            env.reset(options=options)
    first, _ = env.reset(options={"stage": None, "x": None, "state": None})
    assert np.array_equal(first, env.reset()[0])


def test_without_a_rom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GYM_MARIO_ROM", str(tmp_path / "none.nes"))
    with pytest.raises(RomError, match="GYM_MARIO_ROM"):
        gym.make("MarioNES-1-1-v0")
