"""Every command has help with an example that can be typed as it stands."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from gym_mario_suite import cli

_EXAMPLE = re.compile(r"(?:Examples?: )?(mario .*)")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and subcommand, groups that only hold others left out."""
    for row in cli.COMMANDS:
        if " " not in row.name:
            yield from _below(f"mario {row.name}", row.load())


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if not children or command.invoke_without_command:
        yield name, command
    for word, child in (children or {}).items():
        real = child._row.load() if isinstance(child, cli.StandIn) else child
        yield from _below(f"{name} {word}", real)


def examples(command: Any) -> list[str]:
    """The command lines of a command's help; two spaces part a line from its explanation."""
    lines = (line.strip() for line in (command.epilog or "").splitlines())
    found = (_EXAMPLE.fullmatch(line) for line in lines)
    return [match[1].split("  ")[0] for match in found if match]


ALL = dict(commands())


def test_all_commands_are_met() -> None:
    assert len(ALL) >= 40
    assert {"mario score", "mario levels train vae", "mario record nes", "mario record"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_help_says_what_it_does_and_shows_an_example(name: str) -> None:
    command = ALL[name]
    assert command.help
    assert examples(command), f"{name} needs epilog='Example: {name} ...'"
    for parameter in command.params:
        if parameter.param_type_name == "option" and not parameter.hidden:
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("line", [line for each in ALL.values() for line in examples(each)])
def test_the_example_can_be_typed(line: str) -> None:
    words = shlex.split(line)
    # The longest name that the words begin with is the command, the rest are its arguments.
    count = max(n for n in range(len(words) + 1) if " ".join(words[:n]) in ALL)
    command = ALL[" ".join(words[:count])]
    with command.make_context(command.name, words[count:]):
        pass  # parsing alone: a wrong option or value would have raised


@pytest.mark.parametrize("name", ["score", "record", "play race"])
def test_the_example_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([*name.split(), "--help"])
    assert stopped.value.code == 0
    assert f"Example: mario {name} --" in " ".join(capsys.readouterr().out.split())
