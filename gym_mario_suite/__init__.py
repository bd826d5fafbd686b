"""Mario environments for Gymnasium; importing this package registers them.

Registration stores names of classes, not classes: nothing heavy (numba, torch, pygame) is loaded
until an environment is made.
"""

from gym_mario_suite.registry import register_all

__all__ = ["__version__"]

__version__ = "0.1.0.dev0"

register_all()
