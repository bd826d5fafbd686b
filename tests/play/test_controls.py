import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from gym_mario_suite.engine.world import Button  # noqa: E402
from gym_mario_suite.play.actions import UP_BUTTON, Action  # noqa: E402
from gym_mario_suite.play.bindings import DEFAULTS, load_bindings  # noqa: E402
from gym_mario_suite.play.controls import Controls, key_codes  # noqa: E402

LEFT, RIGHT, DOWN = int(Button.LEFT), int(Button.RIGHT), int(Button.DOWN)
JUMP, SPEED = int(Button.JUMP), int(Button.SPEED)


class FakePad:
    def __init__(self, number):
        if number == 9:
            raise pygame.error("Invalid joystick device number")
        self.number = number

    def get_instance_id(self):
        return 100 + self.number

    def get_name(self):
        return f"Pad {self.number}"


@pytest.fixture
def controls():
    controls = Controls(DEFAULTS, FakePad)
    controls.changes = []  # type: ignore[attr-defined]
    controls.on_gamepad = lambda *change: controls.changes.append(change)  # type: ignore
    return controls


def send(controls, *events):
    made = [pygame.event.Event(kind, fields) for kind, fields in events]
    return list(controls.commands(made))


def key(name, down=True):
    return (pygame.KEYDOWN if down else pygame.KEYUP, {"key": key_codes()[name]})


def add(number):
    return (pygame.JOYDEVICEADDED, {"device_index": number})


def pad(kind, **fields):
    return (kind, {"instance_id": 100, **fields})


def test_every_default_key_exists():
    assert {name for names in DEFAULTS.keys.values() for name in names} <= set(key_codes())
    assert {"s", "left", "space", "return", "f11", "kp0", "period"} <= set(key_codes())


def test_keys_hold_buttons_and_give_commands(controls):
    assert send(controls, key("right"), key("a"), key("s")) == []
    assert controls.held == RIGHT | SPEED | JUMP
    assert send(controls, key("s", down=False)) == []
    assert controls.held == RIGHT | SPEED
    assert controls.take_taps() == RIGHT | SPEED | JUMP
    assert controls.take_taps() == 0
    commands = send(controls, *map(key, ("p", "r", "n", "m", "period", "f", "f11", "g", "t", "q")))
    assert commands == [
        *(Action.PAUSE, Action.RESTART, Action.NEXT, Action.SLOW, Action.STEP),
        *(Action.FULL_SCREEN, Action.FULL_SCREEN, Action.GRID, Action.TRAJECTORIES),
    ]
    assert send(controls, key("escape"), (pygame.QUIT, {})) == [Action.QUIT, Action.QUIT]


def test_remapped_keys(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text("[keys]\njump = 'up'\npause = 's'\n")
    controls = Controls(load_bindings(path, key_codes()), FakePad)
    assert send(controls, key("up"), key("s")) == [Action.PAUSE]
    assert controls.held == JUMP


def test_keys_are_let_go_when_the_window_loses_the_keyboard(controls):
    lost = []
    controls.on_focus_lost = lambda: lost.append(True)
    send(controls, key("right"), add(0), pad(pygame.JOYBUTTONDOWN, button=0))
    send(controls, (pygame.WINDOWFOCUSLOST, {}))
    assert controls.held == JUMP, "a gamepad does not lose the focus"
    assert lost == [True]


def test_gamepad_buttons(controls):
    send(controls, add(0))
    assert controls.gamepads == ["Pad 0"]
    for button, bits in ((0, JUMP), (3, JUMP), (1, SPEED), (2, SPEED), (13, LEFT), (14, RIGHT)):
        send(controls, pad(pygame.JOYBUTTONDOWN, button=button))
        assert controls.held == bits
        send(controls, pad(pygame.JOYBUTTONUP, button=button))
        assert controls.held == 0
    assert send(controls, pad(pygame.JOYBUTTONDOWN, button=7)) == [Action.START]
    assert send(controls, pad(pygame.JOYBUTTONDOWN, button=40)) == []


def test_two_sources_of_one_button(controls):
    send(controls, add(0), key("s"), pad(pygame.JOYBUTTONDOWN, button=0))
    send(controls, key("s", down=False))
    assert controls.held == JUMP


def test_cross_and_stick(controls):
    send(controls, add(0))
    for value, bits in (((1, 0), RIGHT), ((1, -1), RIGHT | DOWN), ((-1, 1), LEFT), ((0, 0), 0)):
        send(controls, pad(pygame.JOYHATMOTION, hat=0, value=value))
        assert controls.held == bits
    taps = []
    for value in (0.1, 0.6, 0.45, 0.55, 0.3, -0.2, -1.0, 0.9, 0.0):
        send(controls, pad(pygame.JOYAXISMOTION, axis=0, value=value))
        taps.append(controls.held)
    assert taps == [0, RIGHT, RIGHT, RIGHT, 0, 0, LEFT, RIGHT, 0]
    send(controls, pad(pygame.JOYAXISMOTION, axis=1, value=1.0))
    assert controls.held == DOWN
    send(controls, pad(pygame.JOYAXISMOTION, axis=1, value=-1.0))
    send(controls, pad(pygame.JOYAXISMOTION, axis=4, value=1.0))  # a trigger
    assert controls.held == 0


def test_up_where_the_game_has_it():
    controls = Controls(DEFAULTS, FakePad, buttons=63)
    send(controls, key("up"))
    assert controls.held == controls.take_taps() == UP_BUTTON
    send(controls, key("up", down=False), add(0), pad(pygame.JOYHATMOTION, hat=0, value=(1, 1)))
    assert controls.held == RIGHT | UP_BUTTON


def test_a_pad_that_goes_away_lets_go_of_everything(controls):
    send(controls, add(0), add(1), key("right"))
    send(controls, pad(pygame.JOYBUTTONDOWN, button=0), pad(pygame.JOYAXISMOTION, axis=1, value=1))
    assert controls.held == RIGHT | JUMP | DOWN
    send(controls, (pygame.JOYDEVICEREMOVED, {"instance_id": 100}))
    assert controls.held == RIGHT
    assert controls.gamepads == ["Pad 1"]
    send(controls, (pygame.JOYDEVICEREMOVED, {"instance_id": 100}), add(9), add(0), add(0))
    assert controls.changes == [
        *(("Pad 0", True), ("Pad 1", True), ("Pad 0", False), ("Pad 0", True)),
    ]
