"""Several players in one window: rounds, keys, pictures, commands."""

import pygame
import pytest
from typer.testing import CliRunner

from gym_mario_suite.agents.network_agent import shipped_weights
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.agents.self_play.agent import RaceAgent
from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import MarioError, OptionError
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.canvas import Canvas
from gym_mario_suite.play.party_keys import PartyKeys
from gym_mario_suite.play.party_painter import PartyPainter
from gym_mario_suite.play.party_session import Guest, PartySession, PartyState
from gym_mario_suite.play.play_command import app

TICK_NS = 42_000_000
RUN = int(Button.RIGHT | Button.SPEED)


def session_of(*guests, **options):
    made = PartyOptions(players=len(guests), **options)
    return PartySession(made, 3, list(guests))


def play(session, held, ticks):
    for _ in range(ticks):
        session.press(held, [0] * len(held))
        session.advance(TICK_NS)
        if session.state is not PartyState.PLAYING:
            return


def test_people_play_when_the_title_has_gone():
    session = session_of(Guest("A"), Guest("B"), contest="race")
    play(session, [RUN, 0], 10)
    assert session.state is PartyState.TITLE
    session.command(Action.START)
    play(session, [0, RUN], 30)
    x = session.batch.memory[0]["x"]
    assert x[1] > x[0] + 60
    session.command(Action.PAUSE)
    before = session.batch.state(0)
    play(session, [RUN, RUN], 10)
    assert session.batch.state(0) == before
    session.interrupt()
    assert session.state is PartyState.PAUSED


def test_an_agent_wins_the_race_and_gets_the_point():
    session = session_of(
        Guest("ME"), Guest("ASTAR", make_agent("astar")), contest="race", length=80
    )
    session.command(Action.START)
    play(session, [0, 0], 600)
    assert session.state is PartyState.OVER
    assert session.winners == [1]
    assert [guest.points for guest in session.guests] == [0, 1]
    level = session.batch.counts[0, 0, -1]
    session.command(Action.START)
    assert session.state is PartyState.PLAYING
    assert session.batch.counts[0, 0, -1] == level + 1
    session.command(Action.RESTART)
    assert session.batch.counts[0, 0, -1] == level + 1


@pytest.mark.parametrize("ghosts", [False, True])
def test_an_agent_in_another_seat_plays_as_if_it_were_alone(ghosts):
    """Two runs of a rule-based agent in different seats of one game look the same to it."""
    session = session_of(
        Guest("A", make_agent("forward-jumping")),
        Guest("B", make_agent("forward-jumping")),
        contest="coop",
        ghosts=ghosts,
    )
    session.command(Action.START)
    play(session, [0, 0], 60)
    x = session.batch.memory[0]["x"]
    if ghosts:
        assert x[0] == x[1]
    else:
        assert abs(x[0] - x[1]) < 100


def test_nobody_wins_coins_that_nobody_took():
    session = session_of(Guest("A"), Guest("B"), contest="coins", time_limit=2)
    session.command(Action.START)
    play(session, [0, 0], 100)
    assert session.state is PartyState.OVER
    assert session.winners == []


def test_the_team_wins_when_all_arrive():
    session = session_of(
        Guest("A", make_agent("astar")), Guest("B", make_agent("astar")), contest="coop", length=80
    )
    session.command(Action.START)
    play(session, [0, 0], 900)
    assert session.winners == [0, 1]


def test_the_trained_racer_sees_the_others():
    pytest.importorskip("safetensors")
    session = session_of(Guest("ME"), Guest("R", RaceAgent()), contest="race", length=80)
    session.command(Action.START)
    play(session, [0, 0], 40)
    x = session.batch.memory[0]["x"]
    assert x[1] > x[0] + 60


def key(kind, code):
    return pygame.event.Event(kind, key=code)


def test_two_people_share_the_keyboard():
    keys = PartyKeys([0, 1])
    events = [key(pygame.KEYDOWN, code) for code in (pygame.K_RIGHT, pygame.K_a, pygame.K_w)]
    assert list(keys.commands(events)) == []
    assert keys.held(2) == [Button.RIGHT, Button.LEFT | Button.JUMP]
    released = [key(pygame.KEYUP, code) for code in (pygame.K_RIGHT, pygame.K_w)]
    assert list(keys.commands([*released, key(pygame.KEYDOWN, pygame.K_RETURN)])) == [Action.START]
    assert keys.held(2) == [0, Button.LEFT]


class Pad:
    """A gamepad whose number in events is that of its device."""

    def __init__(self, index):
        if index < 0:
            raise pygame.error("Invalid joystick device number")
        self.get_instance_id = lambda: index
        self.get_name = lambda: "Pad"


@pytest.fixture
def pads(monkeypatch):
    monkeypatch.setattr(pygame.joystick, "Joystick", Pad)


def pad_came(number):
    return pygame.event.Event(pygame.JOYDEVICEADDED, device_index=number)


def pad_went(number):
    return pygame.event.Event(pygame.JOYDEVICEREMOVED, instance_id=number)


def pad_button(number, button, down=True):
    kind = pygame.JOYBUTTONDOWN if down else pygame.JOYBUTTONUP
    return pygame.event.Event(kind, instance_id=number, button=button)


def test_a_gamepad_that_goes_away_is_told_and_commands_nothing(pads):
    keys, told = PartyKeys([0, 2]), []
    keys.on_gamepad = lambda seat, came: told.append((seat, came))
    assert list(keys.commands([pad_went(7)])) == []
    assert told == []
    # It would go on if it were paused already, where a command of the key did that.
    assert list(keys.commands([pad_came(7), pad_went(7), pad_came(-1)])) == []
    assert told == [(2, True), (2, False)]


def test_who_has_a_gamepad_keeps_it_when_another_goes(pads):
    keys = PartyKeys([0, 1])
    list(keys.commands([pad_came(1), pad_came(2), pad_button(1, 13), pad_button(2, 14)]))
    assert keys.held(2) == [Button.RIGHT, Button.LEFT]
    list(keys.commands([pad_went(1)]))
    assert keys.held(2) == [Button.RIGHT, 0]
    list(keys.commands([pad_button(2, 14, down=False), pad_button(2, 0)]))
    assert keys.held(2) == [Button.JUMP, 0]
    list(keys.commands([pad_came(3), pad_button(3, 13)]))  # the same one, plugged in again
    assert keys.held(2) == [Button.JUMP, Button.LEFT]


def test_a_gamepad_too_many_waits_until_somebody_is_without(pads):
    keys = PartyKeys([1])
    list(keys.commands([pad_came(1), pad_came(2), pad_button(2, 14)]))
    assert keys.held(2) == [0, 0]
    list(keys.commands([pad_went(1), pad_button(2, 13)]))
    assert keys.held(2) == [0, Button.LEFT]


def test_the_pause_says_whose_gamepad_has_gone(pads, monkeypatch):
    written = []
    monkeypatch.setattr(Canvas, "centred", lambda _, y, text, *style: written.append(text))
    session = session_of(Guest("A"), Guest("B"), contest="race")
    keys = PartyKeys([0, 1])
    keys.on_gamepad = session.gamepad
    painter = PartyPainter(session, keys)
    session.command(Action.START)
    list(keys.commands([pad_came(1), pad_went(1)]))
    painter.paint()
    assert "B: GAMEPAD GONE" in written
    list(keys.commands([pad_came(2)]))
    written.clear()
    painter.paint()
    assert written[0] == "PAUSED"
    assert "B: GAMEPAD GONE" not in written


def test_who_has_no_keys_learns_that_a_gamepad_is_missing(pads):
    keys = PartyKeys([0, 1, 2])
    assert keys.told(2) == ("A GAMEPAD IS MISSING",)
    list(keys.commands([pad_came(1)]))
    assert keys.told(2) == ("GAMEPAD",)


def test_only_people_are_interrupted():
    session = session_of(Guest("R", RaceAgent()), Guest("S", RaceAgent()), contest="race")
    session.command(Action.START)
    session.interrupt()
    assert session.state is PartyState.PLAYING


def test_a_person_in_another_seat_has_the_first_keys():
    keys = PartyKeys([2])
    list(keys.commands([key(pygame.KEYDOWN, pygame.K_UP)]))
    assert keys.held(3) == [0, 0, Button.JUMP]
    assert keys.told(2)


def test_a_key_let_go_between_two_ticks_counts_for_one():
    keys = PartyKeys([0, 1])
    session = session_of(Guest("A"), Guest("B"), contest="race")
    session.command(Action.START)
    play(session, [0, 0], 25)  # it begins with a fall
    pressed, released = key(pygame.KEYDOWN, pygame.K_w), key(pygame.KEYUP, pygame.K_w)
    for events in ([pressed, released], [], []):  # three frames of a window, and then a tick
        assert list(keys.commands(events)) == []
        session.press(keys.held(2), keys.take_taps(2))
        session.advance(TICK_NS // 3)
    play(session, [0, 0], 1)
    assert session.batch.counts[0, :, 3].tolist() == [0, 1]  # jumps


def test_a_key_pressed_while_nobody_plays_counts_for_nothing():
    session = session_of(Guest("A"), Guest("B"), contest="race")
    session.press([0, 0], [RUN, RUN])
    session.advance(TICK_NS)
    session.command(Action.START)
    alike = session_of(Guest("A"), Guest("B"), contest="race")
    alike.command(Action.START)
    play(session, [0, 0], 5)
    play(alike, [0, 0], 5)
    assert session.batch.state(0) == alike.batch.state(0)


def test_the_result_stands_within_its_card(monkeypatch):
    ends = []
    write = Canvas.text

    def recorded(canvas, x, y, text, *style):
        end = write(canvas, x, y, text, *style)
        ends.append((x, end, text))
        return end

    monkeypatch.setattr(Canvas, "text", recorded)
    session = session_of(Guest("PLAYER 1"), Guest("RACE-PPO", RaceAgent()), contest="race")
    painter = PartyPainter(session, PartyKeys([0]))
    for state in PartyState:
        session.state = state
        ends.clear()
        painter.paint()
        # A card of a narrow window leaves 4 px at each side, and its edge is no place for text.
        assert all(x >= 8 and end <= 312 for x, end, text in ends if text[-1:].isalpha()), ends


def test_whoever_looks_on_starts_and_quits():
    keys = PartyKeys([])
    told = [key(pygame.KEYDOWN, code) for code in (pygame.K_RETURN, pygame.K_RIGHT)]
    assert list(keys.commands([*told, pygame.event.Event(pygame.QUIT)])) == [
        Action.START,
        Action.QUIT,
    ]
    assert (keys.held(2), keys.take_taps(2)) == ([0, 0], [0, 0])


@pytest.mark.parametrize("answer", [64, -1, None, 2.7])
def test_an_agent_presses_no_buttons_but_its_own(answer):
    class Wild:
        name = "wild"
        reset = staticmethod(lambda: None)
        act = staticmethod(lambda game: answer)

    session = session_of(Guest("W", Wild()), Guest("B"), contest="race")
    session.command(Action.START)
    with pytest.raises(OptionError, match=r"an agent's answer .* must be a whole number"):
        session.advance(TICK_NS)


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_pictures_show_every_person(people):
    guests = [Guest(f"PLAYER {n}") for n in range(people)]
    if people == 1:
        guests.append(Guest("F", make_agent("forward")))
    session = session_of(*guests, contest="coop")
    painter = PartyPainter(session, PartyKeys(list(range(people))))
    width, height = painter.size_px
    assert (width, height - 16) == {
        1: (320, 240),
        2: (640, 240),
        3: (640, 480),
        4: (640, 480),
    }[people]
    title = painter.paint().copy()
    session.command(Action.START)
    play(session, [RUN] * len(guests), 20)
    game = painter.paint().copy()
    assert title.shape == (height, width, 3)
    assert (title != game).any()
    session.state = PartyState.OVER
    assert (painter.paint() != game).any()


@pytest.mark.parametrize("contest", ["coop", "race", "coins"])
def test_the_commands_open_a_window(contest):
    result = CliRunner().invoke(
        app, [contest, "--p2", "forward-jumping", "--max-frames", "3", "--difficulty", "2"]
    )
    assert result.exit_code == 0, result.output
    assert "0 rounds: player 1 0, forward-jump 0" in result.output


def test_a_racer_of_ones_own_takes_a_seat():
    weights = shipped_weights("gym_mario_suite.agents.self_play", "race-ppo")
    arguments = ["race", "--p2", f"race-ppo:{weights}", "--max-frames", "1"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "0 rounds: player 1 0, race-ppo 0" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["race", "--p2", "nobody"], "nobody"),
        (["race", "--p4", "human"], "--p3"),
        (["race", "--p2", "race-ppo", "--p3", "human"], "races of two"),
        (["race", "--p2", "race-ppo:no.safetensors"], "cannot read the weights no.safetensors"),
        (["race", "--rivalry", "bite"], "rivalry"),
    ],
)
def test_what_cannot_be_played(arguments, message):
    result = CliRunner().invoke(app, [*arguments, "--max-frames", "1"])
    assert isinstance(result.exception, MarioError)
    assert message in str(result.exception)
