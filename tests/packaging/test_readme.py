from pathlib import Path

from gym_mario_suite import __version__

SET_UP = "python3 -m venv .venv && . .venv/bin/activate"
INSTALL = 'pip install -q -c constraints.txt -e ".[all,test]"'
TESTS = "python -m pytest"


def test_checks_install_and_test_as_the_readme_says(repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    checks = (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert f"\n{SET_UP} && {INSTALL} && {TESTS}\n" in readme
    assert f"check {INSTALL}\n" in checks
    assert f"check {TESTS}\n" in checks


def test_citation_names_this_version(repository: Path) -> None:
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
