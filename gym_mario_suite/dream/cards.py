"""Model cards: what a model file tells of where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gym_mario_suite import __version__
from gym_mario_suite.provenance import commit


def card_of_checkpoint(metadata: Mapping[str, Any], threshold: float, note: str) -> dict[str, Any]:
    """The card of a model that is exported from a checkpoint.

    Args:
        metadata: The checkpoint's.
        threshold: Probability from which on a step ends the episode.
        note: A sentence.
    """
    progress = metadata["progress"]
    return {
        "done_threshold": threshold,
        "note": note,
        "data": metadata["data"],
        "predictions": progress["predictions"],
        "training_seconds": round(progress["seconds"]),
        "last_loss": progress["loss"],
        "version": __version__,
        "commit": commit(),
        "licence": "MIT",
    }
