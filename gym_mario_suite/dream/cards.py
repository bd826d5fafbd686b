"""Model cards: what a model file tells of where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gym_mario_suite import __version__
from gym_mario_suite.errors import OptionError, as_number
from gym_mario_suite.provenance import commit

DONE_THRESHOLD = "done_threshold"


def threshold_of(card: Mapping[str, Any]) -> float:
    """From which probability on a step ends the episode, as a model's card says.

    Raises:
        OptionError: When it says no probability.
    """
    return as_threshold(f"the model's {DONE_THRESHOLD}", card.get(DONE_THRESHOLD, 0.5))


def as_threshold(name: str, value: object) -> float:
    """`value` as such a probability.

    Raises:
        OptionError: If it is none; the message names `name`.
    """
    threshold = as_number(name, value, 0, 1)
    if not threshold:
        raise OptionError(f"{name} must be a probability above 0, got {value!r}")
    return threshold


def card_of_checkpoint(metadata: Mapping[str, Any], threshold: float, note: str) -> dict[str, Any]:
    """The card of a model that is exported from a checkpoint.

    Args:
        metadata: The checkpoint's.
        threshold: Probability from which on a step ends the episode.
        note: A sentence.
    """
    progress = metadata["progress"]
    return {
        DONE_THRESHOLD: threshold,
        "note": note,
        "data": metadata["data"],
        "predictions": progress["predictions"],
        "training_seconds": round(progress["seconds"]),
        "last_loss": progress["loss"],
        "version": __version__,
        "commit": commit(),
        "licence": "MIT",
    }
