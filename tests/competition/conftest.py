import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# For `short_track` here, and for `faulty_agents` in the processes that play.
sys.path.append(str(HERE))


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of the track `short_track.three_levels`."""
    from short_track import three_levels

    from gym_mario_suite.competition.tracks import TRACKS

    monkeypatch.setitem(TRACKS, "three", three_levels)
    return "three"
