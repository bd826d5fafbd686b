"""Environment wrappers, one file per wrapper, imported as `gym_mario_suite.wrappers`.

Each stands in two forms side by side: `Name` for single environments and `VectorName` for vector
environments, which does the same game by game.
"""

if __name__ != "gym_mario_suite.wrappers":
    raise ImportError(
        "import gym_mario_suite.wrappers (top-level `wrappers` is a source folder, not a package)"
    )

from gym_mario_suite.wrappers.crop_hud import CropHUD, VectorCropHUD
from gym_mario_suite.wrappers.crop_map import CropMap, VectorCropMap
from gym_mario_suite.wrappers.curiosity import CuriosityReward, VectorCuriosityReward
from gym_mario_suite.wrappers.death_penalty import DeathPenalty, VectorDeathPenalty
from gym_mario_suite.wrappers.frame_span import FrameSpan, VectorFrameSpan
from gym_mario_suite.wrappers.frame_stack import FrameStack, VectorFrameStack
from gym_mario_suite.wrappers.normalize_from_random_moves import (
    MoveStatistics,
    NormalizeFromRandomMoves,
    VectorNormalizeFromRandomMoves,
)
from gym_mario_suite.wrappers.one_hot_map import OneHotMap, VectorOneHotMap
from gym_mario_suite.wrappers.record_replay import RecordReplay
from gym_mario_suite.wrappers.skip_frames import SkipFrames, VectorSkipFrames
from gym_mario_suite.wrappers.sticky_actions import StickyActions, VectorStickyActions
from gym_mario_suite.wrappers.time_penalty import TimePenalty, VectorTimePenalty

__all__ = [
    "CropHUD",
    "CropMap",
    "CuriosityReward",
    "DeathPenalty",
    "FrameSpan",
    "FrameStack",
    "MoveStatistics",
    "NormalizeFromRandomMoves",
    "OneHotMap",
    "RecordReplay",
    "SkipFrames",
    "StickyActions",
    "TimePenalty",
    "VectorCropHUD",
    "VectorCropMap",
    "VectorCuriosityReward",
    "VectorDeathPenalty",
    "VectorFrameSpan",
    "VectorFrameStack",
    "VectorNormalizeFromRandomMoves",
    "VectorOneHotMap",
    "VectorSkipFrames",
    "VectorStickyActions",
    "VectorTimePenalty",
]
