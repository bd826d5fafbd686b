"""Model cards: what a model file tells of where it comes from."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


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
        "version": _version(),
        "commit": _commit(),
        "licence": "MIT",
    }


def _version() -> str:
    try:
        return version("gym-mario-suite")
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
        return asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
