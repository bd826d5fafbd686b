"""The diffs of docs/how_to_add apply to this repository and do what the page says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIFFS = ROOT / "docs" / "how_to_add"
NAMES = ("environment", "sprite", "generator", "agent")
MOST_LINES = 59
# Folders that the copy needs; compiled functions go along, or everything would compile anew.
_FOLDERS = ("gym_mario_suite", "agents", "wrappers", "art", "docs")


@pytest.fixture(scope="module", name="copy")
def fixture_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with all four diffs applied."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    copy = tmp_path_factory.mktemp("how_to_add") / "repository"
    copy.mkdir()
    skipped = shutil.ignore_patterns("_build", "pictures", "curves", "*.onnx", "notebooks")
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=skipped)
    for name in NAMES:
        applied = subprocess.run(
            ["git", "apply", "--verbose", str(DIFFS / f"{name}.diff")],
            cwd=copy,
            env={**os.environ, "GIT_DIR": "none"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert applied.returncode == 0, f"{name}.diff no longer applies: {applied.stderr}"
    _python(copy, "art/compile_atlas.py")  # as the page says, for the new sprite
    return copy


def _python(copy: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_diff_for_each_and_the_page_shows_it() -> None:
    assert {path.stem for path in DIFFS.glob("*.diff")} == set(NAMES)
    page = (DIFFS / "index.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"```{{literalinclude}} {name}.diff" in page


@pytest.mark.parametrize("name", NAMES)
def test_diffs_are_short(name: str) -> None:
    assert len((DIFFS / f"{name}.diff").read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_sprite_is_in_the_compiled_atlas(copy: Path) -> None:
    names = "import numpy as np; print(np.load('gym_mario_suite/engine/atlas.npz')['sprite_names'])"
    code = f"import numpy as np; np.set_printoptions(threshold=10**6); {names}"
    assert "'bullet_bill_1'" in _python(copy, "-c", code)


def test_the_generator_makes_levels_that_can_be_crossed(copy: Path, tmp_path: Path) -> None:
    level = tmp_path / "stairs.json"
    mario = ("-m", "gym_mario_suite", "levels")
    made = _python(
        copy, *mario, "generate", "--generator", "stairs", "--seed", "7", "--out", level.as_posix()
    )
    assert "generator stairs, seed 7" in made
    # The static solver, since A* would have to be compiled; `mario levels check` asks both.
    code = (
        "import sys; from gym_mario_suite.levels.generators import generator_named;"
        "from gym_mario_suite.levels.solver import solve;"
        "g = generator_named('stairs');"
        "print(all(solve(one.codes).solved for one in g.generate_grids(range(20))))"
    )
    assert _python(copy, "-c", code).strip() == "True"


@pytest.mark.slow  # the engine is compiled in the copy
def test_the_agent_scores(copy: Path) -> None:
    scored = _python(
        copy, "-m", "gym_mario_suite", "score", "--agent", "hurdler:reach=4", "--track", "quick"
    )
    assert "levels cleared     3 of 4" in scored


@pytest.mark.slow  # the engine is compiled in the copy
def test_the_environment_is_made_and_checked(copy: Path) -> None:
    code = """
import gymnasium as gym, gym_mario_suite
from gymnasium.utils.env_checker import check_env
env = gym.make("MarioSprint-v0")
check_env(env.unwrapped, skip_render_check=True)
env.reset(seed=0)
total = 0.0
for tick in range(600):
    _, reward, terminated, truncated, info = env.step(4 if tick % 30 < 25 else 3)
    total += reward
    if terminated or truncated:
        break
assert info["status"] == 1, info  # won
assert abs(total - info["time_left"]) <= 1, (total, info)
print("ok")
"""
    assert _python(copy, "-W", "ignore", "-c", code).strip().endswith("ok")


@pytest.mark.slow  # bullets are drawn by compiled code
def test_the_flame_flickers(copy: Path) -> None:
    code = """
import numpy as np
from gym_mario_suite.engine.atlas import FRAMES
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Kind
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.tile_grid import TileGrid
codes = np.full((14, 100), 2, np.uint8)
codes[-1] = 0
codes[-2, 16], codes[-3, 16] = 12, 11
game = Game(to_level(TileGrid(codes)).image)
shown = set()
picture = Renderer()
for tick in range(120):
    game.tick(0)
    if Kind.BULLET_BILL in game.sprite_kinds():
        for s in game.worlds[0]["sprites"]:
            if s["kind"] == Kind.BULLET_BILL and 40 < s["x"] < 240:
                x, y = int(s["x"]), int(s["y"])
                screen = picture.rgb(game.image, game.worlds, 0, 0)
                shown.add(screen[y - 12 : y, x - 9 : x + 9].tobytes())
assert FRAMES[FRAMES.index("bullet_bill") + 1] == "bullet_bill_1"
print(len(shown))
"""
    assert int(_python(copy, "-c", code).split()[-1]) > 1
