"""Functions compiled by numba, as autodoc can show them."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
_AUTOMODULE = re.compile(r"^\.\. automodule:: (\S+)$", re.MULTILINE)


def documented_modules() -> list[ModuleType]:
    """The modules that the API reference shows."""
    return [
        importlib.import_module(name)
        for page in sorted(REFERENCE.glob("*.md"))
        for name in _AUTOMODULE.findall(page.read_text(encoding="utf-8"))
    ]


def show_plain_functions() -> None:
    """Put the Python functions in the place of what numba has compiled of them.

    Autodoc knows functions by their type, and a compiled one has another. Nothing is computed any
    more after this.
    """
    from numba.core.dispatcher import Dispatcher

    documented_modules()
    for name, module in list(sys.modules.items()):
        if not name.startswith("gym_mario_suite"):
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, Dispatcher):
                plain: Any = value.py_func  # pyright: ignore[reportAttributeAccessIssue]
                setattr(module, attribute, plain)
