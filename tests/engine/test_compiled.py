"""How the engine's functions are compiled, for other processors than this one, too."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
import pytest
from numba.core import config

from gym_mario_suite.engine.compiled import inline_jit, jit, merged_jit


def multiply_and_add(x: float, y: float, z: float) -> float:
    return x * y + z


def arithmetic_on_arm64(compiled: Callable[..., Any]) -> list[str]:
    """The arithmetic of `multiply_and_add` in the assembly of 64-bit ARM, which can fuse it."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = "aarch64-unknown-linux-gnu"
    try:
        machine = llvm.Target.from_triple(triple).create_target_machine(opt=3)
    except RuntimeError:
        pytest.skip("this LLVM is built without ARM")
    dispatcher = compiled(multiply_and_add)
    dispatcher.compile((numba.float32,) * 3)
    (text,) = dispatcher.inspect_llvm().values()
    module = llvm.parse_assembly(re.sub(r"(?m)^target .*", "", text))
    module.triple = triple
    return re.findall(r"\t(fmul|fadd|fmadd)\t", machine.emit_assembly(module))


@pytest.fixture(autouse=True)
def nothing_compiled_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes from the disk is machine code and cannot be looked into."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize("compiled", [jit, inline_jit, merged_jit])
def test_every_operation_is_rounded_on_arm_too(compiled: Callable[..., Any]) -> None:
    assert arithmetic_on_arm64(compiled) == ["fmul", "fadd"]


def test_a_fused_operation_would_be_seen() -> None:
    assert arithmetic_on_arm64(numba.njit(fastmath=True)) == ["fmadd"]
