"""Train an algorithm of stable-baselines3 by its recipe: `python -m gym_mario_suite.agents.sb3`."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from gymnasium.vector import VectorEnv, VectorWrapper
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from gym_mario_suite import __version__
from gym_mario_suite.agents.run_folder import (
    CURVE,
    Curve,
    check_run,
    resumed_model,
    save_model,
    tell_budget_is_spent,
)
from gym_mario_suite.agents.sb3.policy_file import is_perceptron, policy_network
from gym_mario_suite.agents.sb3.recipes import (
    Recipe,
    environment_options,
    make_games,
    recipe_for,
    shares_of,
)
from gym_mario_suite.agents.training_options import (
    check_training,
    environment_object,
    json_object,
)
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.program import Interruption
from gym_mario_suite.provenance import command_of, commit
from gym_mario_suite.whole_file import require_folder, write_json
from gym_mario_suite.wrappers.curiosity_learner import torch_device

_EPISODES = 200  # of each difficulty, that the figures of the curve are means of
_FEWEST = 50  # the first to end are the short ones
_MODEL = "model.zip"
_POLICY = "policy.safetensors"
_CONFIG = "config.json"
_NOT_IN_COMMANDS = frozenset({"resume"})
_SAME = ("algorithm", "env_id", "settings")  # what a run cannot change on its way
_TOLD = ("env_options", "difficulties", "num_envs")  # what it can, and what is easily forgotten


@dataclass(frozen=True, kw_only=True)
class Training:
    """Train PPO, A2C, DQN or MaskablePPO with a tuned recipe.

    Ctrl-C stops at the end of a rollout with a checkpoint; `--resume` goes on from there.

    Attributes:
        out: Folder of the run: model, policy, curve and TensorBoard's files.
        algorithm: What learns.
        env_id: Where it learns, any id with discrete actions.
        env_options: What the environment is made with beside the recipe's options, a JSON object.
        settings: Arguments of the algorithm over the recipe's, a JSON object; those of its network
            are in one of their own: {"policy_kwargs": {"net_arch": [256, 256]}}.
        difficulties: Of Infinite Mario; the games are shared out among them.
        decisions: Budget, all games together; 0 takes the recipe's.
        num_envs: Games; 0 takes the recipe's number.
        seed: Decides everything, on one machine and with one version of torch.
        threads: Of torch.
        checkpoint_minutes: Time between checkpoints.
        device: cpu, cuda or auto.
        tensorboard: Whether to write TensorBoard's files.
        resume: Go on with the run in `out`.
    """

    out: Path
    algorithm: Literal["ppo", "a2c", "dqn", "maskable-ppo"] = "ppo"
    env_id: str = "MarioInfinite-v0"
    env_options: str = "{}"
    settings: str = "{}"
    difficulties: tuple[int, ...] = ()
    decisions: int = 0
    num_envs: int = 0
    seed: int = 0
    threads: int = 1
    checkpoint_minutes: float = 5.0
    device: str = "cpu"
    tensorboard: bool = False
    resume: bool = False

    def __post_init__(self) -> None:
        check_training(self, may_be_0=("decisions", "num_envs"))
        as_integer("seed", self.seed, 0, (1 << 32) - 1)  # SB3 seeds numpy's old generator, too


class TimedGames(VectorWrapper):
    """Counts the seconds that a vector environment's steps take.

    Args:
        env: The environment.
        seconds: One number, added to; several environments may share it.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], seconds: list[float]) -> None:
        super().__init__(env)
        self._seconds = seconds

    def step(self, actions: Any) -> Any:
        """Step, and add the time."""
        start = time.perf_counter()
        result = self.env.step(actions)
        self._seconds[0] += time.perf_counter() - start
        return result


class _Watch(BaseCallback):
    """Writes the curve and the checkpoints, and shows the progress."""

    def __init__(
        self,
        run: Training,
        curve: Curve,
        total: int,
        env_seconds: list[float],
        progress: Any,
        interruption: Interruption,
    ) -> None:
        super().__init__()
        self._run = run
        self._curve = curve
        self._total = total
        self._env_seconds = env_seconds
        self._progress = progress
        self._interruption = interruption
        self._task = progress.add_task(run.algorithm, total=total, figures="")
        self._results: dict[int, deque[tuple[float, float, bool]]] = defaultdict(
            lambda: deque(maxlen=_EPISODES)
        )
        self._saved = time.monotonic()
        self._wall = time.perf_counter()
        self._cpu = time.process_time()
        self._before = {name: curve.before(name) for name in ("cpu_seconds", "wall_seconds")}
        self._next_row = 0
        self._ending = False
        self._difficulty_of: list[int] = []

    def _on_training_start(self) -> None:
        self._next_row = self.num_timesteps
        shares = shares_of(self.training_env.num_envs, self._run.difficulties)
        self._difficulty_of = np.repeat(self._run.difficulties or (0,), shares).tolist()

    def _on_step(self) -> bool:
        for index in np.flatnonzero(self.locals["dones"]):
            info = self.locals["infos"][index]
            self._results[self._difficulty_of[index]].append(
                (
                    info["episode"]["r"],
                    float(info.get("distance", 0.0)),
                    info.get("status") == Status.WIN,
                )
            )
        # `learn` ends by itself when it has learned from the last rollout; False here would end it
        # before.
        return not self._ending

    def _on_rollout_end(self) -> None:
        self._ending = self._interruption.asked
        if self.num_timesteps >= self._next_row:
            self._next_row = self.num_timesteps + self._total // 200
            self._write_row()
        if time.monotonic() - self._saved > 60 * self._run.checkpoint_minutes:
            self.save()

    def _on_training_end(self) -> None:
        if int(self._curve.before("decisions")) != self.num_timesteps:
            self._write_row()

    def save(self) -> None:
        """Write the model; what was there before is replaced as a whole."""
        self._saved = time.monotonic()
        save_model(self.model, self._run.out / _MODEL)

    def _write_row(self) -> None:
        wall = time.perf_counter() - self._wall
        row: dict[str, Any] = {
            "decisions": self.num_timesteps,
            "cpu_seconds": round(time.process_time() - self._cpu + self._before["cpu_seconds"], 1),
            "wall_seconds": round(wall + self._before["wall_seconds"], 1),
            "env_time_share": round(self._env_seconds[0] / wall, 4),
        }
        for difficulty in self._run.difficulties or (0,):
            results = self._results[difficulty]
            enough = len(results) >= _FEWEST
            columns = zip(*results, strict=True) if enough else ([np.nan],) * 3
            for name, values in zip(("return", "distance", "won"), columns, strict=True):
                row[f"{name}_{difficulty}"] = round(float(np.mean(values)), 4)
        self._curve.append(row)
        for key, value in row.items():
            self.logger.record(f"mario/{key}", value)
        # A question mark stands for too few episodes to tell.
        won = " ".join(
            f"{key}={'?' if np.isnan(value) else f'{value:.2f}'}"
            for key, value in row.items()
            if key.startswith("won_")
        )
        self._progress.update(self._task, completed=self.num_timesteps, figures=won)
        print(f"{self.num_timesteps} decisions, {row['cpu_seconds']} s, {won}", flush=True)


def train(run: Training) -> BaseAlgorithm:
    """Train by a recipe; the files of the run are in `run.out`.

    Returns:
        The trained model.

    Raises:
        OptionError: For options that are not possible.
    """
    torch.set_num_threads(run.threads)
    torch_device(run.device)
    options = environment_options(run.env_id, environment_object(run.env_options))
    check_run(run.out, run.resume, _MODEL)
    out = run.out
    changes = _changes_of(run) if run.resume else []
    env_seconds = [0.0]

    def games(count: int) -> VecEnv:
        return make_games(
            run.env_id, count, options, run.difficulties, lambda env: TimedGames(env, env_seconds)
        )

    shares = max(1, len(run.difficulties))
    recipe = recipe_for(run.algorithm, games(shares).observation_space)
    venv = games(run.num_envs or recipe.num_envs)
    total = run.decisions or recipe.decisions
    model = _model(run, recipe, venv)
    require_folder(out)
    curve = Curve(out / CURVE)
    if run.resume:
        curve.go_on(model.num_timesteps)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[figures]}")) as bar:
        left = total - model.num_timesteps
        if left > 0:
            for change in changes:
                print(change, file=sys.stderr)
            write_json(out / _CONFIG, {**asdict(run), "out": out.name, "total": total})
            with Interruption() as interruption:
                watch = _Watch(run, curve, total, env_seconds, bar, interruption)
                model.learn(left, callback=watch, reset_num_timesteps=not run.resume)
                watch.save()
            if interruption.asked:
                print("interrupted; go on with --resume", file=sys.stderr)
        else:
            tell_budget_is_spent(model.num_timesteps, total)
    # Where nothing was learned the files say how it was learned before.
    if left > 0 or not (out / _POLICY).exists():
        export(run, model, options, curve.last)
    venv.close()
    return model


def _model(run: Training, recipe: Recipe, venv: VecEnv) -> BaseAlgorithm:
    log: Any = str(run.out) if run.tensorboard else None
    if run.algorithm == "maskable-ppo":
        try:
            from sb3_contrib import MaskablePPO as Algorithm
        except ImportError:
            raise OptionError("maskable-ppo needs sb3-contrib: pip install sb3-contrib") from None
    else:
        Algorithm = {"ppo": PPO, "a2c": A2C, "dqn": DQN}[run.algorithm]
    if run.resume:
        path = run.out / _MODEL
        return resumed_model(Algorithm, path, run.seed, env=venv, device=run.device)
    settings = {**recipe.settings, **json_object("settings", run.settings)}
    settings = {"learning_rate": _Falling(recipe.learning_rate), **settings}
    network = settings.pop("policy_kwargs", {})
    if not isinstance(network, dict):
        raise OptionError(f"policy_kwargs in settings must be a JSON object, got {network!r}")
    try:
        if "batch_size" in settings and "n_steps" in settings:
            most = settings["n_steps"] * venv.num_envs
            settings["batch_size"] = min(settings["batch_size"], most)
        return Algorithm(
            recipe.policy,
            venv,
            policy_kwargs={"activation_fn": torch.nn.ReLU, **recipe.policy_settings, **network},
            seed=run.seed,
            device=run.device,
            tensorboard_log=log,
            stats_window_size=_EPISODES,
            **settings,
        )
    # SB3 asserts that an action space will do.
    except (TypeError, ValueError, AssertionError) as error:
        raise OptionError(f"{run.algorithm}: {error}") from None


@dataclass(frozen=True)
class _Falling:
    """A learning rate that falls to 0 along a line; SB3 saves it with the model."""

    start: float

    def __call__(self, left: float) -> float:
        return self.start * left


def export(
    run: Training, model: BaseAlgorithm, options: dict[str, Any], last: dict[str, str]
) -> None:
    """Write the policy as a `PolicyNetwork`, where it is a perceptron with logits."""
    if not is_perceptron(model):
        return
    card = {
        "algorithm": run.algorithm,
        "env_id": run.env_id,
        "obs": options.get("obs", ""),
        "actions": options.get("actions", ""),
        "frame_skip": options.get("frame_skip", 1),
        "difficulties": list(run.difficulties),
        "decisions": model.num_timesteps,
        "cpu_minutes": round(float(last.get("cpu_seconds", 0)) / 60, 1),
        "seed": run.seed,
        "command": command_of("gym_mario_suite.agents.sb3", run, _NOT_IN_COMMANDS),
        "commit": commit(),
        "versions": {"gym-mario-suite": __version__, "torch": str(torch.__version__)},
        "last_curve_row": last,
    }
    policy_network(model, card).save(run.out / _POLICY)
    write_json(run.out / "card.json", card)


def _changes_of(run: Training) -> list[str]:
    """What is other than before the run goes on, in lines; an error where that cannot be."""
    path = run.out / _CONFIG
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
        before = {name: begun[name] for name in _SAME}
        told = {name: (begun[name], asdict(run)[name]) for name in _TOLD}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OptionError(f"cannot read how the run began from {path}: {error}") from None
    for name, value in before.items():
        if value != getattr(run, name):
            raise OptionError(
                f"the run in {run.out} began with {name} {value!r}, it cannot go on with "
                f"{getattr(run, name)!r}"
            )
    texts = [(name, *map(json.dumps, values)) for name, values in told.items()]
    return [f"{name} was {a} so far, and is {b} from here on" for name, a, b in texts if a != b]
