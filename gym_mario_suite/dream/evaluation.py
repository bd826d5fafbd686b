"""How true a dream is: measured on held-out levels, beside trivial predictors and the engine."""

from __future__ import annotations

import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.cards import threshold_of
from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.facts import FACT
from gym_mario_suite.dream.frames import Frames
from gym_mario_suite.dream.metrics import (
    frechet_distance,
    interval,
    psnr,
    squared_errors,
)
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.dream.probes import deeds
from gym_mario_suite.dream.rollouts import Rollouts, begin_at, forked, roll_out, starts
from gym_mario_suite.dream.step_evaluation import COPY, ENGINE, StepEvaluation
from gym_mario_suite.dream.tape_player import TapePlayer
from gym_mario_suite.dream.windows import TapeWindows

# Of the 14 actions of the set `curiosity`, those that press something else.
FORKED_KEYS = (0, 4, 1, 9, 17, 25, 2, 10, 18, 26, 8, 16, 24)
_FORK_TICKS, _FORK_PX = 8, 4.0
_CURVE = (1, 10, 50, 100, 200)
_CLIP = 16
LOST_PX, _LOST_STEPS = 16, 5


def _lost_at(errors: NDArray[np.floating]) -> int:
    """The first step of five in a row with an error above 16 px; their number if there are none."""
    away = np.convolve(errors > LOST_PX, np.ones(_LOST_STEPS), "valid") == _LOST_STEPS
    return int(away.argmax()) if away.any() else len(errors)


class Evaluation(StepEvaluation):
    """Measures a model: single steps, and dreams of many.

    The arguments are those of `StepEvaluation`.
    """

    def run(self) -> Iterator[list[dict[str, Any]]]:
        """All measures, part by part: lists of records (see `record`)."""
        yield self.next_frames()
        yield self.ends()
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
        """Mario's way since the first frame in engine px, as the probes see it: [n, k + 1].

        Where they do not see him, as when he has fallen out of the picture, he is where he was seen
        last.
        """
        n, length = frames.shape[:2]
        seen = self.probes.find(frames.reshape(-1, *frames.shape[2:]))
        x, y, count = (part.reshape(n, length) for part in (seen.x, seen.y, seen.count))
        before = frames[:, :-1].reshape(-1, *frames.shape[2:])
        scroll, _ = self.probes.read(before, frames[:, 1:].reshape(before.shape))
        camera = np.concatenate([np.zeros((n, 1)), scroll.reshape(n, -1).cumsum(1)], 1)
        last = np.maximum.accumulate(np.where(count > 0, np.arange(length), 0), axis=1)
        x, y = (np.take_along_axis(way, last, 1) for way in (x + camera, y))
        x, y = x.astype(np.float64), y.astype(np.float64)
        return (x - x[:, :1]) * self._px[0], (y - y[:, :1]) * self._px[1]

    def errors(
        self, frames: Frames, facts: NDArray[np.floating]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How far Mario is from where the facts have him, engine px across and down: [n, k + 1]."""
        x, y = self._paths(frames)
        true_x = facts[..., FACT["x"]] - facts[:, :1, FACT["x"]]
        true_y = facts[..., FACT["y"]] - facts[:, :1, FACT["y"]]
        return np.abs(x - true_x), np.abs(y - true_y)

    def _tracking(self, rolled: Rollouts, hint: bool) -> list[dict[str, Any]]:
        facts = rolled.truth.facts
        edge = facts[:, 0, FACT["camera"]] + 320
        rows = [(self._named(hint), rolled.dreamt)]
        if not hint:
            still = np.broadcast_to(rolled.truth.frames[:, :1], rolled.dreamt.shape)
            rows += [(ENGINE, rolled.truth.frames), (COPY, still)]
        records = []
        for name, frames in rows:
            dx, dy = self.errors(frames, facts)
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
            lost = np.array([_lost_at(row) for row in dx])
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
        agreed: dict[tuple[str, str], list[NDArray[np.bool_]]] = defaultdict(list)
        for row in range(count):
            begin = int(begins[row])
            forks = forked(self.tapes, int(episodes[row]), begin + CONTEXT, keys, _FORK_TICKS)
            player = TapePlayer(forks, *self.size, self.options.threads)
            pieces = player.pieces(
                np.arange(len(keys)), np.full(len(keys), begin), CONTEXT + _FORK_TICKS
            )
            dreamer = Dreamer(self.model, len(keys))
            for fork in range(len(keys)):
                begin_at(dreamer, fork, pieces, fork)
            frames = [pieces.frames[:, CONTEXT - 1]]
            for _ in range(_FORK_TICKS):
                frames.append(dreamer.step(keys)[0])
            seen = {
                "": self._paths(np.stack(frames, 1)),
                ENGINE: self._paths(pieces.frames[:, CONTEXT - 1 :]),
            }
            for at, axis in enumerate("xy"):
                truth = pieces.facts[:, -1, FACT[axis]]
                gaps = truth[:, None] - truth[None]
                for name, ways in seen.items():
                    way = ways[at][:, -1]
                    told = np.sign(way[:, None] - way[None]) == np.sign(gaps)
                    agreed[name, axis].append(told[gaps >= _FORK_PX])
        records = []
        for name in ("", ENGINE):
            across, upright = (np.concatenate(agreed[name, axis]) for axis in "xy")
            for ending, part in (
                ("", np.append(across, upright)),
                ("_x", across),
                ("_y", upright),
            ):
                share = part.mean() if len(part) else math.nan
                records.append(self.record(f"counterfactual_sign{ending}", share, len(part), name))
        return records

    def _stability(self) -> list[dict[str, Any]]:
        """A thousand steps: whether there still is one Mario, and whether the colours hold.

        As in the environment, a dream ends where the model says so, and another begins in its
        place.
        """
        count, steps = self.options.long_rollouts, self.options.long_steps
        threshold = threshold_of(self.model.card)
        episodes, begins = starts(self.tapes, count, 1)
        player = TapePlayer(self.tapes, *self.size, self.options.threads)
        pieces = player.pieces(episodes, begins, CONTEXT)
        dreamer = Dreamer(self.model, count)
        dreamer.seeds[:] = np.arange(count)

        for row in range(count):
            begin_at(dreamer, row, pieces, row)
        rng = np.random.default_rng(8)
        held = np.zeros(count, np.uint8)
        ones, ends, lengths = [], 0, np.zeros(count, np.int64)
        frames = pieces.frames[:, -1]
        begun = np.arange(count)
        for step in range(steps):
            if step % 8 == 0:
                held = rng.choice(np.array(FORKED_KEYS, np.uint8), count)
            frames, outcome = dreamer.step(held)
            lengths += 1
            if step >= steps - 100 and step % 2 == 1:
                ones.append(self.probes.find(frames).count == 1)
            for row in np.flatnonzero(outcome.p_done >= threshold):
                ends += 1
                lengths[row], begun[row] = 0, (begun[row] + 1) % count
                begin_at(dreamer, int(row), pieces, int(begun[row]))
        colour = np.abs(
            frames.mean((1, 2), dtype=np.float64) - pieces.frames[begun, -1].mean((1, 2))
        ).mean()
        floor = self.probes.find(pieces.frames[:, -1]).count == 1
        windows = TapeWindows(self.tapes, *self.size, self.options.threads, end_share=0)
        real = self.probes.find(windows.batch(6, 0, 200, 1).frames[:, 0]).count == 1
        found = np.concatenate(ones)
        return [
            self.record(f"one_mario_at_{steps}", found.mean(), len(found)),
            self.record(f"one_mario_at_{steps}", real.mean(), len(real), ENGINE, note="ceiling"),
            self.record("one_mario_at_0", floor.mean(), len(floor)),
            self.record(f"ends_in_{steps}", ends / count, count, note="of each dream"),
            self.record(f"age_at_{steps}", lengths.mean(), count, note="steps since the last end"),
            self.record(f"colour_drift_at_{steps}", colour, count, note="levels"),
        ]

    def _cost(self) -> list[dict[str, Any]]:
        dreamer = Dreamer(self.model, 1)
        times = []
        for _ in range(30):
            start = time.perf_counter()
            dreamer.step(np.array([2], np.uint8))
            times.append(1000 * (time.perf_counter() - start))
        records = [
            self.record("ms_per_frame_p50", float(np.quantile(times, 0.5)), len(times)),
            self.record("ms_per_frame_p95", float(np.quantile(times, 0.95)), len(times)),
        ]
        memory = _peak_memory_mb()
        if memory is not None:
            note = "with training libraries loaded"
            records.append(self.record("memory_mb", memory, 1, note=note))
        return records


def _peak_memory_mb() -> float | None:
    """The most memory that this process had; None on Windows, where Python does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)
