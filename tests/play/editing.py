"""What the tests of `mario make` do to its editor."""

from gym_mario_suite.levels.maker.parts import BY_NAME

GROUND, COIN, BRICK = (BY_NAME[name].code for name in ("ground", "coin", "brick"))


def keys(editor, *names):
    for name in names:
        editor.key(name, name if len(name) == 1 else "")


def typed(editor, text):
    for letter in text:
        editor.key({"/": "slash", ".": "period"}.get(letter, letter.lower()), letter)


def wait_for_answer(editor):
    editor.answers.asking.wait()
    editor.advance()
