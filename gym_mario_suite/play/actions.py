"""What a key can do."""

from __future__ import annotations

from enum import StrEnum

from gym_mario_suite.engine.world import Button


class Action(StrEnum):
    """Buttons of the game and commands to the window, by their names in a key file."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    JUMP = "jump"
    SPEED = "speed"
    START = "start"
    PAUSE = "pause"
    RESTART = "restart"
    NEXT = "next"
    SLOW = "slow"
    STEP = "step"
    SLOWER = "slower"
    FASTER = "faster"
    FULL_SCREEN = "full_screen"
    GRID = "grid"
    TRAJECTORIES = "trajectories"
    QUIT = "quit"


# Beside the five of Infinite Mario; only the NES has it.
UP_BUTTON = 32

BUTTONS = {
    Action.LEFT: int(Button.LEFT),
    Action.RIGHT: int(Button.RIGHT),
    Action.UP: UP_BUTTON,
    Action.DOWN: int(Button.DOWN),
    Action.JUMP: int(Button.JUMP),
    Action.SPEED: int(Button.SPEED),
}

MEANINGS = {
    Action.LEFT: "walk left",
    Action.RIGHT: "walk right",
    Action.UP: "climb (on the NES)",
    Action.DOWN: "duck",
    Action.JUMP: "jump",
    Action.SPEED: "run, fire, carry a shell",
    Action.START: "start, go on, pause",
    Action.PAUSE: "pause",
    Action.RESTART: "the level again",
    Action.NEXT: "next level",
    Action.SLOW: "slow motion",
    Action.STEP: "a single tick, then pause",
    Action.SLOWER: "half the speed",
    Action.FASTER: "twice the speed",
    Action.FULL_SCREEN: "full screen",
    Action.GRID: "the grid that agents see",
    Action.TRAJECTORIES: "what the agent searched",
    Action.QUIT: "quit",
}
