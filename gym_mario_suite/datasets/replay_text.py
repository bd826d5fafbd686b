"""What a replay is, and how it ended, in words."""

from __future__ import annotations

import json

from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.datasets.nes_replay import NESReplay, stage_name, verify_nes
from gym_mario_suite.datasets.replay import Replay, is_generated, switch_options, verify
from gym_mario_suite.datasets.replay_file import TICKS_PER_HASH
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tick_2019 import MS_PER_TICK
from gym_mario_suite.engine.world import TICKS_PER_SECOND, Mode, Rules, Status
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.rom import KNOWN_GAMES
from gym_mario_suite.nes.smb import FRAMES_PER_SECOND, Address

_TYPES = ("overground", "underground", "castle")
_ENDS = {
    Status.WIN: "won",
    Status.DEAD: "dead",
    Status.RUNNING: "unfinished",
    Status.TIME_OUT: "out of time",
}


def replay_text(replay: AnyReplay) -> str:
    """The replay's contents as lines of `name: value`."""
    lines = _nes_lines(replay) if isinstance(replay, NESReplay) else _infinite_lines(replay)
    for name, value in replay.metadata.items():
        line = f"{name}: {value}"
        # A stranger's file shall not write what it likes to the terminal.
        lines.append(line if line.isprintable() else ascii(line))
    return "\n".join(lines)


def length_text(replay: AnyReplay) -> str:
    """How long the replay is, in the unit of its game."""
    return f"{replay.ticks} {'frames' if isinstance(replay, NESReplay) else 'ticks'}"


def _nes_lines(replay: NESReplay) -> list[str]:
    title = KNOWN_GAMES.get(replay.rom, "not a known game")
    seconds = replay.ticks / FRAMES_PER_SECOND
    lines = [
        f"ROM: {title}, SHA-1 {replay.rom}",
        f"emulator: {replay.backend} {replay.version}",
        f"start: {stage_name(replay.stage) or 'the whole game'}",
        f"length: {length_text(replay)}, {seconds:.1f} s",
        f"hashes: {len(replay.hashes)}, one for {TICKS_PER_HASH} frames",
    ]
    if not replay.skip_scenes:
        lines.append("scenes: played, as frames among the others")
    return [line if line.isprintable() else ascii(line) for line in lines]


def _infinite_lines(replay: Replay) -> list[str]:
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
    return [
        f"level: {source}",
        f"size: {size}",
        f"rules: {Rules(replay.rules).name.lower().replace('_', ' ')}",
        f"start: {start}",
        f"length: {replay.ticks} ticks, {_seconds(replay):.1f} s of level time",
        f"hashes: {len(replay.hashes)}, one for {TICKS_PER_HASH} ticks",
    ]


def _seconds(replay: Replay) -> float:
    """By the clock of the rules."""
    if replay.rules == Rules.FRAMEWORK_2019:
        return replay.ticks * MS_PER_TICK / 1000
    return replay.ticks / TICKS_PER_SECOND


def verified_text(replay: AnyReplay) -> str:
    """Play a replay to its end, and say how it ended.

    Raises:
        MarioError: When it takes another course than the one recorded, or cannot be played here.
    """
    if not isinstance(replay, NESReplay):
        return outcome_text(replay, verify(replay))
    run = verify_nes(replay)
    ram = run.ram
    return (
        f"end: {_ENDS[run.status]} in {ram[Address.WORLD] + 1}-{ram[Address.STAGE] + 1}, "
        f"distance {smb.x_px(ram)} px, score {smb.score(ram)}, {smb.clock(ram)} on the clock\n"
        f"verified: all {replay.ticks} frames"
    )


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
