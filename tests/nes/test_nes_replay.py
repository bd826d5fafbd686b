"""Replays of NES runs, on the program of our own."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.datasets.any_replay import load_replay
from gym_mario_suite.datasets.nes_replay import (
    NESReplay,
    RecordedRun,
    open_run,
    play_nes,
    verify_nes,
)
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.datasets.replay_file import GAMES
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import MarioError, OptionError, ReplayError, ReplayMismatch
from gym_mario_suite.nes.backend import NESButton, open_backend
from gym_mario_suite.nes.rom import Rom, RomError
from tests.nes.own_rom import own_rom
from tests.processes import run_mario

RIGHT, FLAG = int(NESButton.RIGHT), int(NESButton.RIGHT | NESButton.UP)
PIPE, DIE = int(NESButton.LEFT | NESButton.DOWN), int(NESButton.A | NESButton.DOWN)


@pytest.fixture
def recorded(
    backend_name: str, rom: Rom, rom_file: Path, monkeypatch: pytest.MonkeyPatch
) -> NESReplay:
    """A walk through a pipe to the flag."""
    monkeypatch.setenv("GYM_MARIO_ROM", str(rom_file))
    run = RecordedRun(open_backend(rom, backend_name))
    run.begin((1, 2))
    # The pipe is pressed in the 64th frame, so that a scene lies between two hashes.
    for buttons in [RIGHT] * 63 + [PIPE] + [RIGHT] * 70 + [FLAG]:
        run.frame(buttons)
        run.settle()
    assert run.status is Status.WIN
    replay = run.replay({"player": "test"})
    run.game.backend.close()
    return replay


def test_a_replay_is_played_to_the_same_end(recorded: NESReplay, rom: Rom, tmp_path: Path):
    assert (recorded.ticks, len(recorded.hashes), recorded.stage) == (135, 3, (1, 2))
    assert recorded.rom == rom.sha1
    run = verify_nes(recorded)
    assert (run.status, run.frames) == (Status.WIN, 135)
    file = tmp_path / "walk.mario"
    recorded.save(file)
    again = load_replay(file)
    assert again == recorded
    assert again.metadata["player"] == "test"
    assert len(file.read_bytes()) < 500
    assert rom.prg[:64] not in recorded.to_bytes()


def test_a_run_whose_scenes_were_played_is_played_so(
    backend_name: str, rom: Rom, rom_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GYM_MARIO_ROM", str(rom_file))
    run = RecordedRun(open_backend(rom, backend_name), skip_scenes=False)
    run.begin((1, 2))
    for number in range(1000):
        run.frame([RIGHT, PIPE][number == 10] if number < 130 else DIE)
        run.settle()
        if run.status is not Status.RUNNING:
            break
    replay = run.replay()
    run.game.backend.close()
    assert run.status is Status.DEAD
    assert replay.ticks > 130 + 30, "the frames of both scenes are in it"
    again = NESReplay.from_bytes(replay.to_bytes())
    assert again == replay
    assert not again.skip_scenes
    played = verify_nes(again)
    assert (played.status, played.frames) == (Status.DEAD, replay.ticks)
    with pytest.raises(ReplayMismatch):
        verify_nes(replace(again, skip_scenes=True))


@pytest.mark.parametrize("where", ["before", "after", "scene"])
def test_an_interrupted_run_is_recorded_up_to_there(
    where: str, backend_name: str, rom: Rom, rom_file: Path, monkeypatch: pytest.MonkeyPatch
):
    """Within a frame, before and after the console has played it, and within a scene."""
    monkeypatch.setenv("GYM_MARIO_ROM", str(rom_file))
    backend = open_backend(rom, backend_name)
    run = RecordedRun(backend)
    run.begin((1, 1))
    for _ in range(63):
        run.frame(RIGHT)
        run.settle()
    play = backend.frame

    def interrupted(*args: object) -> None:
        if where != "before":
            play(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    if where == "scene":
        run.frame(PIPE)
    monkeypatch.setattr(backend, "frame", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.settle() if where == "scene" else run.frame(RIGHT)
    monkeypatch.setattr(backend, "frame", play)
    assert verify_nes(run.replay()).frames == 63
    for _ in range(3):  # and whoever goes on is told no lies
        run.frame(RIGHT)
        run.settle()
    assert verify_nes(run.replay()).frames == 63
    run.begin((1, 1))
    run.frame(RIGHT)
    run.settle()
    assert verify_nes(run.replay()).frames == 1
    backend.close()


def test_whatever_is_changed_is_noticed(recorded: NESReplay):
    for frame in (0, 70, 134):
        keys = bytearray(recorded.keys)
        # LEFT and RIGHT with A: it moves as before but for a jump.
        keys[frame] ^= int(NESButton.A)
        with pytest.raises(ReplayMismatch, match="another course"):
            verify_nes(replace(recorded, keys=bytes(keys)))
    with pytest.raises(ReplayMismatch):
        verify_nes(replace(recorded, stage=(1, 3)))
    longer = replace(recorded, keys=recorded.keys + bytes(2))
    with pytest.raises(ReplayMismatch, match=r"ends with frame 135|another course"):
        verify_nes(longer)
    other = replace(recorded, version="0.0", keys=bytes(135))
    with pytest.raises(ReplayMismatch, match=r"recorded with .* 0\.0, this is"):
        verify_nes(other)


def test_a_part_of_a_run_and_a_run_without_frames(rom: Rom, recorded: NESReplay):
    run = RecordedRun(open_backend(rom, recorded.backend))
    run.begin(None)
    assert verify_nes(run.replay()).frames == 0
    for _ in range(64):
        run.frame(RIGHT)
        run.settle()
    assert len(run.replay().hashes) == 1
    assert verify_nes(run.replay()).status is Status.RUNNING
    run.frame(DIE)
    run.settle()
    assert verify_nes(run.replay()).ram[0x75A] == 1, "a life is lost, and the game goes on"
    for bad in (int(NESButton.START), 256, -1):
        with pytest.raises(OptionError, match="bits of the pad"):
            run.frame(bad)
    run.resume(run.game.backend.save(), None)
    with pytest.raises(ReplayError, match="from the start"):
        run.replay()
    run.game.backend.close()


def test_it_can_be_played_in_a_console_that_is_there(recorded: NESReplay, rom: Rom):
    run = RecordedRun(open_backend(rom, recorded.backend))
    assert sum(1 for _ in play_nes(recorded, run)) == 135
    assert run.replay(recorded.metadata) == recorded
    run.game.backend.close()


def test_without_its_emulator_it_is_played_on_our_own(
    recorded: NESReplay, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    # RAM is FCEUmm's there; nes-py wakes up with another.
    name = "nes-py" if recorded.backend == "nes-py" else "fceumm"
    theirs = replace(recorded, backend=name, version="1.0.1")
    run = open_run(theirs)
    assert run.game.backend.name == "builtin"
    if name == "fceumm":
        assert sum(1 for _ in play_nes(theirs, run)) == 135
    else:
        with pytest.raises(ReplayMismatch, match=r"recorded with nes-py .*, this is builtin"):
            list(play_nes(theirs, run))
    run.game.backend.close()
    with pytest.raises(OptionError, match="unknown backend 'zsnes'"):
        open_run(replace(recorded, backend="zsnes"))


def test_another_rom_is_named(recorded: NESReplay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = tmp_path / "other.nes"
    other.write_bytes(own_rom(variant=1))
    monkeypatch.setenv("GYM_MARIO_ROM", str(other))
    with pytest.raises(RomError, match=rf"SHA-1 {recorded.rom} is needed; there is"):
        verify_nes(recorded)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:9],
        lambda data: data[:-1],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: data[:4] + b"\x09\x00" + data[6:],
        lambda data: b"GMNX" + data[4:],
    ],
)
def test_damaged_files(recorded: NESReplay, damage, tmp_path: Path):
    file = tmp_path / "bad.mario"
    file.write_bytes(damage(recorded.to_bytes()))
    with pytest.raises(ReplayError, match=re.escape(str(file))):
        load_replay(file)


def test_a_replay_of_the_other_game_is_told_from_no_replay(recorded: NESReplay):
    assert GAMES.keys() == {Replay.magic, NESReplay.magic}
    with pytest.raises(ReplayError, match="a replay of the NES, where one of Infinite Mario is"):
        Replay.from_bytes(recorded.to_bytes())


def test_contents_that_do_not_fit(recorded: NESReplay):
    for changes in (
        {"keys": recorded.keys[:60]},
        {"hashes": recorded.hashes[:2]},
        {"keys": bytes([int(NESButton.START)]) * 135},
    ):
        with pytest.raises(ReplayError):
            replace(recorded, **changes)


def test_the_replay_command(recorded: NESReplay, tmp_path: Path):
    file = tmp_path / "walk.mario"
    recorded.save(file)

    def mario(*arguments: object) -> str:
        return (
            CliRunner()
            .invoke(cli.app, ["replay", *map(str, arguments)], catch_exceptions=False)
            .stdout
        )

    assert mario(file, "--check") == f"{file}: verified, 135 frames\n"
    text = mario(file, "--info")
    for words in (f"SHA-1 {recorded.rom}", "start: 1-2", "player: test", "end: won in 1-2"):
        assert words in text


@pytest.mark.parametrize("name", ["walk.mp4", "walk.gif"])
def test_video(recorded: NESReplay, name: str, tmp_path: Path):
    pytest.importorskip("imageio_ffmpeg", reason="videos need the extra `play`")
    recorded.save(tmp_path / "walk.mario")
    command = ["replay", str(tmp_path / "walk.mario"), "--video", str(tmp_path / name)]
    ran = CliRunner().invoke(
        cli.app, [*command, "--scale", "1", "--no-hud"], catch_exceptions=False
    )
    # A GIF shows every second one.
    frames = 68 if name.endswith(".gif") else 136
    assert ran.stdout == f"{tmp_path / name}: {frames} frames\n"
    if name.endswith(".gif"):
        import imageio_ffmpeg

        assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / name))[0] == frames
    assert (tmp_path / name).stat().st_size > 1000


def test_a_gif_of_no_frames_shows_the_start(rom: Rom, rom_file: Path, monkeypatch, tmp_path: Path):
    pytest.importorskip("imageio_ffmpeg", reason="videos need the extra `play`")
    monkeypatch.setenv("GYM_MARIO_ROM", str(rom_file))
    run = RecordedRun(open_backend(rom, "auto"))
    run.begin((1, 1))
    run.replay().save(tmp_path / "none.mario")
    run.game.backend.close()
    film = tmp_path / "none.gif"
    ran = run_mario("replay", tmp_path / "none.mario", "--video", film)
    assert (ran.returncode, ran.stdout) == (0, f"{film}: 1 frames\n")
    assert film.stat().st_size > 100


def test_what_cannot_be_saved_is_refused(recorded: NESReplay):
    for change, words in (
        ({"stage": "1-1"}, r"stage must be None or \(world, stage\)"),
        ({"stage": (9, 9)}, "stage must be"),
        ({"skip_scenes": "no"}, "skip_scenes must be True or False"),
        ({"metadata": {"a": np.int64(3)}}, "metadata must be a mapping that JSON can hold"),
        ({"metadata": [1]}, "metadata must be a mapping"),
        ({"metadata": {1: "a", "b": 2}}, "metadata must be a mapping that JSON can hold"),
        ({"keys": list(recorded.keys)}, "keys must be bytes, got list"),
    ):
        with pytest.raises(ReplayError, match=words):
            replace(recorded, **change)  # type: ignore[arg-type]


def test_errors_are_one_line(recorded: NESReplay, tmp_path: Path):
    file = tmp_path / "walk.mario"
    replace(recorded, rom="0" * 40).save(file)
    ran = run_mario("replay", file, "--check")
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert f"{file}: a ROM with SHA-1 {'0' * 40} is needed" in ran.stderr
    with pytest.raises(MarioError):
        verify_nes(load_replay(file))  # type: ignore[arg-type]
