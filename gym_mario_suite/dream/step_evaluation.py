"""Measures of single steps: the next frame, the ends, the rewards, all from true frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.datasets.tapes_json import load_tapes_json
from gym_mario_suite.dream.cards import threshold_of
from gym_mario_suite.dream.dreamer import Dreamer, outcome_of
from gym_mario_suite.dream.facts import FACT, memory_of
from gym_mario_suite.dream.frames import Frames, to_frames, to_model
from gym_mario_suite.dream.memory import HURT_TICKS, INVULNERABLE_UNIT
from gym_mario_suite.dream.metrics import (
    average_precision,
    calibration_error,
    changed_pixels,
    psnr,
    shift_of,
    shifted,
    squared_errors,
    ssim,
)
from gym_mario_suite.dream.noise import normal_noise
from gym_mario_suite.dream.presets import CONTEXT, head_slices, multi_hot
from gym_mario_suite.dream.probes import Probes
from gym_mario_suite.dream.runtime import DATA, DreamModel
from gym_mario_suite.dream.sampler import sample
from gym_mario_suite.dream.tape_player import Pieces, TapePlayer
from gym_mario_suite.dream.touches import touches_of
from gym_mario_suite.dream.windows import TapeWindows, places_of, targets_of
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX, Status
from gym_mario_suite.errors import DatasetError

HELD_OUT = DATA / "heldout.json"
SHIPPED_PROBES = DATA / "probes.safetensors"
_OFF_PX = 0.5  # px of the engine, from which on Mario's way is wrong
COPY, VELOCITY, ENGINE = "copy-last-frame", "constant-velocity", "engine"


@dataclass(frozen=True, kw_only=True)
class EvalOptions:
    """How much is measured.

    Attributes:
        windows: Windows of the next-frame measures.
        rollouts: Dreams beside the truth.
        steps: Their length.
        long_rollouts: Dreams of 1,000 steps.
        long_steps: Their length.
        forks: Places from which all actions are tried.
        probe_steps: Training steps of the probes.
        threads: Cores to use at most.
    """

    windows: int = 2048
    rollouts: int = 40
    steps: int = 200
    long_rollouts: int = 16
    long_steps: int = 1000
    forks: int = 16
    probe_steps: int = 1500
    threads: int = 1

    @classmethod
    def quick(cls, threads: int = 1) -> EvalOptions:
        """A minute's worth: the same measures, with fewer samples."""
        return cls(
            windows=192,
            rollouts=4,
            long_rollouts=1,
            forks=3,
            probe_steps=150,
            threads=threads,
        )


def like_held_out(path: Path) -> Tapes:
    """Episodes of other tapes, as many as are held out and of much the same kind.

    To see what a model makes of levels that it was trained on. Of training tapes, which leave out
    the held-out difficulties, those of the difficulties beside them are taken.

    Args:
        path: Tapes, a file or a folder.

    Raises:
        DatasetError: When they cannot be read, or have too few such episodes.
    """
    held_out, tapes = load_tapes_json(HELD_OUT), Tapes.load(path)
    wanted = np.unique(held_out.episodes["difficulty"])[:, None] + [-1, 0, 1]
    alike = np.isin(tapes.episodes["difficulty"], wanted) & (
        tapes.episodes["ticks"] >= np.quantile(held_out.episodes["ticks"], 0.1)
    )
    rows = np.flatnonzero(alike)
    if len(rows) < len(held_out):
        raise DatasetError(
            f"{path}: {len(rows)} episodes are like the held-out ones, {len(held_out)} are needed; "
            "play more with `mario dream gen`"
        )
    chosen = np.random.default_rng(0).choice(rows, len(held_out), replace=False)
    return Tapes(tapes.episodes[np.sort(chosen)], tapes.keys, tapes.players)


class StepEvaluation:
    """Measures a model step by step.

    The even episodes of the held-out set train the probes, the odd ones test.

    Args:
        model: The model.
        name: Its name in the records.
        options: How much is measured.
        tapes: Held-out episodes; those of the package by default.
    """

    def __init__(
        self, model: DreamModel, name: str, options: EvalOptions, tapes: Tapes | None = None
    ) -> None:
        self.model = model
        self.name = name
        self.options = options
        tapes = load_tapes_json(HELD_OUT) if tapes is None else tapes
        self._for_probes = Tapes(tapes.episodes[::2], tapes.keys, tapes.players)
        self.tapes = Tapes(tapes.episodes[1::2], tapes.keys, tapes.players)
        height, width, _ = model.config.shape
        self.probes = Probes(height, width)
        self.size = height, width
        # What is measured in engine pixels, of which a frame may have fewer.
        self._px = SCREEN_WIDTH_PX / width, SCREEN_HEIGHT_PX / height

    def prepare(
        self, path: Path | None = None, tell: Callable[[int], None] = lambda _: None
    ) -> None:
        """Train the probes, or read them from a file; a new one is written.

        Those for 160x120 come with the package.
        """
        if path is None and self.size == (120, 160) and SHIPPED_PROBES.exists():
            path = SHIPPED_PROBES
        if path is not None and path.exists():
            self.probes.load(path)
            return
        windows = TapeWindows(self._for_probes, *self.size, self.options.threads)
        self.probes.train(windows, self.options.probe_steps, tell=tell)
        if path is not None:
            self.probes.save(path)

    def record(self, metric: str, value: float, n: int, model: str = "", **more: Any) -> dict:
        """One figure: model, metric, value, how many samples it comes from."""
        value = float(value)
        shown = None if math.isnan(value) else round(value, 5)
        return {"model": model or self.name, "metric": metric, "value": shown, "n": int(n), **more}

    def _predict(
        self, pieces: Pieces, remembered: bool = True, hint: bool = False
    ) -> tuple[Frames, NDArray[np.float32]]:
        """The next frame after each window's context, and the head.

        Args:
            pieces: The windows.
            remembered: Whether the model is told how Mario moves and what is behind him, as at a
                spawn, or pictures alone.
            hint: Whether it is told what lies beyond the picture's edges.
        """
        config = self.model.config
        height, width = self.size
        sampler = Dreamer(self.model, 1)
        frames, heads = [], []
        behind = pieces.scenery if remembered else pieces.frames
        for i in range(len(pieces.frames)):
            context = to_model(pieces.frames[i : i + 1, :CONTEXT])
            inputs = {
                "context": context.reshape(1, -1, height, width),
                "buttons": multi_hot(pieces.keys[i : i + 1, :CONTEXT]),
                "sigma_context": np.full(1, config.sigma_context, np.float32),
                "tiles": pieces.hints[i : i + 1, CONTEXT - 1].astype(np.int64),
                "place": places_of(pieces.facts[i : i + 1, CONTEXT - 1]) * np.float32(hint),
                "memory": memory_of(pieces.facts[i : i + 1, CONTEXT - 1]) * np.float32(remembered),
                "scenery": to_model(behind[i : i + 1, CONTEXT - 1]),
            }

            def denoise(x: NDArray, sigma: float, inputs: Any = inputs) -> tuple:
                noisy = {"noisy": np.asarray(x, np.float32), "sigma": np.full(1, sigma, np.float32)}
                made = self.model.denoise({**inputs, **noisy})
                return made.frames, made.heads

            noise = normal_noise(0, i, 0, (1, 3, height, width))
            values, head = sample(denoise, noise, sampler.sigmas)
            frames.append(to_frames(values))
            heads.append(head)
        return np.concatenate(frames), np.concatenate(heads)

    def next_frames(self) -> list[dict[str, Any]]:
        """How like the next frame is, beside trivial predictors."""
        count = self.options.windows
        windows = TapeWindows(self.tapes, *self.size, self.options.threads, end_share=0)
        pieces = windows.batch(2, 0, 3 * count, CONTEXT + 1)
        left = pieces.facts[..., FACT["camera"]].astype(np.int64) >> 1
        scrolling = left[:, CONTEXT] != left[:, CONTEXT - 1]
        # At least half of the windows scroll, and the rest comes as it comes.
        order = np.concatenate([np.flatnonzero(scrolling)[: count // 2], np.arange(3 * count)])
        _, first = np.unique(order, return_index=True)
        chosen = order[np.sort(first)][:count]
        pieces = Pieces(
            pieces.frames[chosen],
            pieces.scenery[chosen],
            pieces.keys[chosen],
            pieces.facts[chosen],
            pieces.hints[chosen],
        )
        last, target = pieces.frames[:, CONTEXT - 1], pieces.frames[:, CONTEXT]
        velocity = shift_of(pieces.frames[:, CONTEXT - 2], last)
        predicted, _ = self._predict(pieces)
        alone = self._predict(pieces, remembered=False)[0] if self.model.config.memory else None
        hinted = self._predict(pieces, hint=True)[0] if self.model.config.level_hint else None
        changed = changed_pixels(last, target)
        records = []
        for name, frames in (
            ("", predicted),
            (COPY, last),
            (VELOCITY, shifted(last, velocity)),
            (ENGINE, target),
            *([] if alone is None else [(f"{self.name}+pictures-alone", alone)]),
            *([] if hinted is None else [(f"{self.name}+hint", hinted)]),
        ):
            errors = squared_errors(frames, target)
            records += [
                self.record("psnr_next", psnr(float(errors.mean())), count, name),
                self.record(
                    "psnr_changed", psnr(float(errors[changed].mean())), int(changed.sum()), name
                ),
                self.record("ssim_next", ssim(frames, target), count, name),
            ]
        share = float(scrolling[chosen].mean())
        return [*records, self.record("scrolling_share", share, count, ENGINE)]

    def ends(self) -> list[dict[str, Any]]:
        """The head's ends, moves and rewards: every episode's last step, and others."""
        count = self.options.windows
        windows = TapeWindows(self.tapes, *self.size, self.options.threads, end_share=0)
        episodes, begins = windows.choose(4, 0, count, CONTEXT + 1)
        ticks = self.tapes.episodes["ticks"]
        last = np.flatnonzero(ticks > CONTEXT + 1)
        player = TapePlayer(self.tapes, *self.size, self.options.threads)
        pieces = player.pieces(
            np.concatenate([episodes, last]),
            np.concatenate([begins, ticks[last] - CONTEXT - 1]),
            CONTEXT + 1,
        )
        _, head = self._predict(pieces)
        said = outcome_of(head)
        truth = targets_of(pieces.facts)
        done = truth.done[:, -1] > 0
        reward = truth.reward[:, -1].astype(np.float64)
        threshold = threshold_of(self.model.card)
        calm = ~done
        false = float((said.p_done[calm] >= threshold).mean() * 1000)
        caught = float((said.p_done[done] >= threshold).mean())
        spread = float(np.square(reward - reward.mean()).sum())
        explained = 1 - float(np.square(said.reward - reward).sum()) / max(spread, 1e-9)
        # Mario's way, right and down, which the head gives in units of two px of the engine.
        off = np.abs(said.move[:, :2] - truth.move[:, -1, :2]).max(1) * 2
        n, ends = len(done), int(done.sum())
        return [
            self.record("moves_wrong", float((off[calm] > _OFF_PX).mean()), int(calm.sum())),
            self.record("done_ap", average_precision(done, said.p_done), n),
            self.record("done_ap", ends / n, n, COPY, note="always the same answer"),
            self.record("done_recall", caught, ends),
            self.record("false_deaths_per_1000", false, int(calm.sum())),
            self.record("done_brier", float(np.square(said.p_done - done).mean()), n),
            self.record("done_ece", calibration_error(done, said.p_done), n),
            self.record("reward_r2", explained, n),
            self.record("coin_ap", average_precision(truth.coin[:, -1] > 0, said.p_coin), n),
            self.record("kill_ap", average_precision(truth.kill[:, -1] > 0, said.p_kill), n),
            *self._hurts(pieces, head),
        ]

    def _hurts(self, pieces: Pieces, head: NDArray[np.float32]) -> list[dict[str, Any]]:
        """Whether Mario is hurt where he is in the game, and nowhere else.

        Args:
            pieces: Windows, for hurts that are imagined.
            head: What the model says of their last steps.
        """
        places = touches_of(self.tapes).hurts
        places = places[places[:, 1] >= CONTEXT]
        seen = np.zeros(0, np.bool_)
        if len(places):
            player = TapePlayer(self.tapes, *self.size, self.options.threads)
            hurt = player.pieces(places[:, 0], places[:, 1] - CONTEXT, CONTEXT + 1)
            alive = hurt.facts[:, -1, FACT["status"]] == Status.RUNNING
            seen = _said_hurt(hurt, self._predict(hurt)[1])[alive]
        other = np.diff(pieces.facts[:, -2:, FACT["hurts"]])[:, 0] <= 0
        imagined = float(_said_hurt(pieces, head)[other].mean())
        return [
            self.record("hurt_recall", seen.mean() if len(seen) else math.nan, len(seen)),
            self.record("false_hurts_per_1000", imagined * 1000, int(other.sum())),
        ]


def _said_hurt(pieces: Pieces, head: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether a head says that Mario is hurt in the last step of each window."""
    counted = np.maximum(pieces.facts[:, -2, FACT["invulnerable"]] - 1, 0)
    said = head[:, head_slices()["invulnerable"].start] * INVULNERABLE_UNIT
    return said > (HURT_TICKS + counted) / 2
