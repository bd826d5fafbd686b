"""The picture of `mario make`, its loop on SDL's screen that nobody sees, and the command."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from typer.testing import CliRunner  # noqa: E402

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.errors import MarioError  # noqa: E402
from gym_mario_suite.levels.maker.course import CourseTheme, MakerCourse  # noqa: E402
from gym_mario_suite.levels.maker.course_files import read_course_file  # noqa: E402
from gym_mario_suite.levels.maker.parts import AIR, BY_NAME, N_PARTS  # noqa: E402
from gym_mario_suite.play.canvas import Canvas  # noqa: E402
from gym_mario_suite.play.make.box_painter import paint_box  # noqa: E402
from gym_mario_suite.play.make.commands import BY_KEY, MOUSE, SECTIONS, Do, Tool  # noqa: E402
from gym_mario_suite.play.make.document import new_course  # noqa: E402
from gym_mario_suite.play.make.editor import Editor  # noqa: E402
from gym_mario_suite.play.make.file_dialog import FileDialog  # noqa: E402
from gym_mario_suite.play.make.forms import Field, Form, HelpPage, Question  # noqa: E402
from gym_mario_suite.play.make.icons import ICON_PX, ICONS, TITLES, TOOLBAR  # noqa: E402
from gym_mario_suite.play.make.layout import LEAST_PX, laid_out  # noqa: E402
from gym_mario_suite.play.make.painter import Painter  # noqa: E402
from gym_mario_suite.play.make.pictures import icon  # noqa: E402
from gym_mario_suite.play.make.recovery import Recovery  # noqa: E402
from gym_mario_suite.play.make.view import ZOOMS_PX  # noqa: E402
from gym_mario_suite.play.make.window import MakeOptions, show_editor  # noqa: E402

COIN, GROUND = BY_NAME["coin"].code, BY_NAME["ground"].code


def all_parts():
    """A course that holds every part."""
    cells = np.zeros((16, 24), np.uint8)
    cells.ravel()[:N_PARTS] = np.arange(N_PARTS)
    cells[-2:] = GROUND
    return MakerCourse(cells, theme=CourseTheme.UNDERGROUND)


# --- painter ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LEAST_PX, (640, 400), (1000, 300), (10, 10)])
def test_pictures_of_any_size(size):
    editor, painter = Editor(all_parts()), Painter()
    layout = laid_out(*size)
    for zoom in ZOOMS_PX:
        while editor.view.cell_px != zoom:
            editor.view.zoom(1 if editor.view.cell_px < zoom else -1)
        picture = painter.paint(editor, *size)
        assert picture.shape == (layout.height, layout.width, 3)
        board = layout.board
        shown = picture[board.y : board.bottom, board.x : board.right]
        assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 20
    areas = [layout.toolbar, layout.board, layout.panel, layout.minimap, layout.status]
    for a in areas:
        assert 0 <= a.x < a.right <= layout.width
        assert 0 <= a.y < a.bottom <= layout.height
    assert sum(a.width * a.height for a in [*areas, layout.verdict]) == layout.width * layout.height


def test_every_part_has_a_picture_of_its_own():
    seen = {}
    for part in range(N_PARTS):
        drawn = icon(part)
        assert drawn.shape == (20, 16, 4)
        assert (part == AIR) == (not drawn[..., 3].any())
        seen.setdefault(drawn.tobytes(), []).append(part)
    # Two letters can be those of two names; what is played can always be told apart.
    names = [part.name for part in BY_NAME.values() if part.tier != 3]
    played = [icon(BY_NAME[name].code).tobytes() for name in names if name != "air"]
    assert len(set(played)) == len(played)


def test_every_tool_and_command_of_the_toolbar_has_its_icon():
    for does in TOOLBAR:
        if does is not None:
            assert ICONS[does].shape == (ICON_PX, ICON_PX)
            assert does in TITLES


def test_what_is_shown_can_be_clicked():
    editor, painter = Editor(new_course()), Painter()
    painter.paint(editor, 640, 400)
    kinds = {zone.kind for zone in painter.zones}
    assert {"board", "entry", "category", "do", "minimap"} <= kinds
    for zone in painter.zones:
        found = painter.zone_at(zone.rect.x + 1, zone.rect.y + 1)
        assert found is not None
    for number in range(6):
        editor.category = number
        painter.paint(editor, 640, 400)
        shown = [zone.value for zone in painter.zones if zone.kind == "entry"]
        assert shown[0] == editor.entries[0]
    editor.do(Do.HELP)
    painter.paint(editor, 640, 400)
    assert {zone.kind for zone in painter.zones} == {"dialog"}


def test_a_choice_deep_in_a_category_is_scrolled_to():
    editor, painter = Editor(new_course()), Painter()
    editor.category = 5
    for _ in range(len(editor.entries)):
        editor.do(Do.NEXT_PART)
        painter.paint(editor, *LEAST_PX)
        assert editor.hand.entry in [z.value for z in painter.zones if z.kind == "entry"]


def test_the_board_shows_edits_and_the_way():
    editor, painter = Editor(new_course()), Painter()
    editor.clock = lambda: 0.0
    before = painter.paint(editor, 640, 400).copy()
    editor.document.put({(5, 5): COIN})
    after = painter.paint(editor, 640, 400).copy()
    assert (before != after).any()
    editor.do(Do.WAY)
    assert (painter.paint(editor, 640, 400) != after).any()


def test_boxes_fit_into_the_smallest_window():
    editor, painter = Editor(new_course()), Painter()
    editor.document.put({(5, 5): COIN})
    for key in ("f1", "f2", "ctrl+n", "ctrl+o", "ctrl+shift+s", "ctrl+g", "ctrl+q"):
        editor.key(key)
        assert editor.dialog is not None
        painter.paint(editor, *LEAST_PX)
        for zone in painter.zones:
            assert zone.rect.x >= 0
            assert zone.rect.right <= LEAST_PX[0]
            assert zone.rect.bottom <= LEAST_PX[1], key
        editor.dialog = None


@pytest.mark.parametrize("size", [LEAST_PX, (608, 400), (900, 600)])
def test_the_page_of_keys_is_whole_at_any_size(size, monkeypatch):
    lines = []
    write = Canvas.text

    def recorded(canvas, x, y, text, *style):
        end = write(canvas, x, y, text, *style)
        lines.append((text, y, x, end))
        return end

    monkeypatch.setattr(Canvas, "text", recorded)
    paint_box(Canvas(np.zeros((size[1], size[0], 3), np.uint8)), HelpPage())
    rows = [(row.label, row.meaning) for keys in SECTIONS.values() for row in keys]
    for label, meaning in (*rows, *MOUSE):
        number = next(
            n for n, (text, y, *_) in enumerate(lines) if text == label and lines[n + 1][1] == y
        )
        (_, _, left, ends), (text, _, begins, end) = lines[number : number + 2]
        assert text == meaning.upper()
        assert ends < begins, label
        assert end <= (size[0] // 2 if left < size[0] // 2 else size[0] - 12), label


def test_what_is_too_long_for_a_line_is_told_in_several(monkeypatch):
    written, editor, painter = [], Editor(new_course()), Painter()
    write = Canvas.text

    def recorded(canvas, x, y, text, *style):
        written.append(text)
        end = write(canvas, x, y, text, *style)
        assert text[:1].isdigit() or 0 <= x <= end <= LEAST_PX[0], text
        return end

    monkeypatch.setattr(Canvas, "text", recorded)
    path = "/home/somebody/" + "courses of the year/" * 6
    editor.refuse(f"cannot write {path}a.mmc.json: No space left on device")
    painter.paint(editor, *LEAST_PX)
    assert "LEFT ON DEVICE" in " ".join(written)
    for box in (
        Question("SAVE FIRST?", [f"{path} has changes."], [("s", "SAVE", lambda: None)]),
        Form("NEW", [Field("a", "A", "")] * 10, lambda values: None, path),
        FileDialog(True, Path("a.mmc.json"), lambda path: None),
    ):
        if isinstance(box, (Form, FileDialog)):
            box.error = f"{'columns ' * 10}: the end"
        written.clear()
        editor.dialog = box
        painter.paint(editor, *LEAST_PX)
        assert any(line.endswith(("THE END", "HAS CHANGES.")) for line in written)
        assert max(zone.rect.bottom for zone in painter.zones) <= LEAST_PX[1]


def test_the_ground_is_seen_at_once_in_the_smallest_window(script, monkeypatch):
    monkeypatch.setattr(pygame.display, "get_window_size", lambda: LEAST_PX)
    editor = Editor(new_course(), limits="none")
    shown(editor, script, scale=1, max_frames=2)
    bottom = editor.view.place(0, editor.document.height)[1]
    assert bottom <= laid_out(*LEAST_PX).board.height


def test_the_documentation_has_every_key():
    text = (Path(__file__).parents[2] / "docs" / "maker.md").read_text(encoding="utf-8")
    for rows in SECTIONS.values():
        for row in rows:
            assert f"| {row.label} | {row.meaning} |" in text
    assert len(BY_KEY) > 50


# --- window -----------------------------------------------------------------------------------


def key(name, mod=0, text="", kind=pygame.KEYDOWN):
    return pygame.event.Event(kind, key=getattr(pygame, f"K_{name}"), mod=mod, unicode=text)


def mouse(kind, at, button=1):
    values: dict = {"pos": (2 * at[0], 2 * at[1])}
    if kind != pygame.MOUSEMOTION:
        values["button"] = button
    return pygame.event.Event(kind, **values)


DOWN, UP, MOVE = pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEMOTION


def place_of(editor, column, row):
    """Pixel of the picture in the middle of a cell, in a window of 1280x800."""
    board = laid_out(640, 400).board
    editor.view.fit(editor.document.width, editor.document.height, board.width, board.height)
    x, y = editor.view.place(column + 0.5, row + 0.5)
    return board.x + x, board.y + y


def shown(editor, frames, **options):
    options = {"max_frames": 40, "scale": 2, **options}
    assert frames is not None
    return show_editor(editor, MakeOptions(**options))


def test_mouse_paints_erases_picks_and_scrolls(script, monkeypatch):
    monkeypatch.setattr(pygame.display, "get_window_size", lambda: (1280, 800))
    editor = Editor(new_course(), limits="none")
    at = [place_of(editor, column, 5) for column in range(8)]
    script[2] = [mouse(DOWN, at[2]), mouse(MOVE, at[7]), mouse(UP, at[7])]
    script[4] = [mouse(DOWN, at[5], 3), mouse(UP, at[5], 3)]
    ground = place_of(editor, 3, 13)
    script[6] = [mouse(DOWN, ground, 2), mouse(UP, ground, 2)]
    script[8] = [mouse(DOWN, at[4], 2), mouse(MOVE, at[2], 2), mouse(UP, at[2], 2)]
    shown(editor, script)
    assert (editor.document.cells[5, 2:8] == [GROUND] * 3 + [AIR] + [GROUND] * 2).all()
    assert editor.hand.entry.part == GROUND
    assert editor.view.left_px == -editor.view.place(0, 0)[0]
    assert editor.view.left_px > -32


def test_a_slow_drag_leaves_no_gap(script, monkeypatch):
    monkeypatch.setattr(pygame.display, "get_window_size", lambda: (1280, 800))
    editor = Editor(new_course(), limits="none")
    script[1] = [mouse(DOWN, place_of(editor, 1, 2))]
    script[2] = [mouse(MOVE, place_of(editor, 20, 9))]
    script[3] = [mouse(UP, place_of(editor, 20, 9))]
    shown(editor, script, max_frames=8)
    columns = np.flatnonzero((editor.document.cells[2:10] == GROUND).any(0))
    assert columns.tolist() == list(range(1, 21))
    assert editor.document.undo() == "paint"
    assert not editor.document.can_undo


def test_keys_save_and_quit(script, tmp_path):
    editor = Editor(new_course(), tmp_path / "a.mmc.json", "none")
    let_go = key("SPACE", kind=pygame.KEYUP)
    script[1] = [key("SPACE", text=" "), key("RIGHT"), key("RIGHT"), let_go]
    script[3] = [key("s", pygame.KMOD_LCTRL)]
    script[5] = [pygame.event.Event(pygame.QUIT)]
    shown(editor, script)
    assert editor.closed
    assert (read_course_file(tmp_path / "a.mmc.json").cells[11, :3] == GROUND).all()


def test_closing_the_window_asks_first(script):
    editor = Editor(new_course(), limits="none")
    script[1] = [key("SPACE"), key("SPACE", kind=pygame.KEYUP)]
    script[3] = [pygame.event.Event(pygame.QUIT)]
    shown(editor, script, max_frames=8)
    assert not editor.closed
    assert isinstance(editor.dialog, Question)


def test_typing_capitals_into_a_form(script):
    editor = Editor(new_course(), limits="none")
    script[1] = [key("F2")]
    script[2] = [key("a", pygame.KMOD_SHIFT, "A"), key("b", 0, "b"), key("RETURN")]
    shown(editor, script, max_frames=6)
    assert editor.document.about.name == "Ab"


def test_test_play_and_back(script):
    editor = Editor(new_course(), limits="none")
    script[1] = [key("F5")]
    script[4] = [key("RIGHT"), key("a")]
    script[150] = [key("ESCAPE")]
    shown(editor, script)
    assert len(editor.played) > 5
    assert editor.played[-1, 0] > 24
    assert not editor.closed
    assert not pygame.display.get_init()


def test_closing_the_window_in_a_test_play_ends_both(script):
    editor = Editor(new_course(), limits="none")
    script[1] = [key("F5")]
    script[6] = [pygame.event.Event(pygame.QUIT)]
    shown(editor, script)
    assert editor.closed


def test_a_lost_window_keeps_the_work(script, tmp_path):
    def lose():
        pygame.display.quit()
        return key("g")

    recovery = Recovery(tmp_path / "recovery")
    editor = Editor(new_course(), None, "none", recovery)
    script[1] = [key("SPACE"), key("SPACE", kind=pygame.KEYUP)]
    script[3] = [lose]
    with pytest.raises(MarioError, match="window"):
        shown(editor, script)
    assert recovery.file.exists()


# --- command ----------------------------------------------------------------------------------


def mario(*arguments):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments], catch_exceptions=False)


def test_the_command_opens_files_and_generators(script, tmp_path):
    path = tmp_path / "level.txt"
    path.write_text("-" * 30 + "\n" + "X" * 30 + "\n")
    assert mario("make", path, "--max-frames", 2, "--no-recovery").exit_code == 0
    arguments = ("--generator", "ngram", "--seed", 3, "--width", 40)
    assert mario("make", *arguments, "--max-frames", 2).exit_code == 0
    [file] = (tmp_path / "home").rglob("*.recovery.json")  # a generated course is not saved
    assert file.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--limits", "mm3"), "unknown limits"),
        (("--width", "0"), "columns"),
        (("--height", "30"), "rows"),
        (("--generator", "none-such"), "unknown level generator"),
        (("--seed", "x", "--generator", "ngram"), "whole number"),
        (("--scale", "99"), "scale"),
        (("my.course.file",), r"ends in \.mmc\.json"),
        (("no-such-folder/my.mmc.json",), "cannot write no-such-folder"),
        ((".",), "folder"),
    ],
)
def test_wrong_arguments(script, arguments, message):
    with pytest.raises(MarioError, match=message):
        mario("make", *arguments, "--max-frames", 1)


def test_without_a_screen_the_command_says_so(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SDL_", "DISPLAY"))}
    environment |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    environment.pop("WAYLAND_DISPLAY", None)
    command = [sys.executable, "-m", "gym_mario_suite", "make"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot open a window")
    assert len(done.stderr.splitlines()) == 1


def test_without_pygame_the_command_says_what_to_install(tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('no pygame')")
    command = [sys.executable, "-m", "gym_mario_suite", "make"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert 'pip install "gym-mario-suite[play]"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_has_examples():
    done = mario("make", "--help")
    assert done.exit_code == 0
    assert "mario make my.mmc.json" in done.output
    assert Tool.BRUSH in TITLES
