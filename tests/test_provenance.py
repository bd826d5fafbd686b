"""Where files come from: commits of checkouts only, and commands that can be typed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gym_mario_suite import provenance
from gym_mario_suite.provenance import command_of, commit

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@dataclass(frozen=True)
class Options:
    out: Path
    env_options: str = "{}"
    difficulties: tuple[int, ...] = ()
    hide_dones: bool = False
    tensorboard: bool = True
    rate: float = 0.1
    resume: bool = False


def test_the_command_of_a_run(tmp_path: Path) -> None:
    assert command_of("a.program", Options(tmp_path / "x")) == "python -m a.program --out runs/x"
    options = Options(
        out=tmp_path / "a run",
        env_options='{"a": 1}',
        difficulties=(0, 3),
        hide_dones=True,
        tensorboard=False,
        rate=0.25,
        resume=True,
    )
    command = command_of("a.program", options, {"resume"})
    assert shlex.split(command) == [
        *("python", "-m", "a.program", "--out", "runs/a run", "--env-options", '{"a": 1}'),
        *("--difficulties", "0", "3", "--hide-dones", "--no-tensorboard", "--rate", "0.25"),
    ]


@needs_git
def test_the_commit_is_that_of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        folder = Path(provenance.__file__).parent
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=folder).stdout

    if not git("ls-files", "provenance.py"):
        pytest.skip("no checkout of git")
    found = commit()
    assert len(found) >= 7
    assert git("rev-parse", "HEAD").startswith(found)
    monkeypatch.setenv("PATH", "")
    assert commit() == "unknown"


@pytest.mark.skipif(os.name == "nt", reason="a script stands for git")
def test_what_git_says_need_not_be_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nprintf 'fatal: \\377' >&2\nexit 128\n", encoding="utf-8")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert commit() == "unknown"


@needs_git
def test_an_installation_within_another_repository_is_no_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    installed = tmp_path / "site-packages" / "provenance.py"
    installed.parent.mkdir()
    shutil.copy(provenance.__file__, installed)
    monkeypatch.setattr(provenance, "__file__", str(installed))
    assert commit() == "unknown"
