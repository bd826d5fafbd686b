"""The examples in docstrings, which the reference and pages of environments show, say the truth."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

_FOLDERS = ("gym_mario_suite", "agents", "wrappers")
# What is loaded for these takes seconds.
_SLOW = ("integrations", "wrappers.curiosity", "datasets.video")


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "gym_mario_suite" else ("gym_mario_suite", *parts))


MODULES = sorted(
    _module(path)
    for folder in _FOLDERS
    # Path.rglob does not follow links, so `agents` and `wrappers` are met once.
    for path in (ROOT / folder).rglob("*.py")
    if re.search(r"^\s+>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if any(s in name for s in _SLOW) else [])
        for name in MODULES
    ],
)
def test_examples_in_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
