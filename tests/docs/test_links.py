"""Links within the repository lead somewhere: files, pictures, headings."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, pages, text_of, without_code

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
OTHERS = ("CHANGELOG.md", "tests/data/README.md")


def _anchors(page: str) -> set[str]:
    """Anchors of a page's headings, as GitHub and MyST make them."""
    found = set()
    for heading in _HEADING.findall(text_of(page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", [*pages(), *OTHERS])
def test_links_within_the_repository(page: str) -> None:
    for target in _LINK.findall(without_code(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        full = os.path.normpath((Path(page).parent / path).as_posix()) if path else page
        assert (ROOT / full).exists(), f"{page}: there is no {full}"
        if anchor and full.endswith(".md"):
            assert anchor in _anchors(full), f"{page}: {full} has no heading #{anchor}"


@pytest.mark.parametrize("suffix", [".py", ".toml", ".md"])
def test_paths_of_pages_in_the_sources_exist(suffix: str) -> None:
    """Docstrings, comments and texts name pages by their paths from the root."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", f"*{suffix}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("no checkout of git")
    for name in listed.stdout.split():
        if not (ROOT / name).is_file() or (ROOT / name).is_symlink():
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        for path in re.findall(r"(?<![\w/])docs/[\w./-]+\.(?:md|json|csv|png|gif|py|diff)\b", text):
            assert (ROOT / path).exists(), f"{name} names {path}"
