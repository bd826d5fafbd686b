"""What a replay is, and how it ended, in words."""

from __future__ import annotations

import json

from gym_mario_suite.datasets.replay import TICKS_PER_HASH, Replay, is_generated, switch_options
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import TICKS_PER_SECOND, Mode, Rules, Status

_TYPES = ("overground", "underground", "castle")
_ENDS = {
    Status.WIN: "won",
    Status.DEAD: "dead",
    Status.RUNNING: "unfinished",
    Status.TIME_OUT: "out of time",
}


def replay_text(replay: Replay) -> str:
    """The replay's contents as lines of `name: value`."""
    level = replay.level
    size = f"{level.width}x{level.height} cells, exit at column {level.x_exit}"
    if is_generated(level):
        origin = level.metadata
        kind = origin["type"]
        name = f" ({_TYPES[kind]})" if kind in range(len(_TYPES)) else ""
        source = (
            f"2009 generator, seed {origin['seed']}, difficulty {origin['difficulty']}, "
            f"type {kind}{name}, length {origin['length']}"
        )
    else:
        source = "its tiles are in the file"
        if level.metadata:
            source += f"; {json.dumps(dict(level.metadata), sort_keys=True)}"
    if replay.world is not None:
        start = f"a saved game of {len(replay.world):,} bytes"
    else:
        usual = switch_options(0)
        switches = [
            f"{name} {'on' if value else 'off'}"
            for name, value in switch_options(replay.switches).items()
            if value != usual[name]
        ]
        mode = Mode(replay.mode).name.lower()
        start = ", ".join([f"{mode}, time limit {replay.time_limit} s", *switches])
    lines = [
        f"level: {source}",
        f"size: {size}",
        f"rules: {Rules(replay.rules).name.lower().replace('_', ' ')}",
        f"start: {start}",
        f"length: {replay.ticks} ticks, {replay.ticks / TICKS_PER_SECOND:.1f} s of level time",
        f"hashes: {len(replay.hashes)}, one for {TICKS_PER_HASH} ticks",
    ]
    for name, value in replay.metadata.items():
        line = f"{name}: {value}"
        # A stranger's file shall not write what it likes to the terminal.
        lines.append(line if line.isprintable() else ascii(line))
    return "\n".join(lines)


def outcome_text(replay: Replay, game: Game) -> str:
    """How a replay ended that has been verified.

    Args:
        replay: The replay.
        game: The game after its last tick.
    """
    return (
        f"end: {_ENDS[game.status]}, distance {float(game.x):g} px, {game.time_left} s left, "
        f"mode {game.mode.name.lower()}, {game.coins} coins, {game.kills} kills\n"
        f"verified: all {replay.ticks} ticks"
    )
