import sys
from importlib import metadata
from pathlib import Path

import pytest

import gym_mario_suite
from gym_mario_suite.agents.registry import find_agent, make_agent
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.errors import OptionError


def test_a_built_in_agent_has_the_version_of_the_package() -> None:
    entry = Entry("forward:jump_limit=3")
    assert entry.is_built_in
    assert not entry.is_command
    assert entry.describe() == {
        "independent_levels": True,
        "version": gym_mario_suite.__version__,
    }
    assert Entry("ellingsen").describe()["independent_levels"] is False


def test_a_class_is_named_by_its_module() -> None:
    entry = Entry("faulty_agents:Independent:marker=x")
    assert not entry.is_built_in
    assert entry.describe() == {"independent_levels": True, "version": "7.1"}
    agent = entry.make()
    assert agent.name == entry.text
    assert agent.marker == "x"  # type: ignore[attr-defined]
    # Without a version of its own: a hash of the source.
    assert str(Entry("faulty_agents:Fine").describe()["version"]).startswith("sha256:")


def test_the_present_folder_is_searched_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_entry.py").write_text("class Mine:\n    name = 'mine'\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')\n")
    assert make_agent("my_entry:Mine").name == "my_entry:Mine"
    assert sys.path[-1] == str(tmp_path)


def test_installed_programs_offer_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    group = "gym_mario_suite.agents"
    points = (
        metadata.EntryPoint("their-agent", "faulty_agents:Fine", group),
        metadata.EntryPoint("forward", "faulty_agents:Raising", group),
    )
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    assert type(make_agent("their-agent:marker=y")).__name__ == "Fine"
    # Nobody takes the name of an agent of ours.
    assert type(make_agent("forward")).__name__ == "ForwardAgent"
    with pytest.raises(OptionError, match="did you mean 'their-agent'"):
        make_agent("theiragent")


def test_a_command_is_described_without_being_run(tmp_path: Path) -> None:
    script = tmp_path / "agent with spaces.py"
    script.write_text("raise SystemExit(1)")
    entry = Entry(f"cmd:{sys.executable} '{script}' --flag")
    assert entry.is_command
    assert entry.arguments == [sys.executable, str(script), "--flag"]
    about = entry.describe()
    assert about["independent_levels"] is False
    assert str(about["version"]).startswith("sha256:")
    script.write_text("raise SystemExit(2)")
    assert entry.describe() != about
    # A change of any of its files is one, not only of the last.
    config = tmp_path / "config.json"
    config.write_text("{}")
    entry = Entry(f"cmd:{sys.executable} '{script}' {config}")
    versions = {str(entry.describe()["version"])}
    script.write_text("raise SystemExit(3)")
    versions.add(str(entry.describe()["version"]))
    config.write_text("[]")
    versions.add(str(entry.describe()["version"]))
    assert len(versions) == 3


@pytest.mark.parametrize("text", ["a:b=1", "a:", ":b", "a b:C", "nobody", "a.:C", "1a:C"])
def test_what_names_no_agent(text: str) -> None:
    with pytest.raises(OptionError, match="unknown agent"):
        find_agent(text)
