from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay, verify
from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.errors import OptionError, ReplayError
from gym_mario_suite.levels import generate
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.episodes import Archive, LevelCourse, LevelOptions
from gym_mario_suite.play.replay_course import ReplayCourse
from gym_mario_suite.play.session import CARD_AFTER_TICKS, Session, State
from gym_mario_suite.play.ticker import MAX_GAP_NS, Ticker

SECOND_NS = 1_000_000_000
TICK_NS = SECOND_NS // 24 + 1
RUN = int(Button.RIGHT | Button.SPEED)


def new_session(folder: Path | None = None, agent=None, title=False, **options):
    archive = Archive(folder, agent or "human", {"agent": agent} if agent else {"player": "human"})
    player = make_agent(agent) if agent else None
    course = LevelCourse(LevelOptions(**{"seed": 3, **options}), player, archive)
    return Session(course, title=title)


def play_to_end(session: Session, buttons: int = 0) -> None:
    while session.state is State.PLAYING:
        session.press(buttons)
        session.advance(TICK_NS)


def replays(folder: Path) -> list[Replay]:
    return [Replay.load(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("frames_per_second", [24, 30, 50, 60, 75, 144, 1000])
def test_24_ticks_a_second_at_any_frame_rate(frames_per_second):
    session = new_session()
    times = [SECOND_NS * i // frames_per_second for i in range(3 * frames_per_second + 1)]
    ran = [session.advance(after - before) for before, after in pairwise(times)]
    assert sum(ran) == session.game.ticks == 72
    assert max(ran) <= 24 // frames_per_second + 1


def test_uneven_frames_lose_no_time():
    ticker = Ticker()
    assert sum(ticker.due(ns) for ns in [1, 99_999_999, 7_000_000, 93_000_000] * 50) == 240


def test_after_a_long_gap_the_game_does_not_leap():
    assert Ticker().due(60 * SECOND_NS) == 24 * MAX_GAP_NS // SECOND_NS == 6
    assert Ticker().due(-5) == 0


def test_a_slow_agent_does_not_freeze_the_window():
    session = new_session()
    session.speed = Fraction(16)
    assert session.advance(SECOND_NS // 4, lambda: True) == 1
    assert session.advance(SECOND_NS // 4) == 96


def test_title_waits_and_shows_mario_on_the_ground():
    session = new_session(title=True)
    assert session.advance(SECOND_NS) == 0
    assert session.state is State.TITLE
    assert session.card_shown
    assert session.game.on_ground
    assert session.episode.game.ticks == 0
    session.command(Action.NEXT)
    assert (session.state, session.course.details) == (
        State.TITLE,
        "SEED 4  DIFFICULTY 0  OVERGROUND",
    )
    session.command(Action.START)
    assert session.state is State.PLAYING


def test_pause_and_single_steps():
    session = new_session()
    for _ in range(10):
        session.advance(TICK_NS)
    session.command(Action.PAUSE)
    assert session.advance(SECOND_NS) == 0
    for tick in range(11, 15):
        session.command(Action.STEP)
        assert session.game.ticks == tick
    assert session.stepping
    session.command(Action.START)
    assert session.state is State.PLAYING
    assert session.advance(TICK_NS) == 1
    session.command(Action.STEP)
    assert (session.state, session.game.ticks) == (State.PAUSED, 16)


def test_slow_motion_and_speeds():
    session = new_session()
    session.command(Action.SLOW)
    assert session.pace == Fraction(1, 4)
    assert sum(session.advance(SECOND_NS // 60) for _ in range(240)) == 23  # 60ths are rounded
    session.command(Action.SLOW)
    for _ in range(20):
        session.command(Action.FASTER)
    assert session.pace == 16
    for _ in range(20):
        session.command(Action.SLOWER)
    assert session.pace == Fraction(1, 8)
    assert session.notice == "SPEED 1/8"
    for _ in range(12):
        session.advance(SECOND_NS // 4)
    assert session.notice == ""


def test_a_short_tap_counts_for_one_tick():
    session = new_session()
    session.advance(TICK_NS)
    session.press(0, int(Button.RIGHT))
    session.press(0)
    session.advance(TICK_NS)
    session.advance(TICK_NS)
    assert session.episode.game.replay().keys == b"\0\2\0"  # type: ignore[attr-defined]


def test_restart_and_next_keep_what_was_played(tmp_path):
    session = new_session(tmp_path)
    session.press(RUN)
    for action in (Action.RESTART, Action.NEXT, Action.RESTART):
        for _ in range(30):
            session.advance(TICK_NS)
        session.command(action)
    assert session.course.details == "SEED 4  DIFFICULTY 0  OVERGROUND"
    session.close()  # nothing was played since
    kept = replays(tmp_path)
    assert [replay.level.metadata["seed"] for replay in kept] == [3, 3, 4]
    for replay in kept:
        assert replay.ticks == 30
        assert replay.metadata["player"] == "human"
        assert verify(replay).status == Status.RUNNING


def test_a_killed_program_has_left_its_last_save(tmp_path):
    session = new_session(tmp_path)
    for _ in range(300):
        session.advance(TICK_NS)
    assert [replay.ticks for replay in replays(tmp_path)] == [240]
    session.close()
    session.close()
    assert [replay.ticks for replay in replays(tmp_path)] == [300]


def test_the_next_seed_after_the_last_is_the_first():
    assert LevelOptions(seed=2**63 - 1).next().seed == -(2**63)
    assert LevelOptions(seed=-1).next().seed == 0


def test_losing(tmp_path):
    session = new_session(tmp_path, time_limit=2)
    play_to_end(session)
    assert session.state is State.LOST
    [replay] = replays(tmp_path)
    assert verify(replay).status == Status.DEAD
    ticks = session.episode.game.ticks
    assert not session.card_shown
    session.command(Action.START)  # too early: the fall is being shown
    assert session.state is State.LOST
    height = session.game.y
    for _ in range(CARD_AFTER_TICKS):
        session.advance(TICK_NS)
    assert session.card_shown
    assert session.game.y != height, "Mario falls"
    assert session.episode.game.ticks == ticks, "beside the record"
    session.command(Action.START)
    assert (session.state, session.game.ticks) == (State.PLAYING, 0)
    assert session.course.details.startswith("SEED 3")


def test_winning(tmp_path):
    session = new_session(tmp_path, "forward-jumping", seed=0, level_type=2, length=100)
    play_to_end(session)
    assert session.state is State.WON
    for _ in range(200):
        session.advance(TICK_NS)
    assert session.card_shown
    assert session.game.status == Status.WIN
    [replay] = replays(tmp_path)
    assert verify(replay).status == Status.WIN
    session.command(Action.START)
    assert session.course.details.startswith("SEED 1 ")


@pytest.mark.parametrize("agent", ["forward", "forward-jumping", "scared-speedy", "ellingsen"])
def test_watching_equals_the_competition(agent):
    session = new_session(agent=agent, difficulty=4)
    player = make_agent(agent)
    for seed in range(3, 7):  # ellingsen takes memories from level to level
        play_to_end(session)
        game = RecordedGame(generate(seed, 4))
        play_level(player, game)
        shown = session.episode.game
        assert isinstance(shown, RecordedGame)
        assert shown.replay() == game.replay()
        assert shown.to_bytes() == game.to_bytes()
        session.command(Action.NEXT)


def test_an_agent_that_answers_nonsense_is_named_and_its_play_kept(tmp_path):
    session = new_session(tmp_path, "forward")
    session.episode.agent.act = lambda game: 2 if game.ticks < 20 else 99  # type: ignore
    with pytest.raises(OptionError, match="agent 'forward' must be a whole number from 0 to 31"):
        play_to_end(session)
    session.close()
    assert [replay.ticks for replay in replays(tmp_path)] == [20]


def test_a_pad_that_goes_away_pauses_a_person_only():
    for agent, state in ((None, State.PAUSED), ("forward", State.PLAYING)):
        session = new_session(agent=agent)
        session.gamepad("Pad", True)
        session.gamepad("Pad", False)
        assert session.state is state
        assert session.notice == "GAMEPAD GONE"


def test_replays_are_shown_and_verified(tmp_path):
    recorded = new_session(tmp_path, "forward-jumping", difficulty=3)
    play_to_end(recorded)
    recorded.command(Action.NEXT)
    for _ in range(10):
        recorded.advance(TICK_NS)
    recorded.close()
    first, second = replays(tmp_path)
    session = Session(ReplayCourse([("a.mario", first), ("b.mario", second)]), title=False)
    assert session.course.headline == "REPLAY 1 OF 2"
    play_to_end(session)
    assert session.state is State.LOST
    assert session.game.x == recorded.course.begin().game.x or session.episode.over
    session.command(Action.NEXT)
    assert session.course.details == "B.MARIO"
    play_to_end(session)
    assert (session.state, session.card_shown) == (State.ENDED, True)
    assert session.game.ticks == 10
    changed = first.keys[:30] + b"\1" + first.keys[31:]
    object.__setattr__(first, "keys", changed)
    session.command(Action.NEXT)
    with pytest.raises(ReplayError, match=r"a\.mario: the (game|episode) "):
        play_to_end(session)


def test_no_replay():
    with pytest.raises(OptionError, match="no replay"):
        ReplayCourse([])
