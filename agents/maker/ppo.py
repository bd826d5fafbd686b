"""Train MaskablePPO (sb3-contrib) to make courses, and measure it.

    python -m gym_mario_suite.agents.maker.ppo train --out runs/maker
    python -m gym_mario_suite.agents.maker.ppo export --out runs/maker
    python -m gym_mario_suite.agents.maker.ppo evaluate

`evaluate` measures the policy that comes with the package, or another of `--policy`.

The recipe: representation narrow, cursor column by column, random starts, rewards for progress and
for being solved, 64 environments in one native vector environment, the columns around the cursor
as observation, an MLP of 2x128.
"""

import csv
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback

from gym_mario_suite import __version__
from gym_mario_suite.agents.maker.column_views import ColumnViews
from gym_mario_suite.agents.maker.measure import (
    MAP,
    Measured,
    idle_choice,
    measure_maker,
    random_choice,
)
from gym_mario_suite.agents.maker.search import hill_climbing_choice
from gym_mario_suite.agents.maker.trained import SHIPPED, network_choice
from gym_mario_suite.agents.network_agent import PolicyNetwork, layers_of
from gym_mario_suite.agents.run_folder import (
    CURVE,
    Curve,
    check_run,
    load_model,
    resumed_model,
    save_model,
    tell_budget_is_spent,
)
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.integrations.sb3 import GymVecAdapter
from gym_mario_suite.program import Interruption, told_errors
from gym_mario_suite.whole_file import require_folder, require_writable, write_json, write_whole

WEIGHTS = {
    "progress": 20.0,
    "solved": 5.0,
    "jumps": 0.0,
    "enemies": 0.02,
    "coins": 0.02,
    "structures": 0.02,
}
SETTINGS: dict[str, Any] = {
    "n_steps": 128,
    "batch_size": 1024,
    "n_epochs": 4,
    "learning_rate": 5e-4,
    "gamma": 0.99,
    "gae_lambda": 0.95,
    "ent_coef": 0.01,
}
NUM_ENVS = 64
_MODEL = "model.zip"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def training_env(seed: int, num_envs: int = NUM_ENVS) -> GymVecAdapter:
    """The environments that the recipe learns in."""
    envs = MarioMakerVectorEnv(
        num_envs, autoreset_mode="same_step", num_threads=1, weights=WEIGHTS, **MAP
    )
    adapter = GymVecAdapter(ColumnViews(envs))
    adapter.seed(seed)
    return adapter


class _Watch(BaseCallback):
    """Saves the model and writes a row after each rollout, and shows the progress."""

    def __init__(self, out: Path, curve: Curve, progress: Any, interruption: Interruption) -> None:
        super().__init__()
        self._out = out
        self._curve = curve
        self._progress = progress
        self._interruption = interruption
        self._begun = time.monotonic() - curve.before("seconds")
        self._solved: list[float] = []
        self._returns: list[float] = []

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "episode" in info:
                self._returns.append(float(info["episode"]["r"]))
                self._solved.append(float(info["solved"]))
        return True

    def _on_rollout_start(self) -> None:
        # Here the last rollout has been learned from, and the model is whole.
        if self.num_timesteps:
            save_model(self.model, self._out / _MODEL)
        if self._interruption.asked:
            raise KeyboardInterrupt

    def _on_rollout_end(self) -> None:
        solved = float(np.mean(self._solved)) if self._solved else float("nan")
        mean = float(np.mean(self._returns)) if self._returns else float("nan")
        self._curve.append(
            {
                "steps": self.num_timesteps,
                "seconds": round(time.monotonic() - self._begun, 1),
                "episodes": len(self._returns),
                "solved_share": round(solved, 4),
                "mean_return": round(mean, 4),
            }
        )
        figures = f"solved {solved:.2f}" if self._solved else "no course is done yet"
        self._progress.update(0, completed=self.num_timesteps, description=figures)
        self._solved, self._returns = [], []

    def _on_training_end(self) -> None:
        save_model(self.model, self._out / _MODEL)


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    steps: Annotated[
        int, typer.Option(min=1, help="Budget of steps, all environments together.")
    ] = 1_000_000,
    seed: Annotated[
        int, typer.Option(min=0, max=(1 << 32) - 1, help="Decides everything, on one machine.")
    ] = 0,
    resume: Annotated[bool, typer.Option(help="Go on with the folder's model.")] = False,
) -> None:
    """Train by the recipe; Ctrl-C stops after a rollout, --resume goes on from there."""
    check_run(out, resume, _MODEL)
    torch.set_num_threads(1)
    envs = training_env(seed)
    curve = Curve(out / CURVE, "steps")
    if resume:
        model = resumed_model(MaskablePPO, out / _MODEL, seed, env=envs, device="cpu")
        curve.go_on(model.num_timesteps)
    else:
        network = {"net_arch": [128, 128]}
        model = MaskablePPO(
            "MlpPolicy", envs, seed=seed, device="cpu", policy_kwargs=network, **SETTINGS
        )
    require_folder(out)
    left = steps - model.num_timesteps
    if left <= 0:
        tell_budget_is_spent(model.num_timesteps, steps, "steps")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, Interruption() as interruption:
        progress.add_task("maker", total=steps, completed=model.num_timesteps)
        watch = _Watch(out, curve, progress, interruption)
        try:
            model.learn(left, callback=watch, reset_num_timesteps=not resume)
        except KeyboardInterrupt:
            print("interrupted; go on with --resume", file=sys.stderr)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    policy: Annotated[Path | None, typer.Option(help="Write it here, the curve beside it.")] = None,
) -> None:
    """Write the policy of a run as safetensors, which playing needs no torch for."""
    if not (out / _MODEL).is_file():
        raise OptionError(f"{out / _MODEL}: there is no model")
    model: Any = load_model(MaskablePPO, out / _MODEL, device="cpu")
    hidden = [m for m in model.policy.mlp_extractor.policy_net if isinstance(m, torch.nn.Linear)]
    layers, activations = layers_of(
        [*((module, "tanh") for module in hidden), (model.policy.action_net, "linear")]
    )
    curve = Curve(out / CURVE, "steps")
    rows = curve.until(model.num_timesteps)  # it may be going on just now
    size = layers[0][0].shape[1]
    card = {
        "algorithm": "MaskablePPO",
        "env_id": "MarioMaker-v0",
        "env_options": MAP,
        "weights": WEIGHTS,
        "settings": SETTINGS,
        "num_envs": NUM_ENVS,
        "steps": model.num_timesteps,
        "seed": model.seed,
        "versions": {"gym-mario-suite": __version__, "torch": str(torch.__version__)},
        "last_curve_row": curve.last,
    }
    zeros, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
    target = policy or out / "policy.safetensors"
    PolicyNetwork(card, zeros, ones, layers, activations).save(target)
    write_whole(target.with_suffix(".csv"), rows.encode())


@app.command()
def curve(
    path: Annotated[Path, typer.Argument(help="A run's curve.csv.")],
    picture: Annotated[Path, typer.Argument(help="The PNG to write.")],
) -> None:
    """Draw how the share of finished courses grew, the mean of 10 rollouts around each."""
    from matplotlib.figure import Figure

    if picture.suffix.lower() != ".png":
        raise OptionError(f"the picture's name ends in .png, got {str(picture)!r}")
    require_writable(picture)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if int(row.get("episodes") or 0)]
        steps = [int(row["steps"]) / 1e6 for row in rows]
        shares = np.array([float(row["solved_share"]) for row in rows])
        counts = np.array([float(row["episodes"]) for row in rows])
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        # Not its repr: that of bytes which are no text holds all of them.
        reason = f"{type(error).__name__}: {error}"
        raise OptionError(f"{path} is no curve of a maker's run: {reason}") from None
    if not rows:
        raise OptionError(f"{path} holds no rows with episodes that ended")
    window = np.ones(min(10, len(rows)))
    smooth = np.convolve(shares * counts, window, "same") / np.convolve(counts, window, "same")
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(steps, smooth)
    axes.set(xlabel="million steps", ylabel="courses that can be finished", ylim=(0, 1))
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=100)


@app.command()
def evaluate(
    policy: Annotated[Path, typer.Option(help="A policy file.")] = SHIPPED,
    seeds: Annotated[int, typer.Option(min=1, help="Random starts.")] = 100,
    played: Annotated[
        int, typer.Option(min=0, help="How many of the courses the engine's A* plays.")
    ] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write it here.")] = None,
) -> None:
    """The share of courses that can be finished: of the trained maker, of others, of the starts."""
    require_writable(json_file)
    network = PolicyNetwork.load(policy)
    rows: dict[str, Measured] = {
        "maskable-ppo": measure_maker(lambda envs: network_choice(network, envs), seeds, played),
        "hill climbing": measure_maker(hill_climbing_choice, seeds, played),
        "random": measure_maker(lambda _envs: random_choice, seeds, played),
        "starts": measure_maker(lambda _envs: idle_choice, seeds, played),
    }
    for name, row in rows.items():
        typer.echo(f"{name}: {row}")
    if json_file is not None:
        write_json(json_file, {name: vars(row) for name, row in rows.items()})


if __name__ == "__main__":
    with told_errors():
        app()
