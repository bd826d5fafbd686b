import os
from pathlib import Path

import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import file_name, require_folder, write_numbered


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


def test_names():
    assert file_name("forward:jump_limit=20/..", ".mario") == "forward_jump_limit=20_...mario"
