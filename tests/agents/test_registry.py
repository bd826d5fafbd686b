import sys
import types

import pytest

from gym_mario_suite.agents.registry import AGENTS, make_agent
from gym_mario_suite.errors import OptionError
from tests.processes import run_python


@pytest.mark.parametrize("name", AGENTS)
def test_every_agent_of_the_table_is_made_and_bears_its_name(name: str) -> None:
    agent = make_agent(name)
    assert agent.name == type(agent).name == name
    agent.reset()


def test_two_agents_share_nothing() -> None:
    assert make_agent("scared") is not make_agent("scared")


def test_options_reach_the_constructor_and_the_name() -> None:
    agent = make_agent("forward:jump_limit=3")
    assert agent.name == "forward:jump_limit=3"
    assert vars(agent)["_jump_limit"] == 3
    assert vars(make_agent("forward"))["_jump_limit"] == 16
    assert type(agent).name == "forward"


class Optioned:
    name = "optioned"

    def __init__(self, count: int = 0, share: float = 0.0, path: str = "", other=None) -> None:
        self.options = (count, share, path, other)


def test_options_are_read_as_the_arguments_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AGENTS, "optioned", "optioned_for_test:Optioned")
    monkeypatch.setitem(sys.modules, "optioned_for_test", sys.modules[__name__])
    agent = make_agent("optioned: count = 3 ,share=1,path=2,other=0.5")
    options = vars(agent)["options"]
    assert options == (3, 1.0, "2", 0.5)
    assert [type(option) for option in options] == [int, float, str, float]
    assert vars(make_agent("optioned:other=a:b"))["options"][3] == "a:b"
    assert vars(make_agent("optioned:other=7"))["options"][3] == 7


def test_switches_are_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    class Switched:
        name = "switched"

        def __init__(self, plain=True, typed: bool = False) -> None:
            self.options = (plain, typed)

    monkeypatch.setitem(AGENTS, "switched", "switched_for_test:Switched")
    module = types.ModuleType("switched_for_test")
    vars(module)["Switched"] = Switched
    monkeypatch.setitem(sys.modules, "switched_for_test", module)
    assert vars(make_agent("switched:plain=False,typed=true"))["options"] == (False, True)
    assert vars(make_agent("switched:plain=1,typed=0"))["options"] == (True, False)
    with pytest.raises(OptionError, match="'typed' must be true or false, got 'no'"):
        make_agent("switched:typed=no")


def test_annotations_for_type_checkers_alone_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine:
        name = "mine"

        def __init__(self, *, speed: "int" = 1, file: "Absent | None" = None) -> None:  # noqa: F821  # pyright: ignore
            self.options = (speed, file)

    monkeypatch.setitem(AGENTS, "mine", "mine_for_test:Mine")
    module = types.ModuleType("mine_for_test")
    vars(module)["Mine"] = Mine
    monkeypatch.setitem(sys.modules, "mine_for_test", module)
    assert vars(make_agent("mine:speed=2,file=x"))["options"] == (2, "x")
    with pytest.raises(OptionError, match="'speed' must be of type int"):
        make_agent("mine:speed=fast")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "forwrd",
            f"unknown agent 'forwrd' (did you mean 'forward'?); known: {', '.join(sorted(AGENTS))}",
        ),
        ("", "unknown agent ''; known: "),
        ("mine", "; or a class of yours, MODULE:CLASS"),
        ("mine.py:Mine", "(a module is named without .py: mine:Mine)"),
        ("cmd:./mine", "agent 'cmd:./mine' is a program, which only `mario score` takes"),
        ("forward:jump_limt=3", "(did you mean 'jump_limit'?); known: jump_limit"),
        ("forward-jumping:speed=3", "unknown option of agent 'forward-jumping' 'speed'; known: no"),
        ("forward:", "expected OPTION=VALUE, got ''"),
        ("forward:jump_limit", "expected OPTION=VALUE, got 'jump_limit'"),
        ("forward:jump_limit=high", "option 'jump_limit' must be of type int, got 'high'"),
        ("forward:jump_limit=1,jump_limit=2", "option 'jump_limit' is given twice"),
        ("forward:jump_limit=-1", "jump_limit must be 0 or more ticks, got -1"),
        ("scared:jump_limit=-1", "jump_limit must be 0 or more ticks, got -1"),
    ],
)
def test_what_cannot_be_made_is_explained(text: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_agent(text)
    assert message in str(caught.value)


def test_naming_agents_imports_nothing_heavy() -> None:
    program = (
        "import sys; from gym_mario_suite.agents.registry import AGENTS;"
        "print(*(m for m in ('numba', 'torch', 'gym_mario_suite.agents.base') if m in sys.modules))"
    )
    ran = run_python(program)
    assert ran.stdout.split() == []
