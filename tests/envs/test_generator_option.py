"""`MarioInfinite-v0(generator=...)`: a new level every episode, from any generator."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

OPTIONS: dict[str, Any] = {"generator": "ngram", "generator_options": {"width": 40}}


def make(**options: Any) -> Any:
    return gym.make("MarioInfinite-v0", **{**OPTIONS, **options}).unwrapped


class Pits(Generator):
    """Levels that kill whoever does nothing: no ground under the start."""

    name = "pits"

    def generate_grids(self, seeds: Sequence[int], *, width: int = 20) -> list[TileGrid]:
        grids = []
        for seed in seeds:
            codes = np.full((14, width), Tile.EMPTY)
            codes[-1, seed % width] = Tile.GROUND
            grids.append(TileGrid(codes, metadata={"generator": "pits", "seed": seed}))
        return grids


def test_every_episode_has_a_level_of_the_generator() -> None:
    env = make()
    generator = generator_named("ngram")
    digests = set()
    for episode in range(4):
        _, info = env.reset(seed=5 if episode == 0 else None)
        assert env.level == generator.generate(info["level_seed"], width=40)
        assert env.level.metadata["generator"] == "ngram"
        digests.add(env.level.digest)
    assert len(digests) == 4
    again = make()
    _, info = again.reset(seed=5)
    assert info["level_seed"] != 0
    first = again.level.digest
    assert first in digests


def test_a_seed_can_be_chosen_and_a_level_given() -> None:
    env = make(level_seed=(7, 9))
    assert env.reset(seed=0)[1]["level_seed"] in (7, 8)
    _, info = env.reset(options={"seed": 11})
    assert info["level_seed"] == 11
    assert env.level == generator_named("ngram").generate(11, width=40)
    level = generate(3, 0, 0, 200)
    env.reset(options={"level": level})
    assert env.level == level
    assert env.reset()[1]["level_seed"] in (7, 8)
    assert env.level.width == 40


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP", "DISABLED"])
def test_the_vector_environment_plays_the_same_levels(mode: str) -> None:
    """Long enough for several episodes of each game, which end at different times."""
    count, steps = 3, 220
    options: dict[str, Any] = {
        "generator": "ngram",
        "generator_options": {"width": 30},
        "max_episode_steps": 50,
        "actions": "right_only",
    }
    vector = gym.make_vec("MarioInfinite-v0", count, autoreset_mode=mode, **options)
    singles = [gym.make("MarioInfinite-v0", **options) for _ in range(count)]
    actions = np.random.default_rng(0).integers(0, 5, (steps, count))
    seen, _ = vector.reset(seed=20)
    expected = [env.reset(seed=20 + i)[0] for i, env in enumerate(singles)]
    ended = [False] * count
    episodes = 0
    for row in actions:
        assert np.array_equal(seen, np.stack(expected))
        seen, rewards, terminated, truncated, infos = vector.step(row)
        for i, env in enumerate(singles):
            if mode == "NEXT_STEP" and ended[i]:
                expected[i], info = env.reset()
                ended[i] = False
            else:
                expected[i], reward, over, cut, info = env.step(int(row[i]))
                assert (rewards[i], terminated[i], truncated[i]) == (reward, over, cut)
                ended[i] = over or cut
                episodes += ended[i]
                if ended[i] and mode == "SAME_STEP":
                    expected[i], info = env.reset()
            assert infos["level_seed"][i] == info["level_seed"]
        if mode == "DISABLED" and any(ended):
            mask = np.array(ended)
            seen, _ = vector.reset(options={"reset_mask": mask})
            for i in np.flatnonzero(mask):
                expected[i], _ = singles[i].reset()
                ended[i] = False
    assert episodes > 2 * count


def test_a_saved_game_goes_on_with_its_level_and_its_stream() -> None:
    env, other = make(), make()
    env.reset(seed=2)
    env.step(3)
    state = env.get_state()
    after = env.reset()[1]["level_seed"]
    other.reset(seed=9)
    other.set_state(state)
    assert other.level.metadata["generator"] == "ngram"
    assert other.reset()[1]["level_seed"] == after
    assert other.level == env.level


def test_the_options_survive_json_and_pickle() -> None:
    kwargs = json.loads(json.dumps(OPTIONS))
    env = gym.make("MarioInfinite-v0", **kwargs)
    assert env.spec is not None
    spec = pickle.loads(pickle.dumps(env.spec))
    again = gym.make(spec)
    assert np.array_equal(env.reset(seed=1)[0], again.reset(seed=1)[0])
    assert EnvSpec.from_json(spec.to_json()).kwargs == env.spec.kwargs


def test_a_generator_of_ones_own() -> None:
    env = make(generator=Pits(), generator_options=None)
    _, info = env.reset(seed=0)
    assert env.level == to_level(Pits().generate_grid(info["level_seed"]))
    named = make(generator=f"{__name__}:Pits", generator_options={"width": 20})
    assert named.reset(seed=0)[1]["level_seed"] == info["level_seed"]
    assert named.level == env.level


def test_levels_by_the_rules_of_2019() -> None:
    options = {"width": 40, "height": 20}
    env = make(rules="framework-2019", generator_options=options)
    _, info = env.reset(seed=3)
    grid = generator_named("ngram").generate_grid(info["level_seed"], **options)
    assert env.level == to_level(grid)
    assert make(rules="framework-2019").reset(seed=3)[1]["level_seed"] == info["level_seed"]
    with pytest.raises(LevelError, match="belong to the rules framework-2019"):
        make(generator_options=options)


@pytest.mark.filterwarnings("ignore")
def test_the_environment_checks_out() -> None:
    check_env(make(), skip_render_check=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"generator": "ngrm"}, "did you mean 'ngram'"),
        ({"generator": 3}, "a name or a generator"),
        ({"generator": None}, "generator_options belong to a generator"),
        ({"generator_options": {"size": 3}}, "no option 'size'"),
        ({"generator_options": {"width": -3}}, "width must be"),
        ({"generator_options": [1]}, "must be a mapping"),
        ({"level": generate(0)}, "generator or level, not both"),
        ({"difficulty": 3}, "generator or difficulty"),
        ({"length": 100}, "generator or length"),
        ({"level_type": "castle"}, "generator or level_type"),
    ],
)
def test_what_is_not_possible_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        make(**options)
