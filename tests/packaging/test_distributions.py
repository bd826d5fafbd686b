"""Builds the sdist and, from it, the wheel, and looks inside.

The slow tests install both into empty environments, which needs a package index.
"""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.processes import run_python

MAX_WHEEL_BYTES = 40_000_000
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
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY.md"):
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
def wheel(distributions: Path) -> Path:
    (path,) = distributions.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel_files(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def shipped_data(wheel_files: list[str]) -> list[str]:
    """Files of the package that are not Python, as they are named inside it."""
    return [
        name.removeprefix("gym_mario_suite/")
        for name in wheel_files
        if name.startswith("gym_mario_suite/") and not name.endswith(".py") and "probe/" not in name
    ]


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


def test_wheel_holds_every_data_file_of_the_sources(
    shipped_data: list[str], source_folders: dict[str, Path]
) -> None:
    expected = set()
    linked = {source_folders["gym_mario_suite"] / folder for folder in ("agents", "wrappers")}
    for package, folder in source_folders.items():
        place = package.replace(".", "/").removeprefix("gym_mario_suite").lstrip("/")
        for file in folder.rglob("*"):
            if file in linked:  # a text file in a checkout without links (Windows)
                continue
            if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts:
                inside = file.relative_to(folder)
                expected.add((Path(place) / inside).as_posix())
    tracked = {name for name in expected if not Path(name).name.startswith(".")}
    assert set(shipped_data) == tracked, "package-data in pyproject.toml names the suffixes"


def test_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_WHEEL_BYTES


def contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {each.filename: each.CRC for each in archive.infolist()}


def test_a_wheel_of_the_sources_equals_the_wheel_of_the_sdist(
    distributions: Path, wheel: Path, tmp_path: Path
) -> None:
    built = subprocess.run(
        [
            *(sys.executable, "-m", "build", "--no-isolation", "--wheel"),
            *("--outdir", tmp_path, distributions.parent),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (direct,) = tmp_path.glob("*.whl")
    assert contents(direct) == contents(wheel)


def licensed_patterns(repository: Path) -> list[str]:
    """The paths in the first column of the table of THIRD_PARTY.md."""
    text = (repository / "THIRD_PARTY.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [pattern for row in rows for pattern in re.findall(r"`([^`]+)`", row)]


def test_the_licence_of_every_shipped_file_is_told(
    repository: Path, shipped_data: list[str]
) -> None:
    patterns = licensed_patterns(repository)
    unnamed = [n for n in shipped_data if not any(fnmatch.fnmatch(n, p) for p in patterns)]
    assert unnamed == [], "add them to the table of THIRD_PARTY.md"
    idle = [p for p in patterns if not fnmatch.filter(shipped_data, p)]
    assert idle == [], "in the table of THIRD_PARTY.md, but not shipped"


def test_licences_are_in_the_wheel(wheel_files: list[str]) -> None:
    for name in ("LICENSE", "THIRD_PARTY.md"):
        assert [f for f in wheel_files if f.endswith(f"dist-info/licenses/{name}")]


# Imports the unpacked package, away from the sources; trained weights are read out of it.
ELSEWHERE = """
import importlib.util, pathlib, sys
import gym_mario_suite
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.wrappers import frame_stack
folder = pathlib.Path(sys.argv[1]).resolve()
for module in (gym_mario_suite, sys.modules[make_agent.__module__], frame_stack):
    assert folder in pathlib.Path(module.__file__).resolve().parents, module.__file__
assert importlib.util.find_spec("agents") is None
make_agent("ppo-infinite"), make_agent("neuro"), generator_named("vae")
"""


def test_the_wheel_works_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    run_python(
        ELSEWHERE,
        str(folder),
        # First on the path, so that it goes before the environment's own installation.
        environment={"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(tmp_path / "numba")},
        folder=tmp_path,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_installs_into_an_empty_environment_and_works(
    distributions: Path, kind: str, tmp_path: Path
) -> None:
    (distribution,) = distributions.glob(kind)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    for command in (
        [python, "-m", "pip", "install", "-q", distribution],
        [python, "-m", "pip", "check"],
        [programs / "mario", "doctor"],
        [programs / "mario", "score", "--agent", "forward-jumping", "--track", "quick"],
    ):
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
