import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.bindings import DEFAULTS, load_bindings

KNOWN = sorted({key for keys in DEFAULTS.keys.values() for key in keys} | {"q", "w", "up", "z"})


def load(tmp_path, text):
    path = tmp_path / "keys.toml"
    path.write_text(text)
    return load_bindings(path, KNOWN)


def test_the_defaults_as_a_file_are_the_defaults(tmp_path):
    assert load(tmp_path, DEFAULTS.to_toml()) == DEFAULTS
    assert load(tmp_path, "") == DEFAULTS


def test_no_default_key_does_two_things():
    for table in (DEFAULTS.keys, DEFAULTS.pad):
        values = [value for values in table.values() for value in values]
        assert len(values) == len(set(values))


def test_remapping_takes_keys_from_their_defaults(tmp_path):
    bindings = load(
        tmp_path, '[keys]\njump = ["UP", "space"]\nspeed = "z"\npause = []\n[gamepad]\njump = 1\n'
    )
    assert bindings.keys[Action.JUMP] == ("up", "space")
    assert bindings.keys[Action.SPEED] == ("z",)
    assert bindings.keys[Action.PAUSE] == ()
    assert bindings.keys[Action.START] == ("return", "kp_enter")
    assert bindings.keys[Action.LEFT] == ("left",)
    assert (bindings.pad[Action.JUMP], bindings.pad[Action.SPEED]) == ((1,), (2,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[keys]\njmp = ['s']",
            "line 2: unknown action 'jmp' .did you mean 'jump'..; expected down",
        ),
        ("[keys]\n\njump = ['spce']", "line 3: unknown key for jump 'spce' .did you mean 'space'"),
        ("[keys]\njump = 7", "line 2: jump must be the name of a key or a list of them, got 7"),
        ("[keys]\njump = 'z'\nspeed = 'z'", "line 3: 'z' does two things, jump and speed"),
        ("[key]\njump = 's'", "line 1: unknown section 'key' .did you mean 'keys'..; expected"),
        ("keys = 3", "line 1: expected a section .keys. of actions"),
        ("[gamepad]\njump = 64", "line 2: jump must be the number of a gamepad button, 0 to 63"),
        ("[gamepad]\njump = [true]", "line 2: jump must be the number of a gamepad button"),
        ("[keys\njump", "not TOML: .*line 1"),
    ],
)
def test_bad_key_files(tmp_path, text, message):
    with pytest.raises(OptionError, match=message) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "keys.toml"))
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(OptionError, match=r"cannot read .*absent\.toml: No such file"):
        load_bindings(tmp_path / "absent.toml", KNOWN)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OptionError, match="not text in UTF-8"):
        load_bindings(tmp_path / "binary.toml", KNOWN)
