"""Whether the core works: the engine is compiled, steps, and comes to the numbers it must."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gym_mario_suite.doctor.finding import Finding, State, first_line
from gym_mario_suite.errors import RequirementError

CACHE_VARIABLE = "NUMBA_CACHE_DIR"

# What 150 steps of the first episode of seed 0 come to, on every machine: Mario shoots a creature
# and is hurt by another.
_SEED = 0
_STEPS = 150
DISTANCE = 203.0
REWARD = 10.6875


@dataclass(frozen=True)
class CoreCheck:
    """How the core is.

    Attributes:
        findings: What to report.
        works: Whether the environment gave the numbers that it must.
    """

    findings: list[Finding]
    works: bool


def check_core() -> CoreCheck:
    """Play some seconds of `MarioInfinite-v0` and compare with what must come out."""
    begin = time.perf_counter()
    try:
        size_before = _cache_size()
        distance, reward = _play()
    except Exception as error:  # whatever it is, it is what we are here to report
        return CoreCheck([_failed(error)], False)
    seconds = time.perf_counter() - begin
    findings = [_cache_finding(size_before)]
    if (distance, reward) != (DISTANCE, REWARD):
        wrong = (
            f"{_STEPS} steps came to distance {distance} and reward {reward}, "
            f"not {DISTANCE} and {REWARD}"
        )
        mend = f"delete numba's cache ({_cache_folder()}), and run this again; else report it"
        return CoreCheck([Finding("core", State.ERROR, wrong, mend), *findings], False)
    text = f"{_STEPS} steps of MarioInfinite-v0 came to the right numbers ({seconds:.1f} s)"
    return CoreCheck([Finding("core", State.OK, text), *findings], True)


def _play() -> tuple[float, float]:
    """Distance in px and sum of rewards after the steps."""
    import gymnasium

    import gym_mario_suite  # noqa: F401  (registers the environments)

    env = gymnasium.make("MarioInfinite-v0")
    info: dict[str, Any]
    _, info = env.reset(seed=_SEED)
    total = 0.0
    for step in range(_STEPS):
        _, reward, *_, info = env.step(1 if step % 40 < 30 else 3)
        total += float(reward)
    env.close()
    return float(info["distance"]), total


def _failed(error: Exception) -> Finding:
    text = f"MarioInfinite-v0 cannot be played: {type(error).__name__}: {first_line(error)}"
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        text = "MarioInfinite-v0 cannot be played while numba is switched off"
        mend = "unset NUMBA_DISABLE_JIT"
    elif isinstance(error, RequirementError):
        mend = "pip install --upgrade gymnasium"
    elif isinstance(error, ImportError):
        mend = 'pip install --force-reinstall "gym-mario-suite"'
    else:
        mend = "report it with the output of `mario doctor --json`"
    return Finding("core", State.ERROR, text, mend)


def _cache_folder() -> Path | None:
    """Where numba keeps what the engine is compiled to; None where it cannot write."""
    from gym_mario_suite.engine.game import tick_worlds

    path = tick_worlds.stats.cache_path
    return None if path is None else Path(path)


def _cache_size() -> int:
    """Bytes of what numba keeps of this package, or of all where a folder was chosen for it."""
    folder = _cache_folder()
    if folder is None:
        return 0
    package = Path(__file__).parent.parent
    if package in folder.parents:
        # The links `agents` and `wrappers` of a checkout are not followed by rglob.
        parts = [package, (package / "agents").resolve(), (package / "wrappers").resolve()]
    else:
        parts = [folder.parent]
    files = {file for part in parts for file in part.rglob("*.nb[ic]")}
    size = 0
    for file in files:
        with suppress(FileNotFoundError):  # another process has just replaced it
            size += file.stat().st_size
    return size


def _cache_finding(size_before: int) -> Finding:
    """State of numba's cache, once the core has been played."""
    name = "numba cache"
    chosen = os.environ.get(CACHE_VARIABLE)
    mend = f"export {CACHE_VARIABLE}=FOLDER, a folder that you may write into"
    folder, size = _cache_folder(), _cache_size()
    if folder is None:
        wrong = "no folder can be written: the engine is compiled at every start"
        return Finding(name, State.WARNING, wrong, mend)
    how = "compiled now" if size > size_before else "compiled before"
    text = f"{folder}, {size / 1e6:.0f} MB, {how}"
    wrong = None
    if chosen and not folder.resolve().is_relative_to(Path(chosen).resolve()):
        wrong = f"{CACHE_VARIABLE}={chosen} cannot be written; {text}"
    elif not os.access(folder, os.W_OK):
        wrong = f"{text}, cannot be written: what is new is compiled at every start"
    if wrong:
        return Finding(name, State.WARNING, wrong, mend)
    return Finding(name, State.OK, text)
