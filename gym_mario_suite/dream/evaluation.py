"""How true a dream is: measured on held-out levels, beside trivial predictors and the engine."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.datasets.tapes_json import load_tapes_json
from gym_mario_suite.dream.dreamer import Dreamer, outcome_of
from gym_mario_suite.dream.frames import Frames, to_frames, to_model
from gym_mario_suite.dream.metrics import (
    average_precision,
    calibration_error,
    changed_pixels,
    frechet_distance,
    interval,
    psnr,
    shift_of,
    shifted,
    squared_errors,
    ssim,
)
from gym_mario_suite.dream.noise import normal_noise
from gym_mario_suite.dream.presets import CONTEXT, multi_hot
from gym_mario_suite.dream.probes import Probes, deeds
from gym_mario_suite.dream.rollouts import Rollouts, roll_out, starts
from gym_mario_suite.dream.runtime import DATA, DreamModel
from gym_mario_suite.dream.sampler import sample
from gym_mario_suite.dream.tape_player import FACT, Pieces, TapePlayer
from gym_mario_suite.dream.windows import TapeWindows, places_of, targets_of

HELD_OUT = DATA / "heldout.json"
COPY, VELOCITY, ENGINE = "copy-last-frame", "constant-velocity", "engine"
# Of the 14 actions of the set `curiosity`, those that press something else.
FORKED_KEYS = (0, 4, 1, 9, 17, 25, 2, 10, 18, 26, 8, 16, 24)
_FORK_TICKS, _FORK_PX = 8, 4.0
_CURVE = (1, 10, 50, 100, 200)
_CLIP = 16


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
    long_rollouts: int = 8
    long_steps: int = 1000
    forks: int = 16
    probe_steps: int = 1500
    threads: int = 1

    @classmethod
    def quick(cls, threads: int = 1) -> EvalOptions:
        """A minute's worth: the same measures, with fewer samples."""
        return cls(
            windows=192,
            rollouts=6,
            steps=60,
            long_rollouts=1,
            long_steps=200,
            forks=2,
            probe_steps=150,
            threads=threads,
        )


class Evaluation:
    """Measures a model.

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
        self._size = height, width
        # What is measured in engine pixels, of which a frame may have fewer.
        self._px = 240 / height

    def prepare(
        self, path: Path | None = None, tell: Callable[[int], None] = lambda _: None
    ) -> None:
        """Train the probes, or read them from a file; a new one is written."""
        if path is not None and path.exists():
            self.probes.load(path)
            return
        windows = TapeWindows(self._for_probes, *self._size, self.options.threads)
        self.probes.train(windows, self.options.probe_steps, tell=tell)
        if path is not None:
            self.probes.save(path)

    def run(self) -> Iterator[list[dict[str, Any]]]:
        """All measures, part by part: lists of records (see `record`)."""
        yield self._next_frames()
        yield self._ends()
        hints = (False, True) if self.model.config.level_hint else (False,)
        for hint in hints:
            rolled = roll_out(
                self.model,
                self.tapes,
                self.options.rollouts,
                self.options.steps,
                hint,
                self.options.threads,
            )
            yield self._curves(rolled, hint)
            yield self._tracking(rolled, hint)
            if not hint:
                yield self._following(rolled)
        yield self._counterfactual()
        yield self._stability()
        yield self._cost()

    def record(self, metric: str, value: float, n: int, model: str = "", **more: Any) -> dict:
        """One figure: model, metric, value, how many samples it comes from."""
        value = float(value)
        shown = None if math.isnan(value) else round(value, 5)
        return {"model": model or self.name, "metric": metric, "value": shown, "n": int(n), **more}

    # --- one step, from true frames -------------------------------------------------------------

    def _predict(self, pieces: Pieces) -> tuple[Frames, NDArray[np.float32]]:
        """The next frame after each window's context, and the head."""
        config = self.model.config
        height, width = self._size
        sampler = Dreamer(self.model, 1)
        frames, heads = [], []
        for i in range(len(pieces.frames)):
            context = to_model(pieces.frames[i : i + 1, :CONTEXT])
            inputs = {
                "context": context.reshape(1, -1, height, width),
                "buttons": multi_hot(pieces.keys[i : i + 1, :CONTEXT]),
                "sigma_context": np.full(1, config.sigma_context, np.float32),
                "tiles": pieces.hints[i : i + 1, CONTEXT - 1].astype(np.int64),
                # A free dream: no hint.
                "place": places_of(pieces.facts[i : i + 1, CONTEXT - 1]) * np.float32(0),
            }

            def denoise(x: NDArray, sigma: float, inputs: Any = inputs) -> tuple:
                noisy = {"noisy": np.asarray(x, np.float32), "sigma": np.full(1, sigma, np.float32)}
                return self.model.denoise({**inputs, **noisy})

            noise = normal_noise(0, i, 0, (1, 3, height, width))
            values, head = sample(denoise, noise, sampler.sigmas)
            frames.append(to_frames(values))
            heads.append(head)
        return np.concatenate(frames), np.concatenate(heads)

    def _next_frames(self) -> list[dict[str, Any]]:
        count = self.options.windows
        windows = TapeWindows(self.tapes, *self._size, self.options.threads, end_share=0)
        pieces = windows.batch(2, 0, 3 * count, CONTEXT + 1)
        left = pieces.facts[..., FACT["camera"]].astype(np.int64) >> 1
        scrolling = left[:, CONTEXT] != left[:, CONTEXT - 1]
        # At least half of the windows scroll, and the rest comes as it comes.
        order = np.concatenate([np.flatnonzero(scrolling)[: count // 2], np.arange(3 * count)])
        _, first = np.unique(order, return_index=True)
        chosen = order[np.sort(first)][:count]
        pieces = Pieces(*(part[chosen] for part in pieces))
        last, target = pieces.frames[:, CONTEXT - 1], pieces.frames[:, CONTEXT]
        velocity = shift_of(pieces.frames[:, CONTEXT - 2], last)
        predicted, _ = self._predict(pieces)
        changed = changed_pixels(last, target)
        records = []
        for name, frames in (
            ("", predicted),
            (COPY, last),
            (VELOCITY, shifted(last, velocity)),
            (ENGINE, target),
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

    def _ends(self) -> list[dict[str, Any]]:
        """The head's ends and rewards: every episode's last step, and steps that end nothing."""
        count = self.options.windows
        windows = TapeWindows(self.tapes, *self._size, self.options.threads, end_share=0)
        episodes, begins = windows.choose(4, 0, count, CONTEXT + 1)
        ticks = self.tapes.episodes["ticks"]
        last = np.flatnonzero(ticks > CONTEXT + 1)
        player = TapePlayer(self.tapes, *self._size, self.options.threads)
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
        threshold = float(self.model.card.get("done_threshold", 0.5))
        calm = ~done
        false = float((said.p_done[calm] >= threshold).mean() * 1000)
        caught = float((said.p_done[done] >= threshold).mean())
        spread = float(np.square(reward - reward.mean()).sum())
        explained = 1 - float(np.square(said.reward - reward).sum()) / max(spread, 1e-9)
        n, ends = len(done), int(done.sum())
        return [
            self.record("done_ap", average_precision(done, said.p_done), n),
            self.record("done_ap", ends / n, n, COPY, note="always the same answer"),
            self.record("done_recall", caught, ends),
            self.record("false_deaths_per_1000", false, int(calm.sum())),
            self.record("done_brier", float(np.square(said.p_done - done).mean()), n),
            self.record("done_ece", calibration_error(done, said.p_done), n),
            self.record("reward_r2", explained, n),
            self.record("coin_ap", average_precision(truth.coin[:, -1] > 0, said.p_coin), n),
            self.record("kill_ap", average_precision(truth.kill[:, -1] > 0, said.p_kill), n),
        ]

    # --- many steps -----------------------------------------------------------------------------

    def _named(self, hint: bool) -> str:
        return f"{self.name}+hint" if hint else self.name

    def _curves(self, rolled: Rollouts, hint: bool) -> list[dict[str, Any]]:
        records = []
        count = len(rolled.dreamt)
        truth = rolled.truth.frames
        for step in (s for s in _CURVE if s <= self.options.steps):
            errors = squared_errors(rolled.dreamt[:, step], truth[:, step])
            name = self._named(hint)
            records.append(self.record(f"psnr_at_{step}", psnr(errors.mean()), count, name))
            if not hint:
                errors = squared_errors(truth[:, 0], truth[:, step])
                records.append(self.record(f"psnr_at_{step}", psnr(errors.mean()), count, COPY))
        if not hint and self.options.steps >= _CLIP:
            records += self._frechet(rolled)
        return records

    def _frechet(self, rolled: Rollouts) -> list[dict[str, Any]]:
        def clips(frames: Frames) -> Frames:
            used = (frames.shape[1] - 1) // _CLIP * _CLIP
            return frames[:, 1 : used + 1].reshape(-1, _CLIP, *frames.shape[2:])

        real = self.probes.features(clips(rolled.truth.frames))
        dreamt = self.probes.features(clips(rolled.dreamt))
        halves = real[::2], real[1::2]
        n = len(real)
        return [
            self.record("fsd_16", frechet_distance(real, dreamt), n),
            self.record("fsd_16", frechet_distance(*halves), n, ENGINE, note="real beside real"),
        ]

    def _paths(self, frames: Frames) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mario's way since the first frame in engine px, as the probes see it: [n, k + 1]."""
        n, length = frames.shape[:2]
        seen = self.probes.find(frames.reshape(-1, *frames.shape[2:]))
        x, y = seen.x.reshape(n, length), seen.y.reshape(n, length)
        before = frames[:, :-1].reshape(-1, *frames.shape[2:])
        scroll, _ = self.probes.read(before, frames[:, 1:].reshape(before.shape))
        camera = np.concatenate([np.zeros((n, 1)), scroll.reshape(n, -1).cumsum(1)], 1)
        x = x + camera
        return (x - x[:, :1]) * self._px, (y - y[:, :1]) * self._px

    def _tracking(self, rolled: Rollouts, hint: bool) -> list[dict[str, Any]]:
        facts = rolled.truth.facts
        true_x = facts[..., FACT["x"]] - facts[:, :1, FACT["x"]]
        true_y = facts[..., FACT["y"]] - facts[:, :1, FACT["y"]]
        edge = facts[:, 0, FACT["camera"]] + 320
        rows = [(self._named(hint), rolled.dreamt)]
        if not hint:
            still = np.broadcast_to(rolled.truth.frames[:, :1], rolled.dreamt.shape)
            rows += [(ENGINE, rolled.truth.frames), (COPY, still)]
        records = []
        for name, frames in rows:
            x, y = self._paths(frames)
            dx, dy = np.abs(x - true_x), np.abs(y - true_y)
            for step in (s for s in (50, 200) if s <= self.options.steps):
                # Beyond the edge of the first picture lies what nobody can know without a hint.
                known = facts[:, : step + 1, FACT["x"]].max(1) < edge
                for kind, part in (("", slice(None)), ("_visible", known), ("_new", ~known)):
                    errors = dx[part, step]
                    metric = f"track_px_{step}{kind}"
                    if len(errors):
                        low, high = interval(errors)
                        ends = {"low": round(low, 2), "high": round(high, 2)}
                        median = float(np.median(errors))
                        records.append(self.record(metric, median, len(errors), name, **ends))
                errors = dy[:, step]
                records.append(
                    self.record(f"track_y_px_{step}", np.median(errors), len(errors), name)
                )
            lost = np.where((dx > 16).any(1), (dx > 16).argmax(1), dx.shape[1])
            records.append(self.record("drift_horizon_16", np.median(lost), len(lost), name))
        return records

    def _following(self, rolled: Rollouts) -> list[dict[str, Any]]:
        """Whether a probe can tell from the dream what was pressed, as from the truth."""
        pressed = deeds(rolled.truth.keys).ravel()
        shares = []
        for frames in (rolled.dreamt, rolled.truth.frames):
            before = frames[:, :-1].reshape(-1, *frames.shape[2:])
            _, found = self.probes.read(before, frames[:, 1:].reshape(before.shape))
            shares.append(float((found == pressed).mean()))
        return [
            self.record("action_following", shares[0] / max(shares[1], 1e-9), len(pressed)),
            self.record("action_accuracy", shares[0], len(pressed)),
            self.record("action_accuracy", shares[1], len(pressed), ENGINE, note="ceiling"),
        ]

    def _counterfactual(self) -> list[dict[str, Any]]:
        """From one place all actions: whether the dream tells apart what the engine tells apart."""
        count = self.options.forks
        keys = np.array(FORKED_KEYS, np.uint8)
        episodes, begins = starts(self.tapes, count, _FORK_TICKS)
        player = TapePlayer(self.tapes, *self._size, self.options.threads)
        pieces = player.pieces(episodes, begins, CONTEXT)
        agreed: dict[str, list[NDArray[np.bool_]]] = {"x": [], "y": []}
        for row in range(count):
            forks = self._engine_forks(int(episodes[row]), int(begins[row]), keys)
            dreamer = Dreamer(self.model, len(keys))
            for fork in range(len(keys)):
                dreamer.begin(fork, pieces.frames[row], pieces.keys[row])
            frames = [np.repeat(pieces.frames[row, None, -1], len(keys), 0)]
            for _ in range(_FORK_TICKS):
                frames.append(dreamer.step(keys)[0])
            ways = dict(zip("xy", self._paths(np.stack(frames, 1)), strict=True))
            for axis, truth in zip("xy", forks, strict=True):
                gaps = truth[:, None] - truth[None]
                dreamt = ways[axis][:, -1]
                told = np.sign(dreamt[:, None] - dreamt[None]) == np.sign(gaps)
                agreed[axis].append(told[gaps >= _FORK_PX])
        both = np.concatenate([*agreed["x"], *agreed["y"]])
        if not len(both):
            return [self.record("counterfactual_sign", math.nan, 0)]
        return [
            self.record("counterfactual_sign", both.mean(), len(both)),
            *(
                self.record(f"counterfactual_sign_{axis}", np.concatenate(part).mean(), n)
                for axis, part in agreed.items()
                if (n := sum(map(len, part)))
            ),
        ]

    def _engine_forks(
        self, episode: int, begin: int, keys: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where each action, held, brings Mario in the engine, px from where he was."""
        game = self.tapes.game(episode)
        # The last context frame is the world after so many ticks.
        for pressed in self.tapes.keys_of(episode)[: begin + CONTEXT].tolist():
            game.tick(pressed)
        x, y = [], []
        for held in keys.tolist():
            fork = game.clone()
            for _ in range(_FORK_TICKS):
                fork.tick(held)
            x.append(float(fork.x) - float(game.x))
            y.append(float(fork.y) - float(game.y))
        return np.array(x), np.array(y)

    def _stability(self) -> list[dict[str, Any]]:
        """Long dreams: whether there still is one Mario, and whether the colours hold."""
        count, steps = self.options.long_rollouts, self.options.long_steps
        episodes, begins = starts(self.tapes, count, 1)
        player = TapePlayer(self.tapes, *self._size, self.options.threads)
        pieces = player.pieces(episodes, begins, CONTEXT)
        dreamer = Dreamer(self.model, count)
        dreamer.seeds[:] = np.arange(count)
        for row in range(count):
            dreamer.begin(row, pieces.frames[row], pieces.keys[row])
        rng = np.random.default_rng(8)
        held = np.zeros(count, np.uint8)
        ones = []
        for step in range(steps):
            if step % 8 == 0:
                held = rng.choice(np.array(FORKED_KEYS, np.uint8), count)
            frames, _ = dreamer.step(held)
            if step >= steps - 100 and step % 10 == 9:
                ones.append(self.probes.find(frames).count == 1)
        colour = np.abs(
            frames.mean((1, 2), dtype=np.float64) - pieces.frames[:, -1].mean((1, 2))
        ).mean()
        floor = self.probes.find(pieces.frames[:, -1]).count == 1
        windows = TapeWindows(self.tapes, *self._size, self.options.threads, end_share=0)
        real = self.probes.find(windows.batch(6, 0, 200, 1).frames[:, 0]).count == 1
        found = np.concatenate(ones)
        return [
            self.record(f"one_mario_at_{steps}", found.mean(), len(found)),
            self.record(f"one_mario_at_{steps}", real.mean(), len(real), ENGINE, note="ceiling"),
            self.record("one_mario_at_0", floor.mean(), len(floor)),
            self.record(f"colour_drift_at_{steps}", colour, count, note="levels"),
        ]

    def _cost(self) -> list[dict[str, Any]]:
        dreamer = Dreamer(self.model, 1)
        times = []
        for _ in range(30):
            start = time.perf_counter()
            dreamer.step(np.array([2], np.uint8))
            times.append(1000 * (time.perf_counter() - start))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        memory /= 1 << 20 if sys.platform == "darwin" else 1 << 10
        return [
            self.record("ms_per_frame_p50", float(np.quantile(times, 0.5)), len(times)),
            self.record("ms_per_frame_p95", float(np.quantile(times, 0.95)), len(times)),
            self.record("memory_mb", memory, 1, note="with training libraries loaded"),
        ]
