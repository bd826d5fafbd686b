"""The root of the package's exceptions."""


class MarioError(Exception):
    """Base of every error this package raises on purpose.

    The message is written for the user: the `mario` command prints it as one line, without a
    traceback.
    """
