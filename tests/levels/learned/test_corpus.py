import numpy as np
import pytest

from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.corpus import (
    Domain,
    digest_of_levels,
    read_corpus,
    split_by_level,
    windows,
)
from gym_mario_suite.levels.vae.windows import one_hot, vae_windows

from .corpora import made_up_level, write_corpus


def test_levels_are_read_with_their_games(tmp_path):
    write_corpus(tmp_path)
    (tmp_path / "smb" / "structural").mkdir()
    (tmp_path / "smb" / "structural" / "other.txt").write_text("zzz\n")
    levels = read_corpus(tmp_path)
    assert len(levels) == 16
    assert {level.domain for level in levels} == {Domain.SMB, Domain.SMB2J}


@pytest.mark.parametrize("where", ["structural", "infinite", "sml"])
def test_where_a_corpus_lies_does_not_matter(tmp_path, where):
    corpus = write_corpus(tmp_path / where / "data" / "corpus")
    domains = [level.domain for level in read_corpus(corpus)]
    assert domains == [level.domain for level in read_corpus(write_corpus(tmp_path / "else"))]
    # The folder of one game, and that of its processed levels, are corpora too.
    assert {level.domain for level in read_corpus(corpus / "smb2j")} == {Domain.SMB2J}


def test_a_split_is_by_level_steady_and_keeps_copies_together(tmp_path):
    levels = read_corpus(write_corpus(tmp_path))
    split = split_by_level(levels)
    again = split_by_level(levels)
    assert digest_of_levels(split) == digest_of_levels(again)
    assert split.held_out
    sides = {level.name: "train" for level in split.train if level.domain == Domain.SMB}
    sides |= {level.name: "held out" for level in split.held_out if level.domain == Domain.SMB}
    assert sides["level-0"] == sides["level-7"]
    assert len(split.train) + len(split.held_out) == len(levels)


def test_windows_are_those_of_the_published_loader(tmp_path):
    codes = made_up_level(1, 40)
    assert len(windows(codes)) == 27
    assert len(windows(codes, last=False)) == 26
    assert np.array_equal(windows(codes)[3].reshape(14, 14), codes[:, 3:17])
    levels = read_corpus(write_corpus(tmp_path))
    found = vae_windows(levels)
    assert found.shape == (8 * (70 - 14), 14, 14)
    assert one_hot(found[:2]).shape == (2, 14, 14, 11)


def test_errors_name_the_file(tmp_path):
    with pytest.raises(OptionError, match="no folder"):
        read_corpus(tmp_path / "missing")
    with pytest.raises(OptionError, match="no level"):
        read_corpus(tmp_path)
    (tmp_path / "bad.txt").write_text("XX\nX!\n")
    with pytest.raises(LevelError, match=r"bad\.txt.*row 2, column 2"):
        read_corpus(tmp_path)
