"""Environment wrappers, one file per wrapper, imported as `gym_mario_suite.wrappers`."""

if __name__ != "gym_mario_suite.wrappers":
    raise ImportError(
        "import gym_mario_suite.wrappers (top-level `wrappers` is a source folder, not a package)"
    )

from gym_mario_suite.wrappers.record_replay import RecordReplay

__all__ = ["RecordReplay"]
