"""The card of the dream's data, and its episodes as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from gym_mario_suite.datasets.diamond_hdf5 import RecordedFrames
from gym_mario_suite.datasets.tapes import Tapes, statistics
from gym_mario_suite.dream.facts import FACT
from gym_mario_suite.dream.frames import resized
from gym_mario_suite.dream.tape_player import TapePlayer
from gym_mario_suite.dream.windows import targets_of

_CARD_EPISODES = 60
_DRAWN_SIZE = 120, 160  # as the engine draws them, which is fastest; only the facts count
_DIAMOND_SIZE = 240, 256


def dataset_card(tapes: Tapes) -> dict[str, Any]:
    """Sizes, actions and ends of all episodes, and how often what happens in some of them."""
    card = statistics(tapes)
    player = TapePlayer(tapes, *_DRAWN_SIZE)
    chosen = np.unique(np.linspace(0, len(tapes) - 1, _CARD_EPISODES).astype(int))
    events = dict.fromkeys(("coins", "kills", "hurts", "jumps"), 0)
    scrolling = total = 0
    for index in chosen.tolist():
        frames = int(tapes.episodes["ticks"][index])
        facts = player.pieces(np.array([index]), np.array([0]), frames).facts
        for name in events:
            events[name] += int(facts[0, -1, FACT[name]] - facts[0, 0, FACT[name]])
        if frames > 1:
            scrolling += int((targets_of(facts).move[..., 2] != 0).sum())
            total += frames - 1
    card["events_in_episodes"] = {"episodes": len(chosen), "ticks": total, **events}
    card["scrolling_share"] = round(scrolling / max(total, 1), 3)
    return card


def recorded_episode(tapes: Tapes, index: int) -> RecordedFrames:
    """An episode as pictures of 256x240, for the earlier system's files."""
    player = TapePlayer(tapes, 240, 320)
    length = int(tapes.episodes["ticks"][index])
    pieces = player.pieces(np.array([index]), np.array([0]), length)
    targets = targets_of(pieces.facts)
    ends = (targets.done[0] > 0) & (targets.won[0] == 0)
    return RecordedFrames(
        resized(pieces.frames[0], *_DIAMOND_SIZE),
        pieces.keys[0],
        targets.reward[0].astype(np.float64),
        ends,
    )
