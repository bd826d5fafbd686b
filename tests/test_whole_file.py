import json
import os
from pathlib import Path

import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import (
    distinct_file_name,
    file_name,
    files_in,
    require_folder,
    require_writable,
    write_json,
    write_numbered,
    write_whole,
)


def test_numbers_that_are_free(tmp_path: Path):
    (tmp_path / "x-000001.bin").write_bytes(b"mine")
    written = [write_numbered(tmp_path, "x", ".bin", b"new") for _ in range(3)]
    assert [path.name for path in written] == ["x-000000.bin", "x-000002.bin", "x-000003.bin"]
    assert (tmp_path / "x-000001.bin").read_bytes() == b"mine"
    assert len(list(tmp_path.iterdir())) == 4


def test_a_number_taken_at_the_last_moment(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda self: False)
    write_numbered(tmp_path, "x", ".bin", b"first")
    assert write_numbered(tmp_path, "x", ".bin", b"second").name == "x-000001.bin"


def test_without_hard_links(tmp_path: Path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    assert write_numbered(tmp_path, "x", ".bin", b"data").read_bytes() == b"data"
    assert len(list(tmp_path.iterdir())) == 1


def test_folders(tmp_path: Path):
    assert require_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match=r"cannot write into .*file"):
        require_folder(tmp_path / "file")


def test_files_that_are_being_written_are_passed_over(tmp_path: Path):
    for name in ("b.npz", "a.npz", ".a.1-2.npz", "c.txt"):
        (tmp_path / name).touch()
    assert files_in(tmp_path, "*.npz") == [tmp_path / "a.npz", tmp_path / "b.npz"]


def test_threads_may_ask_for_one_folder(tmp_path: Path, monkeypatch):
    names = []
    touch = Path.touch
    monkeypatch.setattr(Path, "touch", lambda path: (names.append(path), touch(path)))
    for _ in range(2):
        require_folder(tmp_path)
    assert len(set(names)) == 2  # neither takes the other's away


def test_names():
    assert file_name("forward:jump_limit=20/..", ".mario") == "forward_jump_limit=20_...mario"
    # Windows would write to a device.
    assert file_name("Con", ".mmc.json") == "_Con.mmc.json"
    assert file_name("nul.old", ".mario") == "_nul.old.mario"
    assert file_name("Console", ".mario") == "Console.mario"


def test_names_of_different_texts_are_different():
    tail = "-seed0-difficulty3-trial1"
    texts = ["astar:width=5", "cmd:python агента.py", "cmd:python агентб.py", "a b", "a/b", "é"]
    texts += ["x" * 300, "x" * 301, "x" * 300 + "é"]
    names = [distinct_file_name(text, tail, ".mario") for text in texts]
    assert len(set(names)) == len(texts)
    assert all(name.endswith(f"{tail}.mario") and len(name) < 200 for name in names)
    assert all(name.isascii() and not set(name) & set(" /:") for name in names)
    # Those of most agents can be read.
    assert names[0] == f"astar_width=5{tail}.mario"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OptionError, match="not an ordinary file"):
        write_whole(tmp_path / "pipe", b"data")
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_link_is_followed_and_one_in_a_circle_replaced(tmp_path: Path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "circle").symlink_to("circle")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    write_whole(tmp_path / "circle", b"data")
    assert (tmp_path / "circle").read_bytes() == b"data"


def test_json_is_written_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    write_json(path, {"score": 1.0})
    write_json(path, {"score": 14846.277691650392})
    assert json.loads(path.read_text()) == {"score": 14846.277691650392}
    assert list(tmp_path.iterdir()) == [path]


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_json(path, {"score": object()})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (
        tmp_path,
        tmp_path / "absent" / "score.json",
        file / "score.json",
        Path("/dev/null"),
    ):
        with pytest.raises(OptionError, match="cannot write"):
            require_writable(None, path)
        with pytest.raises(OptionError, match="cannot write"):
            write_json(path, [])
    assert list(tmp_path.iterdir()) == [file]
