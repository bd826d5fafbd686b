"""Interquartile means with stratified bootstrap confidence intervals.

As Agarwal et al. 2021 ("Deep reinforcement learning at the edge of the statistical precipice")
advise: the mean of the middle half of all levels' results, because a mean hangs on few levels and a
median on one; and an interval, because the levels are a sample. The strata are the difficulties:
each is resampled for itself, since a competition plays a fixed number of levels of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError

CONFIDENCE = 0.95
RESAMPLES = 2000
_TRIM = 0.25


@dataclass(frozen=True)
class Estimate:
    """An interquartile mean.

    Attributes:
        iqm: Interquartile mean.
        low: Lower end of the 95% confidence interval; None where it cannot be had.
        high: Its upper end.
    """

    iqm: float
    low: float | None
    high: float | None


def interquartile_mean(strata: Sequence[Sequence[float]], seed: int = 0) -> Estimate:
    """The interquartile mean of all values, and its interval by stratified bootstrap.

    Args:
        strata: Values, stratum by stratum. Strata of one value are resampled together.
        seed: Of the resampling, so that the same results give the same interval.

    Raises:
        OptionError: Without SciPy, or when there is no value.
    """
    try:
        from scipy import stats
    except ImportError:
        raise OptionError(
            'confidence intervals need SciPy: pip install "gym-mario-suite[competition]"'
        ) from None
    values = [np.asarray(stratum, np.float64) for stratum in strata if len(stratum)]
    if not values:
        raise OptionError("there is no result to average")
    iqm = float(stats.trim_mean(np.concatenate(values), _TRIM))
    alone = [stratum for stratum in values if len(stratum) == 1]
    samples = [stratum for stratum in values if len(stratum) > 1]
    if len(alone) > 1:
        samples.append(np.concatenate(alone))
    if not samples or len(alone) == 1:
        return Estimate(iqm, None, None)

    def statistic(*parts: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
        return stats.trim_mean(np.concatenate(parts, axis=axis), _TRIM, axis=axis)

    interval = stats.bootstrap(
        samples,
        statistic,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(iqm, float(interval.low), float(interval.high))
