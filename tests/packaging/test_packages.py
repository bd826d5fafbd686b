from pathlib import Path
from typing import Any

import pytest


def test_listed_packages_are_the_folders_on_disk(
    pyproject: dict[str, Any], modules: dict[str, Path]
) -> None:
    listed = pyproject["tool"]["setuptools"]["packages"]
    on_disk = {
        name if file.name == "__init__.py" else name.rpartition(".")[0]
        for name, file in modules.items()
    }
    assert sorted(listed) == sorted(set(listed)), "a package is listed twice"
    forgotten, gone = on_disk - set(listed), set(listed) - on_disk
    assert not forgotten, f"add to [tool.setuptools] packages: {sorted(forgotten)}"
    assert not gone, f"in [tool.setuptools] packages but not on disk: {sorted(gone)}"


def test_every_package_has_an_init(pyproject: dict[str, Any], modules: dict[str, Path]) -> None:
    for name in pyproject["tool"]["setuptools"]["packages"]:
        assert name in modules, f"{name} has no __init__.py"


@pytest.mark.parametrize("folder", ["agents", "wrappers"])
def test_in_place_imports_go_through_relative_links(repository: Path, folder: str) -> None:
    link = repository / "gym_mario_suite" / folder
    if not link.is_symlink():
        pytest.skip("this checkout has no symbolic links (Windows); package-dir does the work")
    assert link.readlink().as_posix() == f"../{folder}"
    assert link.resolve() == repository / folder


@pytest.mark.parametrize("folder", ["agents", "wrappers"])
def test_top_level_folders_refuse_to_be_imported_by_their_short_name(
    repository: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(repository))
    with pytest.raises(ImportError, match=f"import gym_mario_suite.{folder}"):
        __import__(folder)
