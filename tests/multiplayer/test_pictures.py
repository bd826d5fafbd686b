"""Pictures of several players."""

from typing import Any

import pytest

from gym_mario_suite.multiplayer import pictures


def test_what_is_announced_is_compiled_by_either_way_of_drawing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window draws screen by screen only: it announced what it never compiled at every start."""
    announced: list[Any] = []
    monkeypatch.setattr(pictures, "announce_first_compile", announced.append)
    pictures.PartyPictures("rgb", True)
    for draw in (pictures._draw_all, pictures._draw_one):
        assert announced[0].py_func.__name__ in draw.py_func.__code__.co_names
