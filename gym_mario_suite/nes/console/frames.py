"""The console's frames: processor and picture chip together, from blank to blank."""

from __future__ import annotations

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.nes.console.layout import NEVER, RAM, SKIP_AT, R
from gym_mario_suite.nes.console.processor import run_until
from gym_mario_suite.nes.console.video import begin_frame, catch_up


@inline_jit
def run_frame(memory, registers, lines):
    """From one vertical blank to the next."""
    # The picture chip may leave a dot out, and so end the frame earlier.
    for until in (SKIP_AT, NEVER):
        end = min(until, registers[R.FRAME_DOTS])
        run_until(memory, registers, lines, end)
        catch_up(memory, registers, lines, end)
    begin_frame(registers)


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
        run_frame(memory, registers, lines)
    return registers[R.HALTED] != 0


@jit
def watch_frames(memory, registers, lines, buttons, frames, watch, before, traces):
    """`run_frames`, until what is watched happens.

    Args:
        memory: As of `run_frames`.
        registers: Likewise.
        lines: Likewise.
        buttons: Likewise.
        frames: How many at most.
        watch: A `Watch`.
        before: uint8[len(watch.changes)], room to work in.
        traces: uint8[frames, len(watch.traced)], filled with what is traced.

    Returns:
        How many frames were run. Ends also where `run_frames` returns True.
    """
    registers[R.BUTTONS] = buttons
    for i in range(len(before)):
        before[i] = memory[RAM + watch.changes[i]]
    for n in range(frames):
        run_frame(memory, registers, lines)
        for i in range(traces.shape[1]):
            traces[n, i] = memory[RAM + watch.traced[i]]
        if registers[R.HALTED] or memory[RAM + watch.becomes[0]] == watch.becomes[1]:
            return n + 1
        for i in range(len(before)):
            if memory[RAM + watch.changes[i]] != before[i]:
                return n + 1
    return frames
