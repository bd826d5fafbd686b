"""The pages of the documentation, taken apart into blocks of code and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Those that are run, those whose commands are only looked up, and those that are not looked at.
RUN = frozenset({"python", "console"})
LOOKED_UP = frozenset({"bash", "console", ""})
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,}|:{3,})\s*(\{?[\w-]*\}?).*$")
_MARK = re.compile(r"^<!-- (not run|slow): (.+) -->$")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block of code.

    Attributes:
        line: Number of its first line of code.
        language: As written behind the fence.
        text: Its code.
        mark: "not run", "slow" or nothing, by the comment above the fence.
        reason: Why, from the same comment.
    """

    page: str
    line: int
    language: str
    text: str
    mark: str
    reason: str


def pages() -> list[str]:
    """README, CONTRIBUTING and every page of docs, by their paths in the repository."""
    found = [path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts]
    names = sorted(path.relative_to(ROOT).as_posix() for path in found)
    return ["README.md", "CONTRIBUTING.md", *names]


def text_of(page: str) -> str:
    """The Markdown of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    lines = text_of(page).splitlines()
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None or fence[2].startswith(":"):
            at += 1
            continue
        mark = _MARK.match(lines[at - 1]) if at else None
        first = at + 1
        at = first
        while at < len(lines) and lines[at].strip() != fence[2]:
            at += 1
        yield Block(
            page=page,
            line=first + 1,
            language=fence[3],
            text="\n".join(lines[first:at]) + "\n",
            mark=mark[1] if mark else "",
            reason=mark[2] if mark else "",
        )
        at += 1


def without_code(page: str) -> str:
    """A page without its blocks and code spans, for what only counts in running text."""
    out, inside = [], ""
    for line in text_of(page).splitlines():
        fence = _FENCE.match(line)
        if inside:
            if line.strip() == inside:
                inside = ""
            continue
        if fence and not fence[2].startswith(":"):
            inside = fence[2]
            continue
        out.append(line)
    return re.sub(r"`[^`\n]*`", "", "\n".join(out))


def commands(page: str) -> Iterator[tuple[int, str]]:
    """Shell commands of a page with their line numbers: in blocks, and in running text."""
    for block in blocks(page):
        if block.language not in LOOKED_UP:
            continue
        joined = block.text.replace("\\\n", "  ")
        for number, line in enumerate(joined.splitlines()):
            yield block.line + number, line.strip().removeprefix("$ ")
    for number, line in enumerate(text_of(page).splitlines(), 1):
        for span in re.findall(r"(?<!`)`((?:mario|python -m) [^`]+)`(?!`)", line):
            yield number, span
