"""What the README promises, as a stranger would try it: `try_as_stranger.sh`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("awk") is None, reason="needs bash and awk"
)


def script(repository: Path) -> Path:
    return repository / "tests" / "packaging" / "try_as_stranger.sh"


def test_every_command_of_the_readme_is_found(repository: Path) -> None:
    shown = subprocess.run(
        [script(repository), repository],
        env={**os.environ, "SHOW": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    readme = (repository / "README.md").read_text(encoding="utf-8")
    first, second = (line for line in readme.splitlines() if line.startswith("python3 -m venv"))
    assert shown.startswith(f"{first}\n")
    assert second in shown
    assert 'gym.make_vec("MarioInfinite-v0"' in shown
    assert "$ mario levels show --seed 0" in shown
    assert "mario play infinite" not in shown, "opens a window, and says so above its fence"


@pytest.mark.slow
def test_a_stranger_gets_along(repository: Path, tmp_path: Path) -> None:
    """Needs a package index; some ten minutes, most of them for downloads."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository, clone], check=True)
    ran = subprocess.run(
        [script(repository), clone],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "14846.277691650392" in ran.stdout
