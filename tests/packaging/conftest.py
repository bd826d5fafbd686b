import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pyproject(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def source_folders(repository: Path, pyproject: dict[str, Any]) -> dict[str, Path]:
    """Folders that `package-dir` names, by dotted name, as an installation sees them.

    The table and not the links: on a checkout without links it alone is right.
    """
    table = pyproject["tool"]["setuptools"]["package-dir"]
    return {name: repository / folder for name, folder in table.items()}


@pytest.fixture(scope="session")
def modules(source_folders: dict[str, Path]) -> dict[str, Path]:
    """Every module of the package on disk: dotted name (a package's own, without `__init__`)."""
    found: dict[str, Path] = {}
    for name, folder in source_folders.items():
        # Path.rglob does not follow links, so `agents` and `wrappers` are met once.
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
            found[".".join((name, *parts))] = file
    return found
