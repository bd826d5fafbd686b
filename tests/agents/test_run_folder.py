"""When a run may begin or go on in a folder, and the curve that it writes there."""

from pathlib import Path

import pytest

from gym_mario_suite.agents.run_folder import CURVE, Curve, check_run, tell_budget_is_spent
from gym_mario_suite.errors import OptionError


def begun(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("resume", [False, True])
def test_a_curve_without_a_checkpoint(tmp_path: Path, resume: bool) -> None:
    folder = begun(tmp_path / "run", CURVE)
    with pytest.raises(OptionError, match="ended before its first checkpoint: remove it"):
        check_run(folder, resume, "model.zip")


def test_a_checkpoint_is_not_overwritten(tmp_path: Path) -> None:
    folder = begun(tmp_path / "run", "model.zip")
    with pytest.raises(OptionError, match="holds a run already: give --resume"):
        check_run(folder, False, "model.zip")
    check_run(folder, True, "model.zip")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no run to go on with"):
        check_run(tmp_path / "new", True, "model.zip")
    check_run(tmp_path / "new", False, "model.zip")
    assert not (tmp_path / "new").exists()  # its options may be refused yet


def test_a_spent_budget_names_its_own_option(capsys: pytest.CaptureFixture[str]) -> None:
    tell_budget_is_spent(2000, 1000, "steps")
    told = "2,000 steps are made already, of 1,000: a larger --steps goes on\n"
    assert capsys.readouterr().err == told


def test_a_curve_goes_on_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / CURVE
    curve = Curve(path)
    for decisions in (10, 20, 30):
        curve.append({"decisions": decisions, "seconds": decisions / 4})
    assert curve.before("seconds") == 7.5
    with path.open("a") as file:
        file.write("4")  # the machine stopped
    again = Curve(path)
    assert again.before("seconds") == 0
    again.go_on(20)
    assert again.last == {"decisions": "20", "seconds": "5.0"}
    again.append({"decisions": 25, "wins": 3, "seconds": 6})
    again.append({"decisions": 35})
    rows = "decisions,seconds 10,2.5 20,5.0 25,6 35,"
    assert path.read_text().split() == rows.split()


def test_a_curve_is_read_up_to_a_point_and_left_as_it_is(tmp_path: Path) -> None:
    curve = Curve(tmp_path / CURVE)
    assert curve.until(5) == ""
    for decisions in (10, 20):
        curve.append({"decisions": decisions})
    held = (tmp_path / CURVE).read_bytes()
    reader = Curve(tmp_path / CURVE)
    assert reader.until(15).split() == ["decisions", "10"]
    assert reader.last == {"decisions": "10"}
    assert reader.until(5) == ""
    assert (tmp_path / CURVE).read_bytes() == held


def test_rows_after_a_checkpoint_without_any_before_it_are_forgotten(tmp_path: Path) -> None:
    curve = Curve(tmp_path / CURVE)
    curve.append({"decisions": 30})
    again = Curve(tmp_path / CURVE)
    again.go_on(20)
    assert not (tmp_path / CURVE).exists()
    again.append({"decisions": 25, "wins": 1})
    assert (tmp_path / CURVE).read_text().split() == ["decisions,wins", "25,1"]


def test_a_curve_that_goes_on_without_its_rows(tmp_path: Path) -> None:
    curve = Curve(tmp_path / CURVE)
    curve.go_on(20)
    curve.append({"decisions": 30})
    assert (tmp_path / CURVE).read_text().split() == ["decisions", "30"]


@pytest.mark.parametrize(
    "text", ["", "steps,seconds\n1,2\n", "decisions,seconds\nx,2\n3,4\n", "decisions\n\0\n\xff\n"]
)
def test_damaged_curves(tmp_path: Path, text: str) -> None:
    path = tmp_path / CURVE
    path.write_bytes(text.encode("latin-1"))
    curve = Curve(path)
    if not text:  # as good as none
        curve.go_on(20)
        curve.append({"decisions": 30})
        assert path.read_text().split() == ["decisions", "30"]
        return
    with pytest.raises(OptionError, match=r"curve\.csv is no curve of a run"):
        curve.go_on(20)
    assert path.read_bytes() == text.encode("latin-1")
