"""The machine: Python, system, graphics card, screen, folders."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

from gym_mario_suite import __version__
from gym_mario_suite.doctor.finding import Finding, State, first_line
from gym_mario_suite.nes.rom_store import store_folder
from gym_mario_suite.play.key_file import user_key_file

_GPU_LIBRARIES = {"torch": "torch", "numba-cuda": "numba_cuda"}
_GPU_SECONDS = 60


def about_machine() -> list[Finding]:
    """Versions of this package, Python and the system."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return [
        Finding("gym-mario-suite", State.OK, f"{__version__}, {Path(__file__).parent.parent}"),
        Finding("Python", State.OK, f"{platform.python_version()}, {sys.executable}"),
        Finding("system", State.OK, f"{system}, {os.cpu_count()} cores"),
    ]


class GpuProbe:
    """Looks for a CUDA device in a process of its own, while other checks go on.

    Of its own, because these libraries take seconds to start, and because a broken driver may end
    the process that asks.
    """

    def __init__(self) -> None:
        self._asked = [
            name for name, module in _GPU_LIBRARIES.items() if util.find_spec(module) is not None
        ]
        self._process = None
        if self._asked:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gym_mario_suite.doctor.gpu", *self._asked],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def findings(self) -> list[Finding]:
        """What was found, one finding for each library that is installed."""
        if self._process is None:
            libraries = " nor ".join(_GPU_LIBRARIES)
            return [Finding("GPU", State.NOTE, f"not looked for: neither {libraries} is installed")]
        try:
            out, errors = self._process.communicate(timeout=_GPU_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            text = f"the driver gave no answer in {_GPU_SECONDS} s"
            return [Finding("GPU", State.WARNING, text, "nvidia-smi, to see what the driver says")]
        if self._process.returncode != 0:
            last = (errors.strip().splitlines() or [f"exit code {self._process.returncode}"])[-1]
            text = f"{', '.join(self._asked)} cannot be used: {last}"
            mend = f"pip install --force-reinstall {' '.join(self._asked)}"
            return [Finding("GPU", State.WARNING, text, mend)]
        return [
            Finding(f"GPU {name}", State.OK if devices else State.NOTE, devices or "none")
            for name, devices in json.loads(out).items()
        ]


def check_display() -> Finding:
    """Whether windows can be opened, as far as can be told without opening one."""
    name = "display"
    if sys.platform in ("win32", "darwin"):
        return Finding(name, State.OK, "the system's")
    for variable in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(variable):
            return Finding(name, State.OK, f"{variable}={os.environ[variable]}")
    text = "none: no windows, but videos and pictures"
    return Finding(name, State.NOTE, text, "xvfb-run mario ..., or log in with `ssh -X`")


def check_folders() -> list[Finding]:
    """Where this package keeps files of the user's."""
    keys = user_key_file()
    there = "" if keys.exists() else " (not there: defaults)"
    found = [
        Finding("ROM store", State.OK, str(store_folder())),
        Finding("key file", State.OK, f"{keys}{there}"),
    ]
    try:
        metadata.version("minari")
    except metadata.PackageNotFoundError:
        return found
    datasets = os.environ.get("MINARI_DATASETS_PATH") or Path.home() / ".minari" / "datasets"
    return [*found, Finding("Minari datasets", State.OK, str(datasets))]


def safely(name: str, check: object) -> list[Finding]:
    """What a check finds; one that fails itself becomes a warning instead of a traceback."""
    try:
        found = check()  # type: ignore[operator]
    except Exception as error:
        text = f"cannot be looked at: {type(error).__name__}: {first_line(error)}"
        mend = "report it with the output of `mario doctor --json`"
        return [Finding(name, State.WARNING, text, mend)]
    return [found] if isinstance(found, Finding) else found
