"""Tapes as JSON: for small sets that are committed, and can be read and compared by eye."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.datasets.tapes import EPISODE, Tapes
from gym_mario_suite.errors import UNREADABLE, DatasetError
from gym_mario_suite.whole_file import write_whole

_NAMES = ("seed", "difficulty", "level_type", "length", "mode", "time_limit", "status")


def save_tapes_json(path: Path, tapes: Tapes, note: str) -> None:
    """Write tapes as JSON with their digest, an episode in each line.

    The digest is that of what `load_tapes_json` reads: keys of no episode are left out, and players
    are numbered as they come.

    Raises:
        OptionError: When the file cannot be written.
    """
    rows: list[dict[str, Any]] = []
    for index, row in enumerate(tapes.episodes):
        values: dict[str, Any] = {name: int(row[name]) for name in _NAMES}
        values["player"] = tapes.player_of(index)
        values["state"] = f"{int(row['state']):016x}"
        values["keys"] = tapes.keys_of(index).tobytes().hex()
        rows.append(values)
    lines = ",\n  ".join(map(json.dumps, rows))
    digest = _tapes_of(rows).digest()
    head = f'{{\n "note": {json.dumps(note)},\n "digest": {json.dumps(digest)},\n'
    write_whole(path, f'{head} "episodes": [\n  {lines}\n ]\n}}\n'.encode())


def load_tapes_json(path: Path) -> Tapes:
    """Tapes that `save_tapes_json` wrote.

    Raises:
        DatasetError: When they cannot be read, or are not those of the digest.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        tapes = _tapes_of(data["episodes"])
        digest = tapes.digest()
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}") from error
    except UNREADABLE as error:
        raise DatasetError(f"{path}: no tapes in JSON: {error}") from error
    if digest != data.get("digest"):
        raise DatasetError(f"{path}: the episodes are not those of the digest")
    return tapes


def _tapes_of(episodes: list[dict[str, Any]]) -> Tapes:
    """The tapes of the JSON's episodes."""
    players: list[str] = []
    rows = []
    keys = []
    at = 0
    for values in episodes:
        if values["player"] not in players:
            players.append(values["player"])
        pressed = bytes.fromhex(values["keys"])
        row = [values[name] for name in _NAMES[:-1]]
        who = players.index(values["player"])
        rows.append((*row, at, len(pressed), values["status"], who, int(values["state"], 16)))
        keys.append(pressed)
        at += len(pressed)
    return Tapes(np.array(rows, EPISODE), np.frombuffer(b"".join(keys), np.uint8), tuple(players))
