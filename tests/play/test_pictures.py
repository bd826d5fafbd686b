"""The picture of a session, without a window."""

import numpy as np
import pytest

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.levels import generate
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.bindings import DEFAULTS, Bindings
from gym_mario_suite.play.canvas import CREAM, Canvas, key_cap_width
from gym_mario_suite.play.cards import cap_label, clipped, telemetry
from gym_mario_suite.play.episodes import Archive, LevelCourse, LevelOptions
from gym_mario_suite.play.level_course import LevelFileCourse
from gym_mario_suite.play.looks import InfiniteLook
from gym_mario_suite.play.overlays import camera_px
from gym_mario_suite.play.painter import Painter
from gym_mario_suite.play.session import Session, State

TICK_NS = 1_000_000_000 // 24 + 1


def new_session(agent=None, title=False, **options):
    player = make_agent(agent) if agent else None
    course = LevelCourse(LevelOptions(**{"seed": 4, **options}), player, Archive(None, "", {}))
    return Session(course, title=title)


def advance(session, ticks):
    for _ in range(ticks):
        session.advance(TICK_NS)


def changed(before, after):
    return (before != after).any(2)


@pytest.fixture(scope="module")
def painter():
    return Painter(DEFAULTS)


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_a_played_game_is_drawn_as_it_is(painter, theme):
    session = new_session(level_type=theme)
    advance(session, 30)
    picture = painter.paint(session)
    game = session.game
    assert np.array_equal(picture, Renderer().rgb(game.image, game.worlds, theme=theme))


def test_cards_lie_over_the_game(painter):
    session = new_session(title=True, time_limit=3)
    game = session.game
    plain = Renderer().rgb(game.image, game.worlds)
    title = painter.paint(session).copy()
    assert changed(plain, title).mean() > 0.9
    session.command(Action.START)
    advance(session, 5)
    running = painter.paint(session).copy()
    session.command(Action.PAUSE)
    assert changed(running, painter.paint(session)).mean() > 0.9
    session.command(Action.STEP)
    assert changed(running, painter.paint(session)).mean() < 0.3, "single steps show the game"
    session.command(Action.PAUSE)
    advance(session, 200)
    assert session.state is State.LOST
    before = painter.paint(session).copy()
    card = changed(before[:40], painter.paint(session)[:40])
    assert not card.any()
    assert dict(telemetry(session)) == {
        "DISTANCE": f"32 PX OF {16 * session.episode.level.x_exit}",
        "COINS": "0",
        "KILLS": "0",
        "JUMPS": "0",
        "TIME LEFT": "0 S",
        "MARIO": "FIRE",
    }


def test_without_a_limit_no_time_is_left_and_none_is_up(painter):
    session = new_session("forward", difficulty=10, time_limit=0)
    advance(session, 600)
    assert session.state is State.LOST
    assert dict(telemetry(session))["TIME LEFT"] == "NO LIMIT"
    assert InfiniteLook().ending(session)[0] == "GAME OVER"


def test_the_grid_lies_on_the_cells_that_it_describes(painter):
    session = new_session("forward", difficulty=5)
    advance(session, 20)
    plain = painter.paint(session).copy()
    session.command(Action.GRID)
    grid = painter.paint(session)
    game = session.game
    codes = game.merged_grid()
    left = 16 * (int(game.x) // 16 - 11) - camera_px(game)[0]
    top = 16 * (int(game.y) // 16 - 11)
    seen = 0
    for row, column in np.argwhere(codes != 0):
        x, y = left + 16 * column, top + 16 * row
        if 0 <= x <= 304 and 30 <= y <= 200:
            cell = np.s_[y + 1 : y + 15, x + 1 : x + 15]
            assert changed(plain[cell], grid[cell]).mean() > 0.5
            seen += 1
    assert seen > 10
    assert (codes[:, left // 16] == 0).any()


def test_trajectories_are_drawn_for_agents_that_have_them(painter):
    session = new_session("forward")
    advance(session, 20)
    plain = painter.paint(session).copy()
    session.command(Action.TRAJECTORIES)
    assert (session.trajectories, session.notice) == (False, "NOTHING SEARCHED HERE")
    session.notify("")
    agent = session.episode.agent
    x, y = float(session.game.x), float(session.game.y)
    agent.trajectories = lambda: [[(x, y), (x + 60, y - 40)], [(x, y)], []]  # type: ignore
    agent.chosen_trajectory = lambda: np.array([(x, y), (x + 60, y - 80)])  # type: ignore
    session.command(Action.TRAJECTORIES)
    picture = painter.paint(session)
    differs = changed(plain, picture)
    column = round(x) - camera_px(session.game)[0] + 30
    row = round(y) - 20
    assert differs[row - 1 : row + 2, column].any()
    assert (picture[round(y) - 40, column] == CREAM).all()
    assert differs.sum() < 300


def test_what_does_not_fit_is_cut_off():
    canvas = Canvas(np.zeros((20, 30, 3), np.uint8))
    canvas.text(-5, -3, "ABC?é~", scale=2)
    canvas.text(25, 15, "XY")
    canvas.panel(-4, -4, 100, 100)
    canvas.key_cap(28, 18, "left")
    canvas.line(np.array([[-10.0, -10.0], [50.0, 50.0]]), CREAM)
    canvas.line(np.zeros((0, 2)), CREAM)
    assert (canvas.pixels[10, 10] == CREAM).all()


def test_every_character_of_a_keyboard_has_a_picture_and_accents_are_left_out():
    def drawn(text):
        canvas = Canvas(np.zeros((20, 30, 3), np.uint8))
        canvas.text(4, 4, text)
        return canvas.pixels.tobytes()

    pictures = [drawn(chr(code)) for code in range(ord(" "), ord("a"))]
    pictures += [drawn(sign) for sign in "{|}~"]
    assert len(set(pictures)) == len(pictures)
    assert drawn("éñÖ\xa0") == drawn("eno ")
    assert drawn("漢") == drawn("?")


def test_labels():
    assert cap_label(DEFAULTS, Action.START) == "ENTER"
    assert cap_label(DEFAULTS, Action.LEFT) == "left"
    assert cap_label(DEFAULTS, Action.STEP) == "."
    assert cap_label(Bindings({}, {}), Action.STEP) == ""
    assert key_cap_width("left") == key_cap_width("A")
    assert clipped("SEED 1  DIFFICULTY", 17) == "SEED 1 DIFFICULTY"
    assert clipped("ABCDEFGH", 6) == "ABCD.."


def test_an_action_without_a_key_is_shown_without_one():
    session = new_session(title=True)
    assert Painter(Bindings({}, {})).paint(session).shape == (240, 320, 3)


def test_cards_offer_no_next_level_where_there_is_none(painter, monkeypatch):
    written = []
    write = Canvas.text

    def recorded(canvas, x, y, text, *style):
        written.append(text)
        return write(canvas, x, y, text, *style)

    monkeypatch.setattr(Canvas, "text", recorded)
    for levels, offered in (([generate(3)], False), ([generate(3), generate(4)], True)):
        written.clear()
        course = LevelFileCourse(levels, None, 1)
        session = Session(course)
        painter.paint(session)
        assert ("NEXT LEVEL" in written) == offered
        session.command(Action.START)
        advance(session, 100)
        assert session.card_shown
        painter.paint(session)
        assert ("NEXT" in written, "LEAVE" in written) == (offered, not offered)
