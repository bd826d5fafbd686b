"""How compiled functions are kept on disk without ever running old rules.

Numba keeps compiled functions beside the sources, and recompiles a function when *its own* file
changes. It does not notice that a function it calls, in another file, has changed; so a changed
checkout could run old rules. Here every function carries a hash of its file and of all it imports
from this package, and is compiled anew when the hash differs.

Numba also numbers the files of machine code from 1 and tells the index what they hold before they
are written. After a change, processes that start at once could so take up old code by its number,
or another's code for other types. Here a file's number follows from all that its code depends on,
and the index hears of it when it is there.

Files that were cut off, by a full disk or a machine that lost its power, count as missing: numba
would end every later start with an error of pickle.
"""

from __future__ import annotations

import ast
import glob
import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent.parent
_NAME = _PACKAGE.name


@cache
def _imported_sources(source: Path) -> frozenset[Path]:
    """The files of this package that `source` imports from, itself included."""
    found = {source}
    for node in ast.walk(ast.parse(source.read_bytes())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(_NAME):
            continue
        parent = _PACKAGE.joinpath(*(node.module or "").split(".")[1:])
        for path in (parent, *(parent / alias.name for alias in node.names)):
            imported = path.with_suffix(".py")
            if imported.is_file() and imported not in found:
                found |= _imported_sources(imported)
    return frozenset(found)


@cache
def source_stamp(source: Path) -> str:
    """A hash of every source that compiled functions of the file `source` may call."""
    digest = hashlib.sha256()
    for path in sorted(_imported_sources(source)):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def keep_honest(files: Any, stamp: Any) -> None:
    """Have numba's files of a function hold this state of the sources, and no other.

    Args:
        files: Numba's IndexDataCacheFile of the function.
        stamp: What the sources are known by; anything that can be pickled.
    """
    files._source_stamp = stamp
    read_index, read_data = files._load_index, files._load_data

    # What unreadable bytes raise when they are taken for a pickle may be anything.
    def load_index() -> dict[Any, str]:
        try:
            return read_index()
        except Exception:
            return {}

    def load_data(name: str) -> Any:
        try:
            return read_data(name)
        except Exception as error:
            raise FileNotFoundError(name) from error

    def save(key: Any, data: Any) -> None:
        named: dict[Any, str] = files._load_index()
        name = named.get(key) or files._data_name(_number(files._version, stamp, key))
        files._save_data(name, data)
        if key in named:
            return
        begun = not named
        named[key] = name
        files._save_index(named)
        if begun:
            _remove_others(files, {name})

    files._load_index, files._load_data, files.save = load_index, load_data, save


def _number(*depends_on: Any) -> int:
    return int(hashlib.sha256(repr(depends_on).encode()).hexdigest()[:15], 16)


def _remove_others(files: Any, named: set[str]) -> None:
    """Delete the machine code that the index no longer names.

    Should another process have written it just now, it is missing there, and compiled once more.
    """
    beginning = glob.escape(files._index_name.removesuffix(".nbi"))
    for path in Path(files._cache_path).glob(f"{beginning}.*.nbc"):
        if path.name not in named:
            with suppress(OSError):
                path.unlink()
