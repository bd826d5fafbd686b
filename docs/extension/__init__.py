"""Sphinx extension of this documentation: fills what pages take from code and files.

A line `<!-- generated: NAME ARGUMENT ... -->` of a page is replaced, as the page is read, by the
Markdown that the function NAME of `extension.generated` returns. So tables of environments and of
results cannot drift from what they are made of.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .generated import MARKER, filled
from .plain_functions import show_plain_functions

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


def _prepare(app: Sphinx) -> None:
    """Make what pages take from the code, and then let autodoc see compiled functions as Python.

    In this order, because environments need the compiled ones.
    """
    for page in sorted(Path(app.srcdir).rglob("*.md")):
        if "_build" not in page.parts:
            filled(page.read_text(encoding="utf-8"))
    show_plain_functions()


def _fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the markers of one page."""
    source[0] = filled(source[0])


def _outdated(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """Pages with markers are read anew in every build: what they show may have changed."""
    texts = {name: Path(env.doc2path(name)).read_text(encoding="utf-8") for name in env.found_docs}
    return [name for name, text in texts.items() if MARKER.search(text)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("builder-inited", _prepare)
    app.connect("env-get-outdated", _outdated)
    app.connect("source-read", _fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
