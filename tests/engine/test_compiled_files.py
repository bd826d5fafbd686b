"""Compiled functions on disk: found again, and never those of other sources or other types."""

from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import IndexDataCacheFile

from gym_mario_suite.engine.compiled_files import keep_honest
from tests.processes import run_python

PROGRAM = """
from gym_mario_suite.engine.clone import copy_world, words
from gym_mario_suite.engine.world import empty_worlds
worlds = empty_worlds(2)
copy_world(worlds, words(worlds), 0, 1)
print(sum(copy_world.stats.cache_hits.values()))
"""


def files_in(folder: Path, stamp: str) -> Any:
    files = IndexDataCacheFile(str(folder), "module.function-1.py311", None)
    keep_honest(files, stamp)
    return files


def test_what_was_saved_is_found(tmp_path: Path) -> None:
    files_in(tmp_path, "sources").save("int64", "code of int64")
    files_in(tmp_path, "sources").save("float64", "code of float64")
    files = files_in(tmp_path, "sources")
    assert files.load("int64") == "code of int64"
    assert files.load("float64") == "code of float64"
    files.save("int64", "code of int64, again")
    assert files.load("int64") == "code of int64, again"
    assert len(list(tmp_path.glob("*.nbc"))) == 2


def test_other_sources_have_other_files_and_old_ones_go(tmp_path: Path) -> None:
    old = files_in(tmp_path, "old sources")
    old.save("int64", "old code")
    old_names = set(tmp_path.glob("*.nbc"))
    new = files_in(tmp_path, "new sources")
    assert new.load("int64") is None
    new.save("int64", "new code")
    assert new.load("int64") == "new code"
    assert old.load("int64") is None
    names = set(tmp_path.glob("*.nbc"))
    assert len(names) == 1
    assert not names & old_names


@pytest.mark.parametrize("left", [0, 10, 40])
@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_files_that_were_cut_off_are_made_anew(tmp_path: Path, kind: str, left: int) -> None:
    files = files_in(tmp_path, "sources")
    files.save("int64", "code of int64, which is longer than what is left of it")
    (path,) = tmp_path.glob(f"*.{kind}")
    path.write_bytes(path.read_bytes()[:left])
    assert files.load("int64") is None
    files.save("int64", "code")
    assert files_in(tmp_path, "sources").load("int64") == "code"


def test_files_of_other_functions_stay(tmp_path: Path) -> None:
    other = IndexDataCacheFile(str(tmp_path), "module.function-11.py311", None)
    keep_honest(other, "sources")
    other.save("int64", "another function")
    files_in(tmp_path, "sources").save("int64", "code")
    assert other.load("int64") == "another function"


def test_the_index_names_only_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files_in(tmp_path, "old sources").save("int64", "old code")
    files, beside = files_in(tmp_path, "new sources"), files_in(tmp_path, "new sources")
    save_data, seen = files._save_data, []

    def save_and_look(name: str, data: Any) -> None:
        seen.append(beside.load("int64"))
        save_data(name, data)
        seen.append(beside.load("int64"))

    monkeypatch.setattr(files, "_save_data", save_and_look)
    files.save("int64", "new code")
    assert seen == [None, None]
    assert beside.load("int64") == "new code"


def test_two_that_begin_at_once_do_not_mix_up_their_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = files_in(tmp_path, "sources"), files_in(tmp_path, "sources")
    save_data = one._save_data

    def save_after_the_second(name: str, data: Any) -> None:
        two.save("float64", "code of float64")
        save_data(name, data)

    # The second has looked at the index before the first writes to it.
    monkeypatch.setattr(two, "_load_index", dict)
    monkeypatch.setattr(one, "_save_data", save_after_the_second)
    one.save("int64", "code of int64")
    assert one.load("int64") in (None, "code of int64")
    assert one.load("float64") in (None, "code of float64")


def test_another_process_finds_the_engine(tmp_path: Path) -> None:
    hits = [
        run_python(PROGRAM, environment={"NUMBA_CACHE_DIR": str(tmp_path)}).stdout.split()
        for _ in range(2)
    ]
    assert hits == [["0"], ["1"]]


def test_where_nothing_can_be_written_the_engine_is_compiled_at_every_start() -> None:
    program = (
        "from numba.core import caching;"
        "caching.CacheImpl._locator_classes.clear();"
        "from gym_mario_suite.engine.compiled import announce_first_compile, jit;"
        "double = jit(lambda x: x + x);"
        "announce_first_compile(double);"
        "print(double(4))"
    )
    done = run_python(program)
    assert done.stdout == "8\n"
    assert "NUMBA_CACHE_DIR" in done.stderr
