"""The root of the package's exceptions."""


class MarioError(Exception):
    """Base of every error this package raises on purpose.

    The message is written for the user: the `mario` command prints it as one line, without a
    traceback.
    """


class OptionError(MarioError, ValueError):
    """An option, argument or action is not what was expected; the message says what is."""


class LevelError(MarioError, ValueError):
    """A level cannot be made or read."""


class StateError(MarioError, ValueError):
    """A saved state cannot be loaded."""
