"""The console's frames: processor and picture chip together, from blank to blank."""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.console.layout import NEVER, SKIP_AT, R
from gym_mario_suite.nes.console.processor import run_until
from gym_mario_suite.nes.console.video import begin_frame, catch_up


@jit
def run_frames(memory, registers, lines, buttons, frames):
    """Hold buttons for some frames, each until the next vertical blank begins.

    Args:
        memory: uint8[layout.BYTES].
        registers: int64[len(layout.R)].
        lines: int64[240], what the picture chip would draw.
        buttons: Bits of `NESButton`.
        frames: How many.

    Returns:
        Whether the program has come to an instruction that is not one, and stands still.
    """
    registers[R.BUTTONS] = buttons
    for _ in range(frames):
        # The picture chip may leave a dot out, and so end the frame earlier.
        for until in (SKIP_AT, NEVER):
            end = min(until, registers[R.FRAME_DOTS])
            run_until(memory, registers, lines, end)
            catch_up(memory, registers, lines, end)
        begin_frame(registers)
    return registers[R.HALTED] != 0
