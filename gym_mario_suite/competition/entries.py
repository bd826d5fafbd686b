"""Entries: who may play, named by text."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from gym_mario_suite import __version__
from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.registry import AGENTS, find_agent, make_agent
from gym_mario_suite.errors import OptionError

COMMAND = "cmd:"


@dataclass(frozen=True)
class Entry:
    """An agent as the user names it.

    Attributes:
        text: What `agents.registry.make_agent` takes, or `cmd:` and a command line that speaks the
            JSON-lines protocol on its standard input and output.
    """

    text: str

    @property
    def is_command(self) -> bool:
        """Whether it is a program of its own."""
        return self.text.startswith(COMMAND)

    @property
    def is_built_in(self) -> bool:
        """Whether it is one of this package's agents, which is trusted to keep the rules."""
        return self.text.partition(":")[0] in AGENTS

    @property
    def arguments(self) -> list[str]:
        """The command line of a command, as words.

        Raises:
            OptionError: When there is none, it has unbalanced quotes, or there is no such program.
        """
        try:
            words = shlex.split(self.text.removeprefix(COMMAND))
        except ValueError as error:
            raise OptionError(f"agent {self.text!r}: {error}") from None
        if not words:
            raise OptionError(f"agent {self.text!r}: a command is missing after {COMMAND!r}")
        if shutil.which(words[0]) is None:
            raise OptionError(f"agent {self.text!r}: there is no program {words[0]!r}")
        return words

    def make(self) -> Agent:
        """A new agent.

        Raises:
            OptionError: For an entry that names none.
        """
        if self.is_command:
            from gym_mario_suite.competition.command_agent import CommandAgent

            return CommandAgent(self.text, self.arguments)
        return make_agent(self.text)

    def describe(self) -> dict[str, Any]:
        """What a run must know of the agent: {"independent_levels", "version"}.

        It may also have "rules", names of the rule sets that the agent keeps itself to.

        Raises:
            OptionError: For an entry that names none.
        """
        if self.is_command:
            files = (
                Path(word)
                for word in [shutil.which(self.arguments[0]), *self.arguments[1:]]
                if word
            )
            version = _source_version([file for file in files if os.path.isfile(file)])
            return {"independent_levels": False, "version": version}
        agent = self.make()
        name, agent_class, _ = find_agent(self.text)
        about: dict[str, Any] = {
            "independent_levels": getattr(agent, "independent_levels", False) is True,
            "version": _version_of(name, agent_class),
        }
        rules = getattr(agent, "rules", None)
        if rules is not None:
            about["rules"] = [str(name) for name in rules]
        return about


def _version_of(name: str, agent_class: Any) -> str:
    """The class's `version`, or that of what is installed, or a hash of its source."""
    if name in AGENTS:
        return __version__
    version = getattr(agent_class, "version", None)
    if isinstance(version, str):
        return version
    module = getattr(agent_class, "__module__", "")
    top = module.partition(".")[0]
    for distribution in metadata.packages_distributions().get(top, ()):
        return metadata.version(distribution)
    file = getattr(sys.modules.get(module), "__file__", None)
    return _source_version([Path(file)] if file else [])


def _source_version(files: Sequence[Path]) -> str:
    """One hash over the files; "unknown" where there is none that can be read."""
    try:
        contents = [file.read_bytes() for file in files]
    except OSError:
        return "unknown"
    if not contents:
        return "unknown"
    if len(contents) > 1:
        # Of their hashes, so that nothing can move from one file to the next unnoticed.
        contents = [hashlib.sha256(each).digest() for each in contents]
    return f"sha256:{hashlib.sha256(b''.join(contents)).hexdigest()[:16]}"
