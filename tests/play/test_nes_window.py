"""The NES in the window, on the program of our own, and the commands that open it."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.datasets.any_replay import load_replay
from gym_mario_suite.datasets.nes_replay import (
    NESReplay,
    RecordedRun,
    verify_nes,
)
from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.errors import OptionError, ReplayError
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom import parse_rom
from gym_mario_suite.play.actions import UP_BUTTON, Action
from gym_mario_suite.play.bindings import DEFAULTS
from gym_mario_suite.play.cards import telemetry
from gym_mario_suite.play.episodes import Archive
from gym_mario_suite.play.nes_episodes import (
    NESCourse,
    pad_buttons,
    window_buttons,
)
from gym_mario_suite.play.painter import Painter
from gym_mario_suite.play.replay_course import ReplayCourse
from gym_mario_suite.play.session import Session, State
from tests.nes.own_rom import own_rom
from tests.processes import run_mario

FRAME_NS = 1_000_000_000 // 60 + 1
RIGHT, LEFT, DOWN, JUMP = (
    int(button) for button in (Button.RIGHT, Button.LEFT, Button.DOWN, Button.JUMP)
)
FLAG, PIPE, DIE = RIGHT | UP_BUTTON, LEFT | DOWN, DOWN | JUMP


@pytest.fixture(autouse=True)
def rom(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "own.nes"
    file.write_bytes(own_rom())
    monkeypatch.setenv("GYM_MARIO_ROM", str(file))
    return file


@pytest.fixture
def run() -> Iterator[RecordedRun]:
    console = open_backend(parse_rom(own_rom()))
    yield RecordedRun(console)
    console.close()


def new_session(
    run: RecordedRun, folder: Path | None = None, stage=(1, 4), agent=None, title=False
):
    if folder is not None:
        folder.mkdir()
    archive = Archive(folder, "human", {"player": "human"})
    return Session(NESCourse(run, stage, agent, archive), title=title)


def press(session: Session, buttons: int, frames: int = 1) -> None:
    for _ in range(frames):
        session.press(buttons)
        session.advance(FRAME_NS)


def replays(folder: Path) -> list[NESReplay]:
    loaded = [load_replay(path) for path in sorted(folder.iterdir())]
    assert all(isinstance(replay, NESReplay) for replay in loaded)
    return loaded  # type: ignore[return-value]


def test_buttons_of_the_window_are_those_of_the_pad():
    assert [pad_buttons(1 << bit) for bit in range(6)] == [64, 128, 32, 1, 2, 16]
    assert all(window_buttons(pad_buttons(buttons)) == buttons for buttons in range(64))


def test_60_frames_a_second(run):
    session = new_session(run)
    assert sum(session.advance(1_000_000_000 // 75) for _ in range(150)) in (119, 120)
    assert run.frames == session.ticks


def test_a_stage_is_played_to_its_end_and_kept(run, tmp_path):
    session = new_session(run, tmp_path / "kept")
    press(session, RIGHT, 30)
    # In a pipe nobody can act; its frames are shown and are not of the run.
    press(session, PIPE)
    press(session, RIGHT, 3)
    assert session.ticks > run.frames
    while session.game.ram[0x0E] == 3:
        press(session, 0)
    press(session, FLAG)
    assert session.state is State.WON
    frames = run.frames
    figures = dict(telemetry(session))
    assert figures["WORLD"] == "1-4"
    press(session, 0, 70)
    assert session.card_shown
    assert run.frames == frames
    assert session.game.ram[0x75F] == 1, "the console goes on to the next world,"
    assert dict(telemetry(session)) == figures, "which the card does not tell"
    session.command(Action.START)
    assert session.course.details == "WORLD 2-1"
    press(session, DIE)
    assert session.state is State.LOST
    session.close()
    kept = replays(tmp_path / "kept")
    assert [(replay.stage, verify_nes(replay).status) for replay in kept] == [
        ((1, 4), Status.WIN),
        ((2, 1), Status.DEAD),
    ]
    assert [path.name for path in sorted((tmp_path / "kept").iterdir())] == [
        "human-nes-1-4-000000.mario",
        "human-nes-2-1-000000.mario",
    ]


def test_a_run_left_in_a_scene_is_kept_whole(run, tmp_path):
    session = new_session(run, tmp_path / "kept", stage=None)
    press(session, RIGHT, 5)
    press(session, DIE)
    press(session, 0, 3)
    assert session.state is State.PLAYING
    session.close()
    (replay,) = replays(tmp_path / "kept")
    assert (replay.stage, replay.ticks) == (None, 6)
    assert verify_nes(replay).ram[0x75A] == 1
    assert session.course.details == "THE WHOLE GAME"
    session.command(Action.NEXT)
    assert session.course.details == "THE WHOLE GAME"


def test_pictures(run):
    session = new_session(run, title=True)
    painter = Painter(DEFAULTS)
    title = painter.paint(session).copy()
    session.command(Action.START)
    plain = painter.paint(session).copy()
    assert (plain != title).any()
    assert np.array_equal(plain[8:232, 40:280], session.game.picture())
    assert (plain[:, :40] == plain[0, 0]).all()
    session.command(Action.GRID)
    grid = painter.paint(session).copy()
    # Mario's tile is marked, and nothing outside the screen.
    ys, xs = np.nonzero((grid != plain).any(axis=2))
    assert len(ys) > 0
    assert xs.min() >= 40
    assert xs.max() < 280
    press(session, DIE)
    press(session, 0, 70)
    assert session.card_shown
    assert (painter.paint(session) != plain).any()
    session.command(Action.TRAJECTORIES)
    assert session.notice == "NOTHING SEARCHED HERE"


class Walker:
    name = "walker"

    def reset(self) -> None:
        self.asked = 0

    def act(self, run) -> int:
        self.asked += 1
        return 128 if self.asked < 50 else 999


def test_an_agent_plays_and_its_nonsense_is_named(run, tmp_path):
    agent = Walker()
    session = new_session(run, tmp_path / "kept", agent=agent)
    with pytest.raises(OptionError, match=r"action of agent 'walker'.*999"):
        press(session, 0, 60)
    assert window_buttons(session.game.keys) == RIGHT
    session.close()
    assert replays(tmp_path / "kept")[0].keys == bytes([128]) * 49


def test_replays_are_shown_and_verified(run, tmp_path):
    run.begin((1, 1))
    for keys in [128] * 20 + [128 | 16]:
        run.frame(keys)
        run.settle()
    replay = run.replay()
    session = Session(ReplayCourse([("a.mario", replay)]), title=False)
    press(session, 0, 22)
    assert session.state is State.WON
    assert session.episode.game.run.frames == 21
    other = NESReplay(
        **{
            **{n: getattr(replay, n) for n in ("rom", "backend", "version", "hashes")},
            "stage": (1, 1),
            "keys": bytes(21),
        }
    )
    session = Session(ReplayCourse([("b.mario", other)]), title=False)
    with pytest.raises(ReplayError, match=r"b\.mario: the run takes another course"):
        press(session, 0, 22)


def test_the_commands(tmp_path):
    def mario(*arguments: object) -> str:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(cli.app, words, catch_exceptions=False).stdout

    out = tmp_path / "out"
    mario("play", "nes", "--stage", "2-1", "--max-frames", "3", "--scale", "1")
    agent = "nes-search:budget=600"
    said = mario("watch", "nes", "--agent", agent, "--max-frames", "3", "--replays", out)
    assert said == f"{out}: 1 replays\n"
    mario("replay", next(out.iterdir()), "--max-frames", "3")


@pytest.mark.parametrize("lost", [False, True])
def test_an_interrupted_recording_keeps_what_was_played(tmp_path, monkeypatch, lost):
    settle = RecordedRun.settle

    def settle_and_be_killed(run: RecordedRun) -> None:
        settle(run)
        if run.frames >= 10:
            # One that meets a callback is printed there by Python, which goes on.
            with contextlib.suppress(*[KeyboardInterrupt] * lost):
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(RecordedRun, "settle", settle_and_be_killed)
    words = ["record", "nes", "--agent", "nes-search:budget=600", "--out", str(tmp_path)]
    assert CliRunner().invoke(cli.app, words).exit_code == 130
    (file,) = tmp_path.glob("*.mario")
    replay = load_replay(file)
    assert isinstance(replay, NESReplay)
    assert 10 <= verify_nes(replay).frames <= 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("play", "nes", "--stage", "9-1"), '--stage: a stage is named "<world>-<stage>"'),
        (("play", "nes", "--rom", "nowhere.nes"), "nowhere.nes: cannot be read"),
        (("play", "nes", "--backend", "zsnes"), "there are auto, builtin, fceumm, nes-py"),
        (("watch", "nes", "--agent", "astar"), "plays Infinite Mario, not the NES"),
        (("record", "nes", "--agent", "nes-serch", "--out", "x"), "did you mean 'nes-search'"),
        (("watch",), "missing option --agent"),
        (("record", "--agent", "forward"), "missing option --out"),
    ],
)
def test_errors_are_one_line(arguments, message):
    ran = run_mario(*arguments)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert message in ran.stderr
