from collections import Counter
from typing import Any

import pytest

from gym_mario_suite.engine import cuda_device
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.errors import DeviceError


@pytest.fixture(scope="session")
def toolkit() -> None:
    """NVIDIA's compilers, which run without a device; a test is skipped where they are missing."""
    try:
        cuda_device.require_toolkit()
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of the recordings was compared (tests report it as properties)."""
    totals: Counter[str] = Counter()
    reports: list[Any] = terminalreporter.stats.get("passed", [])
    for report in reports:
        for name, value in getattr(report, "user_properties", []):
            if name.endswith(" compared"):
                totals[name] += value
    for name, total in sorted(totals.items()):
        terminalreporter.write_line(f"{name}: {total:,}")
