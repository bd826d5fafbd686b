"""Replays as episodes of an environment: what it would have shown and rewarded."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.minari_export import Episode
from gym_mario_suite.datasets.replay import Replay, is_generated, switch_options, verify
from gym_mario_suite.datasets.state_hash import state_hash
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.envs.actions import BUTTON_ORDER, ActionSet
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.saved_state import state_of_world
from gym_mario_suite.errors import ReplayError, ReplayMismatch
from gym_mario_suite.levels.level import rules_name

_ENV_ID = "gym_mario_suite:MarioInfinite-v0"


def environment_options(replay: Replay) -> dict[str, Any]:
    """Options of an environment in which the replay could have been recorded.

    Of the level they give the generator's parameters, where it has some, but not the seed.
    """
    options: dict[str, Any] = {
        "mode": Mode(replay.mode).name.lower(),
        "time_limit": replay.time_limit,
        **switch_options(replay.switches),
    }
    if replay.level.rules != Rules.COMPETITION_2009:
        options["rules"] = rules_name(replay.level.rules)
        options["level"] = replay.level
    if is_generated(replay.level):
        origin = replay.level.metadata
        options["difficulty"] = origin["difficulty"]
        options["level_type"] = origin["type"]
        options["length"] = origin["length"]
    return options


def make_environment(replays: list[Replay], **options: Any) -> gym.Env[Any, Any]:
    """The environment that the episodes of these replays come from.

    Its options are those that all replays have in common, so that the environment made from a
    dataset is as much like that of the recordings as can be.

    Args:
        replays: At least one.
        **options: Of the environment: `obs`, `actions`, `reward`, `frame_skip` and so on.
    """
    every = [environment_options(replay) for replay in replays]
    common = {
        name: value
        for name, value in every[0].items()
        if all(name in other and other[name] == value for other in every)
    }
    if "rules" in common:
        # These rules play no levels but those that they are given.
        common["level"] = replays[0].level
    return gym.make(_ENV_ID, disable_env_checker=True, **common, **options)


def reset_options(replay: Replay) -> dict[str, Any]:
    """`options` of `reset`, which bring an environment to the replay's start."""
    if replay.world is None:
        return {"level": replay.level}
    return {"state": state_of_world(replay.level, replay.world)}


def replayed_episode(
    replay: Replay, actions: str = "buttons", frame_skip: int = 1, **options: Any
) -> Episode:
    """The episode as an environment with these options shows and rewards it.

    Args:
        replay: The replay.
        actions: Name of the set that the actions are told in.
        frame_skip: Ticks for each step.
        **options: Of the environment: `obs`, `reward`, `z_level`, `z_enemies`.

    Raises:
        ReplayError: When the actions of the set cannot tell the replay, or its buttons change
            within a step, or it ends within one.
        ReplayMismatch: When the game takes another course than the one recorded.
        OptionError: For an option that is not possible.
    """
    env = MarioInfiniteEnv(
        actions=actions,
        frame_skip=frame_skip,
        **{**environment_options(replay), **options},
    )
    played = verify(replay)
    steps = step_actions(replay, env.options.action_set, frame_skip)
    observation, _ = env.reset(seed=0, options=reset_options(replay))
    # Made at once: the pixels of a long episode are hundreds of megabytes.
    observations = np.empty((len(steps) + 1, *observation.shape), observation.dtype)
    observations[0] = observation
    rewards: list[float] = []
    terminations = np.zeros(len(steps), bool)
    truncations = np.zeros(len(steps), bool)
    for i, action in enumerate(steps):
        observations[i + 1], reward, terminations[i], truncations[i], _ = env.step(action)
        rewards.append(reward)
    if state_hash(env.batch.worlds[0]) != state_hash(played.worlds[0]):
        raise ReplayMismatch("the environment's game is not the replay's", replay.ticks)
    if len(steps) and not terminations[-1]:
        truncations[-1] = True
    return Episode(observations, steps, np.array(rewards), terminations, truncations)


def step_actions(replay: Replay, chosen: ActionSet, frame_skip: int = 1) -> NDArray[Any]:
    """The actions of the episode's steps, as an array of a set's actions.

    Raises:
        ReplayError: When the set has no such action, the buttons change within a step, or an
            unfinished episode ends within one.
    """
    # The first tick of a level belongs to the reset.
    first = 1 if replay.world is None else 0
    keys = np.frombuffer(replay.keys, np.uint8)[first:]
    steps = keys[::frame_skip]
    changed = np.flatnonzero(np.repeat(steps, frame_skip)[: len(keys)] != keys)
    if len(changed):
        raise ReplayError(
            f"the buttons change within a step of {frame_skip} ticks, in tick "
            f"{first + changed[0] + 1}; with a frame skip of 1 they do not"
        )
    if len(keys) % frame_skip and verify(replay).status == Status.RUNNING:
        raise ReplayError(f"the unfinished episode ends within a step of {frame_skip} ticks")
    if not chosen.combinations:
        bits = np.array([int(button) for button in BUTTON_ORDER], np.uint8)
        return (steps[:, None] & bits != 0).astype(np.int8)
    numbers = np.full(256, -1, np.int64)
    # Of actions that press the same, the first one: later ones first, so that it stays.
    numbers[chosen.keys[::-1]] = np.arange(len(chosen.keys))[::-1]
    actions = numbers[steps]
    if len(steps) and actions.min() < 0:
        pressed = [str(b.name).lower() for b in BUTTON_ORDER if steps[actions < 0][0] & b]
        raise ReplayError(
            f"the action set {chosen.name!r} has no action that presses {'+'.join(pressed)}; "
            "the set 'buttons' has"
        )
    return actions
