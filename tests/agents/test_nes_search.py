"""The planner for the NES, on the program of our own, which has nothing but a way to the right."""

from collections.abc import Iterator

import pytest

from gym_mario_suite.agents.nes_search import NESSearch, NESSearchAgent, Plan
from gym_mario_suite.agents.registry import NES_AGENTS, make_agent, make_nes_agent
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom import parse_rom
from gym_mario_suite.nes.run import Run
from tests.nes.own_rom import own_rom


@pytest.fixture
def run() -> Iterator[Run]:
    made = Run(open_backend(parse_rom(own_rom())))
    made.begin((1, 1))
    yield made
    made.game.backend.close()


def planned(run: Run, budget: int) -> list[Plan]:
    search = NESSearch(open_backend(run.game.backend.rom, run.game.backend.name))
    plans = list(search.plan(run, budget))
    search.close()
    return plans


def test_the_same_budget_gives_the_same_plan_and_changes_nothing(run: Run):
    before = bytes(run.ram)
    plans = planned(run, 6000)
    assert plans == planned(run, 6000)
    run.game.backend.read_ram(run.ram)
    assert run.ram == before
    assert len(plans) == 2, "one on the way, and the last"
    assert not plans[-1].cleared
    # One node's nine actions may be over it.
    assert 6000 <= plans[-1].frames_tried < 6000 + 9 * 6
    assert plans[0].progress_px <= plans[-1].progress_px


def test_a_plan_leads_where_it_says(run: Run):
    plan = planned(run, 2000)[-1]
    start = smb.x_px(run.ram)
    for keys in plan.keys:
        run.frame(keys)
        run.settle()
    assert smb.x_px(run.ram) - start == plan.progress_px
    # Running is 3 px a frame in that program.
    assert plan.progress_px == 3 * len(plan.keys) > 300


def test_slow_movements_are_held_until_something_has_changed(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    """Cells wider than an action leads: without the longer actions nothing would be found."""
    monkeypatch.setattr("gym_mario_suite.agents.nes_search._CELL_X_PX", 32)
    search = NESSearch(open_backend(run.game.backend.rom), repeat=6)
    plan = list(search.plan(run, 2000))[-1]
    search.close()
    assert plan.progress_px > 200


def test_the_agent_plays_its_plan_and_plans_again(run: Run):
    agent = make_nes_agent("nes-search:budget=1500")
    plans: list[Plan] = []
    vars(agent)["on_plan"] = plans.append
    for _ in range(250):
        run.frame(agent.act(run))
        run.settle()
    assert len(plans) >= 2
    assert smb.x_px(run.ram) > 600
    vars(agent)["_in_vain"] = 3
    agent.reset()
    assert vars(agent)["_in_vain"] == 0
    assert isinstance(agent, NESSearchAgent)
    agent.close()
    agent.close()


def test_tables_of_agents_do_not_mix():
    assert set(NES_AGENTS) == {"nes-search", "ppo-nes", "icm-ppo-nes"}
    with pytest.raises(OptionError, match="plays the NES: `mario watch nes`"):
        make_agent("nes-search")
    with pytest.raises(OptionError, match="plays Infinite Mario, not the NES"):
        make_nes_agent("forward")
    with pytest.raises(OptionError, match="did you mean 'nes-search'"):
        make_nes_agent("nes-serch")
    for bad in ("budget=0", "repeat=0", "weight=-1", "weight=nan"):
        with pytest.raises(OptionError):
            make_nes_agent(f"nes-search:{bad}")
    with pytest.raises(OptionError, match="weight must be a number"):
        NESSearchAgent(weight="much")  # type: ignore[arg-type]
