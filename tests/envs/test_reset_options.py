"""`reset(options=...)` and switches in all environments: what is refused changes no game."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.framework_text import read_framework_text
from gym_mario_suite.multiplayer.options import PartyOptions

GAMES = 2
TALL = read_framework_text("\n".join(["-" * 60] * 14 + ["X" * 60] * 2))
REFUSED: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    "infinite": (
        "MarioInfinite-v0",
        {},
        [
            {"level": [generate(9, 5), "a level"]},
            {"level": [generate(9, 5), TALL]},
            {"seed": [3, "a seed"]},
            {"seed": [3, 1 << 80]},
        ],
    ),
    "generator": ("MarioInfinite-v0", {"generator": "ngram"}, [{"seed": [3, None]}]),
    "maker": (
        "MarioMaker-v0",
        {"width": 20},
        [{"course": [None, 3]}, {"targets": [{}, {"beauty": (1, 1)}]}, {"targets": {"jumps": 3}}],
    ),
    "dream": (
        "MarioDream-v0",
        {},
        [
            {"spawn": ["random", "nowhere"]},
            {"spawn": [0, 1 << 80]},
            {"level_hint": [generate(9, 5), TALL]},
        ],
    ),
}


def made(name: str) -> tuple[Any, list[dict[str, Any]]]:
    if name == "dream":
        pytest.importorskip("onnxruntime")
    env_id, options, refused = REFUSED[name]
    return gym.make_vec(env_id, num_envs=GAMES, **options), refused


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_for_one_game_changes_none(name: str) -> None:
    envs, refused = made(name)
    envs.reset(seed=0)
    envs.step(envs.action_space.sample())
    before = envs.get_state()
    for options in refused:
        with pytest.raises((OptionError, LevelError)):
            envs.reset(options=options)
        assert envs.get_state() == before


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("options", [3, "seed", ["seed"], 0])
def test_options_are_a_mapping(name: str, vector: bool, options: Any) -> None:
    env = made(name)[0] if vector else gym.make(REFUSED[name][0], **REFUSED[name][1]).unwrapped
    with pytest.raises(OptionError, match="the options of reset must be a mapping"):
        env.reset(options=options)


@pytest.mark.parametrize("name", ["hud", "creatures", "invulnerable", "power_restoration", "timer"])
def test_switches_are_no_words(name: str) -> None:
    word: dict[str, Any] = {name: "no"}
    with pytest.raises(OptionError, match=f"{name} must be True or False, got 'no'"):
        MarioInfiniteEnv(**word)
    numpys: dict[str, Any] = {name: np.True_}
    if name in ("hud", "creatures", "timer"):
        assert InfiniteOptions(**numpys) == InfiniteOptions()


def test_switches_of_vectors_and_parties_are_no_words() -> None:
    with pytest.raises(OptionError, match="copy must be True or False, got 'no'"):
        gym.make_vec("MarioInfinite-v0", num_envs=2, copy="no")
    with pytest.raises(OptionError, match="ghosts must be True or False, got 'no'"):
        PartyOptions(ghosts="no")  # type: ignore[arg-type]
