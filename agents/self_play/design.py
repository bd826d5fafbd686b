"""A designer and a player that learn from each other (the command `design`).

The designer learns by REINFORCE (Williams, 1992) to make courses that the player finishes as often
as the band of `mario_design_play_v0` says; the player goes on learning by PPO on the courses that
he gets. So the designer has to follow him.

The environment pays for the rate over the last courses, which tells little of the present one. So
the designer learns from the present course: while the rate is too high a course that the player
loses counts for him (if it could be finished), while it is too low one that he wins.
"""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from gym_mario_suite.agents.network_agent import PolicyNetwork
from gym_mario_suite.agents.ppo import estimate_advantages
from gym_mario_suite.agents.run_folder import CURVE, Curve
from gym_mario_suite.agents.self_play.train import RacePolicy, SelfPlay, improve
from gym_mario_suite.agents.training_options import check_training
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.tile_grid import N_TILES, Tile
from gym_mario_suite.multiplayer import mario_design_play_v0
from gym_mario_suite.multiplayer.drawing_board import ROWS
from gym_mario_suite.program import Interruption
from gym_mario_suite.whole_file import require_folder
from gym_mario_suite.wrappers.curiosity_learner import write_tensors

_FAR_OFF = 0.1  # of the rate wanted: from here on outcomes count in full


@dataclass(frozen=True, kw_only=True)
class DesignPlay:
    """Train a designer and a player together. Ctrl-C stops after a course; what they know is kept.

    Attributes:
        out: Folder of the run: a curve, the weights of both.
        init: A policy of `ppo-infinite`'s form that the player begins with; None: from nothing.
        courses: How many courses are made and played.
        width: Columns of a course.
        edits: Changes that the designer makes.
        band: Success rates of the player that are wanted.
        window: Courses over which the rate is taken.
        frame_skip: Ticks of a player's decision.
        learning_rate: The designer's. At 0.01 his choices were seen to freeze.
        entropy: Weight of the entropy of the designer's choices.
        player_learning_rate: The player's; 0 keeps him as he is.
        courses_per_update: Courses between the player's updates.
        seed: Decides everything, on one machine and with one version of torch.
        threads: Of torch.
    """

    out: Path
    init: Path | None = None
    courses: int = 2500
    width: int = 48
    edits: int = 24
    band: tuple[float, float] = (0.4, 0.6)
    window: int = 20
    frame_skip: int = 2
    learning_rate: float = 1e-3
    entropy: float = 0.01
    player_learning_rate: float = 3e-5
    courses_per_update: int = 16
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        check_training(self)
        as_integer("courses", self.courses, 1, 1 << 40)
        as_integer("courses_per_update", self.courses_per_update, 1, 1 << 40)


class Designer(nn.Module):
    """Three choices for each edit, column, row and tile, from the board and the success rate."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.sizes = (width, ROWS, N_TILES)
        # Of each column: how high it is, and how many creatures stand there.
        self.body = nn.Sequential(nn.Linear(2 * width + 2, 64), nn.Tanh())
        self.choices = nn.Linear(64, sum(self.sizes))
        nn.init.zeros_(self.choices.weight)
        nn.init.zeros_(self.choices.bias)

    def forward(self, board: np.ndarray, rate: float, edits_left: float) -> list[torch.Tensor]:
        """Log-probabilities of each of the three choices."""
        solid = np.isin(board, (Tile.EMPTY, Tile.ENEMY, Tile.COIN), invert=True)
        heights = solid.sum(0) / ROWS
        creatures = (board == Tile.ENEMY).sum(0)
        features = np.concatenate([heights, creatures, [rate, edits_left]]).astype(np.float32)
        logits = self.choices(self.body(torch.from_numpy(features)))
        return [part.log_softmax(0) for part in logits.split(list(self.sizes))]


def train_pair(config: DesignPlay) -> Path:
    """Run a training; the curve's file.

    Raises:
        OptionError: If there is a run in the folder already.
    """
    if (config.out / CURVE).exists():
        raise OptionError(f"{config.out} holds a run already: give another --out")
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    env: Any = mario_design_play_v0.raw_env(
        width=config.width,
        edits=config.edits,
        reward="band",
        band=config.band,
        window=config.window,
        obs="terrain",
        frame_skip=config.frame_skip,
        mode="small",
    )
    inputs = int(np.prod(env.observation_space("player_0").shape))
    designer = Designer(config.width)
    player = RacePolicy(inputs, int(env.action_space("player_0").n), (128, 128))
    if config.init is not None:
        player.begin_with(PolicyNetwork.load(config.init))
    folder = require_folder(config.out)
    designer_optimizer = torch.optim.Adam(designer.parameters(), config.learning_rate)
    player_optimizer = torch.optim.Adam(player.parameters(), config.player_learning_rate)
    rules = SelfPlay(out=folder, minibatches=4, entropy=0.005)
    memory: list[tuple[np.ndarray, int, float, float, float, float]] = []
    curve = Curve(folder / CURVE, "course")
    recent: deque[bool] = deque(maxlen=200)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, Interruption() as interruption:
        task = progress.add_task("courses", total=config.courses)
        for course in range(config.courses):
            env.reset(seed=config.seed if course == 0 else None)
            chosen_log_probs, entropies = [], []
            rate = env.success_rate if env.success_rate is not None else 0.5
            for edit in range(config.edits):
                parts = designer(env.board.codes, rate, 1 - edit / config.edits)
                picks = [int(torch.multinomial(part.exp(), 1)) for part in parts]
                chosen_log_probs.append(sum(p[k] for p, k in zip(parts, picks, strict=True)))
                entropies.append(-sum((p.exp() * p).sum() for p in parts))
                env.step(np.array(picks))
            _play(env, player, memory)
            paid = float(env.rewards["designer"])
            told = env.infos["designer"]
            gain = _gain(told, sum(config.band) / 2)
            loss = -gain * torch.stack(chosen_log_probs).sum()
            loss = loss - config.entropy * torch.stack(entropies).sum()
            designer_optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(designer.parameters(), 5.0)
            designer_optimizer.step()
            if (course + 1) % config.courses_per_update == 0:
                if config.player_learning_rate > 0:
                    _improve_player(player, player_optimizer, rules, memory)
                memory.clear()
            recent.append(told["won"])
            curve.append(
                {
                    "course": course + 1,
                    "success_rate": round(told["success_rate"], 4),
                    "success_rate_200": round(float(np.mean(recent)), 4),
                    "designer_reward": round(paid, 4),
                    "solver_way": round(told["solver_way"], 4),
                    "player_return": round(told["player_return"], 4),
                }
            )
            progress.update(task, advance=1, description=f"success {told['success_rate']:.2f}")
            if interruption.asked:
                print(f"interrupted after {course + 1} courses", file=sys.stderr)
                break
    _write(folder, config, designer, player)
    return curve.path


def _gain(told: dict[str, Any], wanted: float) -> float:
    """What a course tells the designer: which way its outcome moves the success rate."""
    if told["solver_way"] < 1.0:
        return -0.5
    off = float(np.clip((wanted - told["success_rate"]) / _FAR_OFF, -1.0, 1.0))
    return off * (1.0 if told["won"] else -1.0)


def _play(env: Any, player: RacePolicy, memory: list[Any]) -> None:
    """The player's turns, kept for his update."""
    while env.agent_selection == "player_0":
        seen = env.observe("player_0")
        with torch.no_grad():
            logits, value = player(torch.from_numpy(seen)[None])
            log_probs = logits[0].log_softmax(0)
            action = int(torch.multinomial(log_probs.exp(), 1))
        env.step(action)
        over = env.agent_selection != "player_0"
        gained = float(env.rewards["player_0"]) - (0.5 if over and not _won(env) else 0.0)
        memory.append(
            (seen, action, float(log_probs[action]), float(value[0]), gained, float(over))
        )


def _won(env: Any) -> bool:
    return bool(env.infos["designer"].get("won", False))


def _improve_player(
    player: RacePolicy, optimizer: torch.optim.Optimizer, rules: SelfPlay, memory: list[Any]
) -> None:
    """PPO on the courses of the memory, one after another."""
    seen, actions, log_probs, values, rewards, ended = zip(*memory, strict=True)
    column = {
        name: torch.tensor(data, dtype=torch.float32)[:, None]
        for name, data in (("values", values), ("rewards", rewards), ("ended", ended))
    }
    advantages = torch.zeros_like(column["rewards"])
    # The last turn of the memory ended a course, so what comes after it counts for nothing.
    values_and_after = torch.cat([column["values"], torch.zeros(1, 1)])
    estimate_advantages(column["rewards"], values_and_after, 1 - column["ended"], rules, advantages)
    rollout = (
        torch.from_numpy(np.array(seen))[:, None],
        torch.tensor(actions)[:, None],
        torch.tensor(log_probs)[:, None],
    )
    everywhere = torch.ones_like(advantages)
    improve(
        player, optimizer, rules, rollout, everywhere, advantages, advantages + column["values"]
    )


def _write(folder: Path, config: DesignPlay, designer: Designer, player: RacePolicy) -> None:
    about = {key: str(value) for key, value in asdict(config).items()}
    write_tensors(folder / "designer.safetensors", designer.state_dict(), about)
    write_tensors(folder / "player.safetensors", player.state_dict(), about)
