"""A film of what a trained run does, what surprises it, and what it looks at.

    python -m gym_mario_suite.agents.icm_ppo.film --run runs/curious --out curious.mp4

Left the game, and under it the surprisal of the last decisions. Right, where the observation can be
drawn (pictures, the tiles of `terrain`): in red what moves the logit of the action it takes (the
gradient by the observation), and below what moves the surprisal (by the state that came of it).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from gym_mario_suite.agents.icm_ppo.config import Config
from gym_mario_suite.agents.icm_ppo.icm_ppo import Policy, make_envs
from gym_mario_suite.agents.icm_ppo.run_files import FORMAT, RunFiles
from gym_mario_suite.datasets.video import VideoFile, check_video
from gym_mario_suite.engine.learner_views import N_TERRAIN, TERRAIN_COLUMNS, TERRAIN_ROWS
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.nes.terrain import N_TERRAIN as N_NES_TERRAIN
from gym_mario_suite.program import told_errors
from gym_mario_suite.wrappers.curiosity_learner import load_module, read_tensors
from gym_mario_suite.wrappers.curiosity_module import CuriosityModule, foreseen_pixels

_PANEL = 168  # px on a side of what is right of the game
_TRACE = 48  # px of height of the surprisal's curve at least
_HISTORY = 120  # decisions in it
_N_TILES = TERRAIN_ROWS * TERRAIN_COLUMNS  # the last numbers of both games' `terrain`


@dataclass(frozen=True, kw_only=True)
class Film:
    """Film a trained run.

    Attributes:
        run: Folder of the run.
        out: The film, .mp4 or .gif.
        decisions: How long it is.
        fps: Decisions shown in a second.
        seed: Of the game and of the actions drawn.
    """

    run: Path
    out: Path
    decisions: int = 200
    fps: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        as_integer("decisions", self.decisions, 1, 1 << 40)
        as_integer("fps", self.fps, 1, 50)
        as_integer("seed", self.seed, 0, (1 << 63) - 1)


def make_film(film: Film) -> NDArray[np.float32]:
    """Write the film.

    Returns:
        The surprisal of each decision, float32[decisions].

    Raises:
        OptionError: For options that are not possible, or if there is no run.
        WeightsError: If its checkpoint cannot be read.
    """
    check_video(film.out, 1)
    config = _config(film)
    tensors, _ = read_tensors(film.run / "checkpoint.safetensors", FORMAT)
    if not any(name.startswith("curiosity.") for name in tensors):
        raise OptionError(f"nothing surprises the run in {film.run}: it learned without curiosity")
    statistics = RunFiles.statistics_of(tensors)
    if statistics is None:  # as in `gpu_ppo`, whose configuration does not say so
        config = replace(config, normalize_moves=0)
    envs, _ = make_envs(config, statistics)
    with closing(envs):
        space: Any = envs.single_observation_space
        policy = Policy(space, int(envs.single_action_space.n), config)  # type: ignore[attr-defined]
        curiosity = CuriosityModule(space, envs.single_action_space, config.curiosity())
        load_module(film.run, policy, tensors, "policy")
        load_module(film.run, curiosity, tensors, "curiosity")
        shots = _frames(envs, policy, curiosity, film)
        first = next(shots)
        surprisals: list[float] = []
        height, width, _ = first[1].shape
        with VideoFile(film.out, width, height, film.fps) as video:
            for surprisal, frame in chain([first], shots):
                surprisals.append(surprisal)
                video.add(frame)
    return np.array(surprisals, np.float32)


def _frames(
    envs: Any, policy: Policy, curiosity: CuriosityModule, film: Film
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """The surprisal and the picture of each decision."""
    random = torch.Generator().manual_seed(film.seed)
    observation, _ = envs.reset(seed=film.seed)
    history: deque[float] = deque(maxlen=_HISTORY)
    for _ in track(range(film.decisions), "filming"):
        game = _picture(envs)
        action, looks = _act(policy, observation, random)
        before = observation
        observation, _, _, _, _ = envs.step(np.array([action]))
        surprisal, surprised_by = _surprise(curiosity, before, action, observation)
        history.append(surprisal)
        yield surprisal, _frame(game, before, looks, observation, surprised_by, history)


def _config(film: Film) -> Config:
    path = film.run / "config.json"
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        options = json.loads(saved["env_options"])
    except (OSError, ValueError, KeyError) as error:
        raise OptionError(f"there is no run in {film.run}: {error}") from None
    known = {field.name for field in fields(Config)} - {"out"}
    config = Config(out=film.run, **{key: saved[key] for key in known & saved.keys()})
    options["render_mode"] = "rgb_array"
    return replace(config, num_envs=1, env_options=json.dumps(options), device="cpu", replays=False)


def _picture(envs: Any) -> NDArray[np.uint8]:
    frames = envs.render()
    if frames is None:
        raise OptionError("this environment draws no pictures")
    return np.asarray(frames[0], np.uint8)


def _act(
    policy: Policy, observation: NDArray[Any], random: torch.Generator
) -> tuple[int, NDArray[np.float32]]:
    """An action, and how much each number of the observation moves its logit."""
    seen = torch.as_tensor(observation).float().requires_grad_()
    logits, _ = policy(seen)
    action = int(torch.multinomial(logits.detach().softmax(1)[0], 1, generator=random))
    logits[0, action].backward()
    assert seen.grad is not None
    return action, seen.grad[0].abs().numpy()


def _surprise(
    curiosity: CuriosityModule, before: NDArray[Any], action: int, after: NDArray[Any]
) -> tuple[float, NDArray[np.float32]]:
    """The surprisal, and how much each number of the state that came moves it."""
    seen = torch.as_tensor(after).float().requires_grad_()
    actions = torch.tensor([action])
    features = [curiosity.encoder(torch.as_tensor(before).float()), curiosity.encoder(seen)]
    # As `CuriosityModule.surprisal`, but with the gradient that it has no use for.
    if curiosity.target is not None:
        predicted, target = features[1], curiosity.target(seen)
    else:
        assert curiosity.forward_model is not None
        one_hot = torch.nn.functional.one_hot(actions, curiosity.n_actions).float()
        predicted = curiosity.forward_model(features[0], one_hot)
        if curiosity.options.features == "pixels":
            target = foreseen_pixels(seen, of_bytes=after.dtype == np.uint8)
        else:
            target = features[1]
    surprisal = (predicted - target).square().mean()
    surprisal.backward()
    assert seen.grad is not None
    return float(surprisal.detach()), seen.grad[0].abs().numpy()


def _frame(
    game: NDArray[np.uint8],
    before: NDArray[Any],
    looks: NDArray[np.float32],
    after: NDArray[Any],
    surprised_by: NDArray[np.float32],
    history: deque[float],
) -> NDArray[np.uint8]:
    panels = [_panel(before[0], looks), _panel(after[0], surprised_by)]
    drawn = [panel for panel in panels if panel is not None]
    height = max(game.shape[0] + _TRACE, _PANEL * len(drawn))
    left = np.concatenate([game, _trace(history, height - game.shape[0], game.shape[1])])
    if not drawn:
        return left
    right = np.concatenate(drawn)
    right = np.pad(right, ((0, height - right.shape[0]), (0, 0), (0, 0)))
    return np.concatenate([left, right], axis=1)


def _panel(observation: NDArray[Any], saliency: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """The observation in grey with its saliency in red; None where it cannot be drawn."""
    if observation.shape in ((N_TERRAIN,), (N_NES_TERRAIN,)):
        shape = (TERRAIN_ROWS, TERRAIN_COLUMNS)
        observation = observation[-_N_TILES:].reshape(shape)
        saliency = saliency[-_N_TILES:].reshape(shape)
    elif observation.ndim == 3 and observation.shape[-1] <= 4:
        observation, saliency = observation[..., -1], saliency.max(-1)
    elif observation.ndim != 2:
        return None
    seen = observation.astype(np.float32)
    low, high = float(seen.min()), float(seen.max())
    grey = (seen - low) / max(high - low, 1e-6) * 160
    red = saliency / max(float(saliency.max()), 1e-12)
    rgb = np.stack([grey + red * (255 - grey), grey * (1 - red), grey * (1 - red)], -1)
    rows = np.arange(_PANEL) * rgb.shape[0] // _PANEL
    columns = np.arange(_PANEL) * rgb.shape[1] // _PANEL
    return rgb[rows][:, columns].astype(np.uint8)


def _trace(history: deque[float], height: int, width: int) -> NDArray[np.uint8]:
    """The surprisal of the last decisions as bars, the highest as high as there is room."""
    strip = np.full((height, width, 3), 24, np.uint8)
    top = max(max(history), 1e-12)
    each = max(1, width // _HISTORY)
    for number, value in enumerate(history):
        bar = round(value / top * (height - 4))
        strip[height - bar :, number * each : (number + 1) * each] = (240, 180, 40)
    return strip


if __name__ == "__main__":
    with told_errors("agents"):
        import tyro

        surprisal = make_film(tyro.cli(Film, prog="python -m gym_mario_suite.agents.icm_ppo.film"))
        print(f"mean surprisal {surprisal.mean():.3f}, highest {surprisal.max():.3f}")
