"""Which games of a vector environment a reset begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def games_begun(options: object, count: int) -> NDArray[np.bool_]:
    """The games that `reset(options=options)` begins: all, or those of its mask.

    To be asked before the reset, for Gymnasium's vector environments take the mask out of the
    options. Whether the options are possible is for the environment to say.

    Args:
        options: Of the reset.
        count: How many games there are.
    """
    mask: Any = options.get("reset_mask") if isinstance(options, Mapping) else None
    return np.ones(count, bool) if mask is None else np.array(mask)
