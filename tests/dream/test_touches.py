from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.facts import FACT
from gym_mario_suite.dream.tape_player import TapePlayer
from gym_mario_suite.dream.touches import touches_of
from gym_mario_suite.dream.windows import TapeWindows, open_windows
from gym_mario_suite.errors import OptionError


def _as_noted(tapes: Tapes, name: str) -> set[tuple[int, int]]:
    """Episodes, and the ticks in them, at which a fact grows, once frames are drawn."""
    player = TapePlayer(tapes, 60, 64)
    found = set()
    for episode, ticks in enumerate(tapes.episodes["ticks"].tolist()):
        facts = player.pieces(np.array([episode]), np.array([0]), ticks).facts[0]
        # Frame f is the world after f + 1 ticks.
        grown = np.flatnonzero(np.diff(facts[:, FACT[name]]) > 0) + 1
        found |= {(episode, int(tick)) for tick in grown}
    return found


def test_touches_are_where_mario_is_hurt_or_kills(tapes: Tapes) -> None:
    hurts, kills = ({(int(e), int(t)) for e, t in part} for part in touches_of(tapes, 2))
    assert hurts == _as_noted(tapes, "hurts")
    assert kills == _as_noted(tapes, "kills") - hurts
    assert len(hurts) > 2
    assert len(kills) > 2


def test_touches_of_episodes_in_another_order(tapes: Tapes) -> None:
    turned = Tapes(tapes.episodes[::-1].copy(), tapes.keys, tapes.players)
    for part, other in zip(touches_of(tapes), touches_of(turned), strict=True):
        mirrored = {(len(tapes) - 1 - int(e), int(t)) for e, t in other}
        assert mirrored == {(int(e), int(t)) for e, t in part}
    none = touches_of(Tapes(tapes.episodes[:0], tapes.keys, tapes.players))
    assert none.hurts.shape == none.kills.shape == (0, 2)


def test_windows_can_be_drawn_from_touches(tapes: Tapes) -> None:
    windows = TapeWindows(tapes, 60, 64, end_share=0, touch_share=1)
    facts = windows.batch(0, 0, 40, 8).facts
    # Behind the context there is one in each window.
    grown = [np.diff(facts[..., FACT[name]], axis=1) > 0 for name in ("hurts", "kills")]
    assert (grown[0] | grown[1])[:, 3:].any(1).all()
    # About as many of the one as of the other.
    assert 8 < grown[0].any(1).sum() < 36
    again = TapeWindows(tapes, 60, 64, end_share=0, touch_share=1).batch(0, 0, 40, 8)
    assert np.array_equal(again.facts, facts)
    plain = TapeWindows(tapes, 60, 64, end_share=0).batch(0, 0, 200, 8).facts
    assert (np.diff(plain[..., FACT["hurts"]], axis=1) > 0).any(1).mean() < 0.2


def test_a_share_is_a_share(tapes: Tapes, tmp_path: Path) -> None:
    tapes.save(tmp_path / "t.npz")
    with pytest.raises(OptionError, match="share of touches"):
        open_windows(str(tmp_path), 60, 64, 1, touch_share=2)
