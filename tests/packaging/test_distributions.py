"""Builds the sdist and, from it, the wheel, and looks inside."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

DATA_FILES = ("agents/probe/weights.npz", "gym_mario_suite/levels/probe/level.json")


@pytest.fixture(scope="module")
def distributions(
    repository: Path, pyproject: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folder with one sdist and one wheel, built from a copy of the sources.

    A copy, because setuptools packs whatever an earlier build left in `build/`, and so that data
    files can be planted.
    """
    source = tmp_path_factory.mktemp("source")
    folders = pyproject["tool"]["setuptools"]["package-dir"].values()
    # Subpackages of the top-level folders are listed too; they come with these.
    for name in {folder.split("/")[0] for folder in folders}:
        shutil.copytree(
            repository / name,
            source / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(repository / name, source)
    for name in DATA_FILES:
        (source / name).parent.mkdir()
        (source / name).touch()
    # Without isolation: the test environment holds setuptools, and no network is needed.
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return source / "dist"


@pytest.fixture(scope="module")
def wheel_files(distributions: Path) -> list[str]:
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_wheel_holds_one_package(wheel_files: list[str]) -> None:
    top = {name.partition("/")[0] for name in wheel_files if ".dist-info/" not in name}
    assert top == {"gym_mario_suite"}, "the wheel installs top-level names of its own"


def test_wheel_holds_every_module_once(wheel_files: list[str], modules: dict[str, Path]) -> None:
    assert len(wheel_files) == len(set(wheel_files))
    expected = {
        name.replace(".", "/") + ("/__init__.py" if file.name == "__init__.py" else ".py")
        for name, file in modules.items()
    }
    assert {name for name in wheel_files if name.endswith(".py")} == expected


def test_wheel_holds_the_files_beside_the_code(wheel_files: list[str]) -> None:
    assert "gym_mario_suite/py.typed" in wheel_files
    assert "gym_mario_suite/agents/probe/weights.npz" in wheel_files
    assert "gym_mario_suite/levels/probe/level.json" in wheel_files
    assert any(name.endswith("licenses/LICENSE") for name in wheel_files)
    assert any(name.endswith("entry_points.txt") for name in wheel_files)


def test_sdist_holds_linked_folders_once(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    for folder in ("agents", "wrappers"):
        assert f"{folder}/__init__.py" in names
        assert not [name for name in names if name.startswith(f"gym_mario_suite/{folder}/")]
    assert "agents/probe/weights.npz" in names
