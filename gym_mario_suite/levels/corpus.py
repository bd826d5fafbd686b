"""Level corpora: text levels of the VGLC's processed form, split by level for honest evaluation.

Windows of one level overlap, and some levels repeat others tile by tile, so a split by windows (or
one that parts such twins) puts training material into the test set. Here whole levels are held out,
and near copies stand on the same side.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.formats.text_rows import decoded
from gym_mario_suite.levels.formats.vglc_text import read_vglc_text
from gym_mario_suite.levels.tile_grid import N_TILES, Tile
from gym_mario_suite.whole_file import files_in

CodeGrid = NDArray[np.uint8]

WINDOW = 14  # rows and columns of the window in which copies are measured

_NEAR_COPY_TILES = 6  # windows that differ in no more tiles are copies of each other
_NEAR_COPY_SHARE = 0.8  # levels with this share of such windows stay on one side of a split
_HELD_OUT_SHARE = 0.15


class Domain(IntEnum):
    """Where a level is from; the learned generators can be conditioned on it."""

    SMB = 0
    SMB2J = 1
    SML = 2
    INFINITE = 3


@dataclass(frozen=True)
class CorpusLevel:
    """A level of a corpus.

    Attributes:
        name: File name without its ending.
        domain: Where it is from.
        codes: Tile codes, uint8[rows, columns], top row first.
    """

    name: str
    domain: Domain
    codes: CodeGrid


@dataclass(frozen=True)
class Split:
    """A corpus parted by level.

    Attributes:
        train: Levels to learn from.
        held_out: Levels that no training sees.
    """

    train: tuple[CorpusLevel, ...]
    held_out: tuple[CorpusLevel, ...]


def read_corpus(folder: Path) -> list[CorpusLevel]:
    """All processed text levels below `folder`, sorted by path.

    Levels lie in folders named after their game (`smb`, `smb2j`, `sml`), perhaps with a folder
    `processed` between; levels elsewhere count as Super Mario Bros. Folders named `structural`
    hold another alphabet and are passed over.

    Raises:
        OptionError: If the folder is missing or holds no levels.
        LevelError: For a malformed level file.
    """
    if not os.path.isdir(folder):
        raise OptionError(f"the corpus {folder} is no folder")
    # A corpus may be the folder of one game, or that of its processed levels.
    above = [part.upper() for part in folder.resolve().parts[-2:]]
    levels = []
    for path in files_in(folder, "**/*.txt"):
        parts = [part.upper() for part in path.relative_to(folder).parts[:-1]]
        if "STRUCTURAL" in parts:
            continue
        games = [part for part in [*above, *parts] if part in Domain.__members__]
        domain = Domain[games[-1]] if games else Domain.SMB
        levels.append(CorpusLevel(path.stem, domain, _read_codes(path)))
    if not levels:
        raise OptionError(
            f"no level found below {folder}: expected text files of the VGLC's processed form, "
            "for example smb/processed/mario-1-1.txt"
        )
    return levels


def _read_codes(path: Path) -> CodeGrid:
    try:
        return np.array(read_vglc_text(decoded(path.read_bytes())).codes)
    except LevelError as error:
        raise LevelError(f"{path}: {error}") from None
    except OSError as error:
        raise OptionError(f"cannot read {path}: {error.strerror}") from None


def digest_of_levels(split: Split) -> str:
    """SHA-256 of all levels of a split and of which side each is on, as hex."""
    digest = hashlib.sha256()
    for side in (split.train, split.held_out):
        digest.update(b"side ")
        for level in side:
            digest.update(f"{level.name} {int(level.domain)} {level.codes.shape} ".encode())
            digest.update(level.codes.tobytes())
    return digest.hexdigest()


def split_by_level(levels: Sequence[CorpusLevel]) -> Split:
    """Hold out 15 % of the levels of every game, the same ones on every call.

    Which ones is decided by a hash of their names, so a level added to the corpus moves few others.
    Near copies (levels four fifths of whose 14x14 windows have a like in the other within six
    tiles) are held out together or not at all.
    """
    held_out: set[int] = set()
    twins = _near_copies(levels)
    for domain in Domain:
        members = [i for i, level in enumerate(levels) if level.domain == domain]
        quota = round(_HELD_OUT_SHARE * len(members))
        order = sorted(members, key=lambda i: hashlib.sha256(levels[i].name.encode()).digest())
        for i in order:
            if quota > 0 and i not in held_out and len(twins[i]) <= quota:
                held_out |= twins[i]
                quota -= len(twins[i])
    train = tuple(level for i, level in enumerate(levels) if i not in held_out)
    return Split(train, tuple(level for i, level in enumerate(levels) if i in held_out))


def require_usable(split: Split, usable: Callable[[CorpusLevel], bool], which: str) -> None:
    """Fail now if a training cannot use any level of a side.

    Args:
        split: The corpus.
        usable: Whether it can use a level.
        which: Which levels those are, for the message.

    Raises:
        OptionError: Saying which are missing.
    """
    for side, what in ((split.train, "to train on"), (split.held_out, "to hold out")):
        if not any(map(usable, side)):
            raise OptionError(f"the corpus has no level {what}: {which} are needed")


def _near_copies(levels: Sequence[CorpusLevel]) -> list[set[int]]:
    """For each level the group of levels that it copies or is copied by, itself included."""
    features = [_one_hot(windows(level.codes)) for level in levels]
    groups = [{i} for i in range(len(levels))]
    likeness = WINDOW * WINDOW - _NEAR_COPY_TILES
    for i in range(len(levels)):
        for j in range(i):
            same = features[i] @ features[j].T >= likeness
            copied = max(same.any(0).mean(), same.any(1).mean()) if same.size else 0.0
            if copied >= _NEAR_COPY_SHARE:
                merged = groups[i] | groups[j]
                for member in merged:
                    groups[member] = merged
    return groups


def _one_hot(flat: CodeGrid) -> NDArray[np.float32]:
    """float32[n, cells * 13]."""
    return np.eye(N_TILES, dtype=np.float32)[flat].reshape(len(flat), -1)


def with_rows(codes: CodeGrid, rows: int) -> CodeGrid:
    """The grid with that many rows: cut off at the top, or air added there."""
    have = codes.shape[0]
    if have >= rows:
        return codes[have - rows :]
    sky = np.full((rows - have, codes.shape[1]), Tile.EMPTY, np.uint8)
    return np.concatenate([sky, codes])


def windows(codes: CodeGrid, *, last: bool = True) -> CodeGrid:
    """All 14x14 windows of the level's lowest 14 rows, from left to right, flattened.

    Args:
        codes: uint8[rows, columns].
        last: Whether to include the window at the right edge. The windows published for the 2-D
            categorical VAE leave it out: width - 14 of each level.

    Returns:
        uint8[n, 196].
    """
    grid = with_rows(codes, WINDOW)
    if grid.shape[1] < WINDOW + (not last):
        return np.zeros((0, WINDOW * WINDOW), np.uint8)
    view = np.lib.stride_tricks.sliding_window_view(grid, (WINDOW, WINDOW))[0]
    return view[: len(view) if last else -1].reshape(-1, WINDOW * WINDOW).copy()
