"""The tests follow the package, room by room."""

from pathlib import Path

# Folders of tests that are of no room: what is shipped, the documentation, what stands beside the
# package, and recordings.
BESIDE = {"packaging", "docs", "data", "benchmarks"}


def test_every_room_has_its_folder_of_tests(modules: dict[str, Path], repository: Path) -> None:
    rooms = {name.split(".")[1] for name in modules if name.count(".") >= 2}
    folders = {path.name for path in (repository / "tests").iterdir() if any(path.glob("*.py"))}
    folders |= {p.parent.name for p in (repository / "tests").glob("*/*/test_*.py")} & rooms
    assert rooms - folders == set(), "rooms without tests"
    assert folders - rooms - BESIDE == set(), "folders of tests that belong to no room"


def test_every_test_stands_in_a_folder_of_its_room(
    repository: Path, modules: dict[str, Path]
) -> None:
    top = {file.stem for name, file in modules.items() if name.count(".") == 1}
    loose = {path.stem.removeprefix("test_") for path in (repository / "tests").glob("test_*.py")}
    # Of the modules at the top of the package; help is that of cli, and the pretended GPU helps
    # tests of several rooms.
    assert loose - top == {"help", "pretended_gpu"}
