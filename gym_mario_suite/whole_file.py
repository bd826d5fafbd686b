"""Files that appear whole or not at all, whenever the program is interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError

_SERIAL = count()
_LONGEST = 200
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)


def real_path(path: Path) -> Path:
    """The file that a path leads to. Unlike `Path.resolve`, links in a circle are no error."""
    return Path(os.path.realpath(path))


def temporary_beside(target: Path) -> Path:
    """A hidden name in the same folder and with the same suffix, which nobody else uses."""
    return target.with_name(f".{target.stem}.{os.getpid()}-{next(_SERIAL)}{target.suffix}")


def files_in(folder: Path, pattern: str) -> list[Path]:
    """The files of a folder that fit a pattern, by name.

    Hidden ones are left out: those that are being written, or were when a program was killed.
    """
    return sorted(file for file in folder.glob(pattern) if not file.name.startswith("."))


@contextmanager
def _written(path: Path, data: bytes) -> Iterator[tuple[Path, Path]]:
    """The file and a finished temporary one beside it, which is gone in the end."""
    target = real_path(path)
    if os.path.exists(target) and not os.path.isfile(target) and not os.path.isdir(target):
        # A rename would put an ordinary file in the place of a device or a pipe.
        raise OptionError(f"cannot write {path}: it is not an ordinary file")
    temporary = temporary_beside(target)
    try:
        temporary.write_bytes(data)
        yield temporary, target
    except OSError as error:
        raise OptionError(f"cannot write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, replacing one that is there.

    Raises:
        OptionError: When it cannot be written; what `path` held before is kept then.
    """
    with _written(path, data) as (temporary, target):
        temporary.replace(target)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, replacing a file that is there.

    Raises:
        OptionError: When it cannot be written; what `path` held before is kept then.
    """
    write_whole(path, (json.dumps(value, indent=1) + "\n").encode())


def write_numbered(folder: Path, stem: str, suffix: str, data: bytes, first: int = 0) -> Path:
    """Write `folder/<stem>-<number><suffix>` with the first number from `first` that is free.

    Programs that write into one folder at the same time do not overwrite each other's files.

    Raises:
        OptionError: When the file cannot be written.
    """
    for number in count(first):
        path = folder / f"{stem}-{number:06d}{suffix}"
        if path.exists():
            continue
        with _written(path, data) as (temporary, target):
            try:
                os.link(temporary, target)  # unlike a rename it fails where a file is
            except FileExistsError:
                continue
            except OSError:  # no hard links on this file system
                temporary.replace(target)
        return path
    raise AssertionError("unreachable: count() does not end")


def require_writable(*paths: Path | None) -> None:
    """Fail now rather than after the work whose results these files shall hold.

    Raises:
        OptionError: When one cannot be written.
    """
    for path in filter(None, paths):
        target = real_path(path)
        if os.path.exists(target) and not os.path.isfile(target):
            raise OptionError(f"cannot write {path}: it is not a regular file")
        probe = temporary_beside(target)
        try:
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise OptionError(f"cannot write {path}: {error.strerror}") from error


def require_picture(path: Path | None, suffix: str = ".png") -> None:
    """Fail now for a picture whose name promises another format, or that cannot be written.

    Raises:
        OptionError: When it is so.
    """
    if path is None:
        return
    if path.suffix.lower() != suffix:
        raise OptionError(f"the picture's name must end in {suffix}, got {str(path)!r}")
    require_writable(path)


def require_folder(folder: Path) -> Path:
    """Make the folder if need be, and fail now rather than after the work if it cannot be used.

    Raises:
        OptionError: When files cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = temporary_beside(folder / "probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OptionError(f"cannot write into {folder}: {error.strerror}") from error
    return folder


def file_name(text: str, suffix: str) -> str:
    """A file name that says `text` in characters that every file system takes."""
    return _plain(text)[:_LONGEST] + suffix


def distinct_file_name(text: str, tail: str, suffix: str) -> str:
    """Like `file_name`, and another one for every text.

    Args:
        text: What the file is of; of what cannot be said, the name has a hash.
        tail: What follows it, in plain characters; never shortened.
        suffix: The suffix.
    """
    name = _plain(text)
    if len(name) > _LONGEST // 2 or name != text.replace(":", "_"):
        digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]
        name = f"{name[: _LONGEST // 2]}-{digest}"
    return name + tail + suffix


def _plain(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9_.=,+-]+", "_", text).lstrip(".")
    # Windows takes these for devices, whatever follows a dot.
    return f"_{name}" if _DEVICES.fullmatch(name.partition(".")[0]) else name
