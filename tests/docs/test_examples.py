"""The examples of the documentation run, and its commands exist.

Blocks marked `python` and `console` are run, those of a page in one namespace, one folder and in
order. `<!-- not run: why -->` above a fence leaves one out, `<!-- slow: why -->` leaves it to the
slow tests. Of blocks marked `bash`, and of commands in running text, names and options are looked
up.
"""

import importlib.util
import re
import shlex
import warnings
from pathlib import Path
from typing import Any

import click
import pytest

from gym_mario_suite import cli
from tests.docs.pages import ROOT, RUN, Block, blocks, commands, pages

PAGES = [page for page in pages() if any(block.language in RUN for block in blocks(page))]
_MOST_STEPS = 256  # of training in examples


def _planned(page: str, slow: bool) -> list[Block]:
    """What is run of a page: in the slow tests all but what is never run."""
    left_out = {"not run"} if slow else {"not run", "slow"}
    return [b for b in blocks(page) if b.language in RUN and b.mark not in left_out]


def _write_levels(folder: Path) -> None:
    """The level files that pages take for granted."""
    from gym_mario_suite.levels.formats import write_level
    from gym_mario_suite.levels.framework_generate import generate_framework
    from gym_mario_suite.levels.framework_text_writer import write_framework_text
    from gym_mario_suite.levels.generators import generator_named

    framework = generate_framework(1, 0, 0, 100)
    (folder / "lvl-1.txt").write_text(write_framework_text(framework), encoding="utf-8")
    grid = generator_named("ngram").generate_grid(0, width=60)
    for name in ("mario-1-1.txt", "level.txt"):
        write_level(folder / name, grid)


def _mario(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert words[0] == "mario", f"only commands of mario are run, not {line!r}"
    with pytest.raises(SystemExit) as ended:
        cli.main(words[1:])
    assert ended.value.code in (0, None), f"{line!r} ended with {ended.value.code}"


def _run(page: str, slow: bool) -> int:
    """Run a page's blocks; how many they were."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for block in _planned(page, slow):
        if block.language == "console":
            for line in block.text.splitlines():
                assert line.startswith("$ "), f"{page}:{block.line}: no prompt: {line!r}"
                _mario(line.removeprefix("$ "))
        else:
            # Line numbers of errors are those of the page.
            code = compile("\n" * (block.line - 1) + block.text, str(ROOT / page), "exec")
            exec(code, namespace)
        count += 1
    for name, value in namespace.items():
        if name.startswith(("env", "play", "test", "pixels")) and hasattr(value, "close"):
            value.close()
    return count


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    _write_levels(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if _planned(page, slow=False)])
def test_examples_run(page: str, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        assert _run(page, slow=False) == len(_planned(page, slow=False))


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.mark == "slow" for b in blocks(page))]
)
def test_slow_examples_run(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

    learn: Any = OnPolicyAlgorithm.learn

    def shorter(self: Any, total_timesteps: int, **options: Any) -> Any:
        self.n_steps = min(self.n_steps, 16)
        self.rollout_buffer.buffer_size = self.n_steps
        self.rollout_buffer.reset()
        return learn(self, min(total_timesteps, _MOST_STEPS), **options)

    monkeypatch.setattr(OnPolicyAlgorithm, "learn", shorter)
    assert _run(page, slow=True) == len(_planned(page, slow=True))


def test_what_is_not_run_says_why_and_is_the_exception() -> None:
    found = [block for page in PAGES for block in blocks(page) if block.language in RUN]
    never = [block for block in found if block.mark == "not run"]
    known = (
        "needs a ROM",
        "needs a GPU",
        "opens a window",
        "opens windows",
        "starts a Ray cluster",
    )
    for block in never:
        assert block.reason.startswith((*known, "the tests of packaging", "after the diff")), (
            f"{block.page}:{block.line}: {block.reason}"
        )
    unmarked = [block for block in found if not block.mark]
    assert len(unmarked) == sum(
        len([b for b in _planned(page, slow=False) if not b.mark]) for page in PAGES
    )
    assert len(never) < len(unmarked)


def _command_of(words: list[str]) -> tuple[click.Command, list[str], str]:
    """The command that words lead to, what is left of them, and its name."""
    command: Any = cli.typer.main.get_command(cli.app)
    name = "mario"
    while words and hasattr(command, "commands"):
        known = command.commands.get(words[0])
        if known is None:
            break
        name = f"{name} {words[0]}"
        words = words[1:]
        row = getattr(known, "_row", None)
        command = row.load() if row is not None else known
    return command, words, name


def _options(command: Any) -> set[str]:
    return {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help", "--version", "--install-completion", "--show-completion"}


def _simple_commands(line: str) -> list[list[str]]:
    """The commands of a line as words; comments and assignments of the environment are left out."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    found: list[list[str]] = [[]]
    for word in words:
        if word in {"&&", "|", ";", "||"}:
            found.append([])
        elif found[-1] or not re.match(r"[A-Za-z_]+=", word):
            found[-1].append(word)
    return [one for one in found if one]


@pytest.mark.parametrize("page", pages())
def test_commands_and_options_exist(page: str) -> None:
    from benchmarks.__main__ import NAMES

    for number, line in commands(page):
        for words in _simple_commands(line):
            where = f"{page}:{number}: {' '.join(words)}"
            if words[0] == "mario" and "|" not in " ".join(words) and "..." not in words:
                command, rest, name = _command_of(words[1:])
                # Groups: whatever is left must be their own option, not an unknown command.
                if hasattr(command, "commands") and rest and not rest[0].startswith("-"):
                    assert rest[0] == rest[0].upper(), f"{where}: {name} has no command {rest[0]!r}"
                for word in rest:
                    option = word.partition("=")[0]
                    if re.fullmatch(r"--?[A-Za-z][\w-]*", option):
                        assert option in _options(command), f"{where}: {name} has no {option}"
            if words[:2] == ["python", "-m"] and len(words) > 2:
                module = words[2].rstrip(",.")
                if module == "benchmarks" and len(words) > 3 and not words[3].startswith("-"):
                    known = words[3] in {*NAMES, "NAME"}
                    tool = importlib.util.find_spec(f"benchmarks.{words[3]}")
                    assert known or tool, f"{where}: there is no such benchmark"
                elif module.startswith(("gym_mario_suite", "benchmarks")):
                    assert importlib.util.find_spec(module), f"{where}: no module {module}"
                elif module == "pytest":
                    for word in words[3:]:
                        if word.startswith("tests/"):
                            assert (ROOT / word.partition("::")[0]).exists(), where
