"""Draw docs/pictures/dream_curves.png, how dreams go astray: `make_dream_curves.py [MODEL]`."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("agg")
from matplotlib import pyplot as plt

from gym_mario_suite.dream.evaluation import LOST_PX, Evaluation
from gym_mario_suite.dream.metrics import psnr, squared_errors
from gym_mario_suite.dream.rollouts import roll_out
from gym_mario_suite.dream.runtime import DEFAULT_MODEL, open_model
from gym_mario_suite.dream.step_evaluation import EvalOptions

PICTURE = Path(__file__).parent / "pictures" / "dream_curves.png"


def psnr_by_step(dreamt: NDArray[np.uint8], truth: NDArray[np.uint8]) -> list[float]:
    """PSNR of the mean squared error over all dreams, for each step."""
    steps = range(1, dreamt.shape[1])
    return [psnr(squared_errors(dreamt[:, s], truth[:, s]).mean()) for s in steps]


def main() -> None:
    """Dream with and without a level hint, and draw."""
    model = open_model(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_MODEL)
    options = EvalOptions()
    evaluation = Evaluation(model, "model", options)
    evaluation.prepare()
    figure, (pixels, left, pictures) = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    steps = np.arange(1, options.steps + 1)
    for hint, name, colour in ((True, "with level hint", "C0"), (False, "free", "C1")):
        rolled = roll_out(model, evaluation.tapes, options.rollouts, options.steps, hint)
        errors = evaluation.errors(rolled.dreamt, rolled.truth.facts)[0][:, 1:]
        low, middle, high = np.quantile(errors, (0.25, 0.5, 0.75), axis=0)
        pixels.plot(steps, middle, colour, label=name)
        pixels.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
        ever = np.maximum.accumulate(errors > LOST_PX, axis=1)
        left.plot(steps, 100 * (1 - ever.mean(0)), colour)
        truth = rolled.truth.frames
        pictures.plot(steps, psnr_by_step(rolled.dreamt, truth), colour)
        if not hint:
            still = np.broadcast_to(truth[:, :1], truth.shape)
            pictures.plot(steps, psnr_by_step(still, truth), "0.5", ls="--", label="first frame")
    pixels.set(yscale="symlog", ylim=(0, 1000), ylabel="Mario's error, px of the engine")
    pixels.axhline(LOST_PX, color="0.7", lw=0.8)
    pixels.legend(frameon=False, title="median and quartiles")
    left.set(ylim=(0, 100), ylabel=f"dreams always within {LOST_PX} px, %")
    pictures.set(ylabel="PSNR, dB")
    pictures.legend(frameon=False)
    for axes in (pixels, left, pictures):
        axes.set_xlabel("steps dreamt")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=110)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
