"""The engine as plain Python: the same tests, with nothing compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What the plays below do not come to: bullets and some meetings of the 2009 game are in recordings
# that take hours in plain Python, and the diffusion's network takes minutes for a level. This list
# may only get shorter.
NOT_REACHED = frozenset(
    f"gym_mario_suite.{name}"
    for name in (
        "engine.contacts._bullet_meets_player",
        "engine.contacts._kill_bullet",
        "engine.contacts._kill_shell",
        "engine.contacts._meets_shell",
        "engine.contacts._shell_meets_player",
        "engine.contacts.shells_hit",
        "engine.draw._draw_gray84_at",
        "engine.observe_2019.write_enemy_floats_2019",
        "engine.player.get_flower",
        "engine.player.get_mushroom",
        "engine.player.kick",
        "engine.rows.start_rows",
        "engine.rows.tick_rows",
        "engine.search.astar._close",
        "engine.search.astar.ends_in_abyss",
        "engine.search.astar.longest_lived",
        "engine.search.astar.most_promising",
        "engine.spawning._fire_cannon",
        "levels.diffusion.commit.commit",
        "levels.diffusion.commit.fit_bias",
        "levels.diffusion.commit.within_limits",
        "levels.diffusion.footprints._at",
        "levels.diffusion.footprints._carries",
        "levels.diffusion.footprints._is_pipe",
        "levels.diffusion.footprints._is_structure",
        "levels.diffusion.footprints.cannon_fits",
        "levels.diffusion.footprints.fitting",
        "levels.diffusion.footprints.open_structures",
        "levels.diffusion.footprints.pipe_fits",
        "levels.diffusion.footprints.place",
        "levels.diffusion.footprints.remove_broken",
        "levels.diffusion.footprints.whole",
        "levels.diffusion.inference._add_products",
        "levels.diffusion.inference._join",
        "levels.diffusion.inference._stem",
        "levels.diffusion.inference._trunk",
        "levels.diffusion.inference.cell_logits",
        "levels.diffusion.inference.features",
        "levels.diffusion.sampler._write_priorities",
        "levels.noise_fields.gumbel",
        "levels.solver.begin_anew",
        "levels.solver.mark_way",
    )
)


def run_plain(report: Path, *arguments: str) -> dict[str, bool]:
    """Run tests with nothing compiled; by name of each compiled function whether it was called."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"),
            *("-p", "tests.engine.plain_python", *arguments),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PLAIN_PYTHON_REPORT": str(report)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    return json.loads(report.read_text(encoding="utf-8"))


def test_the_original_is_played_in_plain_python_too(tmp_path: Path) -> None:
    """A recorded episode, tick for tick, by the very functions that are compiled otherwise."""
    called = run_plain(
        tmp_path / "report.json", "tests/engine/test_game.py", "-k", "whole_episode or ticks"
    )
    assert len(called) > 150
    assert called["gym_mario_suite.engine.tick.tick"]
    assert called["gym_mario_suite.engine.game.tick_worlds"]


@pytest.mark.slow
def test_compiled_functions_run_as_plain_python(tmp_path: Path) -> None:
    called: dict[str, bool] = {}
    for number, tests in enumerate(
        (
            ("tests/engine/plain_python_cases.py",),
            ("tests/engine/test_game.py", "tests/multiplayer/test_worlds.py", "-k", "not same"),
            ("tests/engine/test_traces_2019.py", "-k", "test_trace and (2-lab or 4-lab or 5-lab)"),
            ("tests/engine/test_draw.py", "-k", "(effects_show or test_camera) and not 152"),
            ("tests/levels/test_solver.py", "tests/engine/search", "-k", "not planner"),
        )
    ):
        for name, one in run_plain(tmp_path / f"{number}.json", *tests).items():
            called[name] = called.get(name, False) or one
    rooms = ("gym_mario_suite.engine.", "gym_mario_suite.levels.")
    idle = {name for name, one in called.items() if name.startswith(rooms) and not one}
    assert idle <= NOT_REACHED, sorted(idle - NOT_REACHED)
