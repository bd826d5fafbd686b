import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.competition.leaderboard import leaderboard_table, share_passed, standings
from gym_mario_suite.competition.report import page
from gym_mario_suite.competition.results import load_results
from gym_mario_suite.competition.statistics import interquartile_mean
from gym_mario_suite.errors import OptionError
from tests.processes import run_mario

pytest.importorskip("scipy")


def mario(*arguments: str):
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


def test_the_interquartile_mean_is_that_of_the_middle_half() -> None:
    estimate = interquartile_mean([[0.0, 1.0, 2.0, 3.0], [100.0, -50.0, 2.5, 1.5]])
    assert estimate.iqm == (1.0 + 1.5 + 2.0 + 2.5) / 4
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= estimate.iqm <= estimate.high
    assert estimate == interquartile_mean([[0.0, 1.0, 2.0, 3.0], [100.0, -50.0, 2.5, 1.5]])


def test_strata_are_resampled_apart() -> None:
    # Within each stratum all is the same, so no sample differs; mixed, they would.
    apart = interquartile_mean([[0.0] * 10, [1.0] * 10])
    assert (apart.low, apart.high) == (0.5, 0.5)
    mixed = interquartile_mean([[0.0] * 10 + [1.0] * 10])
    assert mixed.low is not None
    assert mixed.low < 0.5


def test_strata_of_two_values_are_resampled_too() -> None:
    estimate = interquartile_mean([[0.0, 0.0], [1.0, 1.0]])
    assert (estimate.low, estimate.high) == (0.5, 0.5)


def test_few_values_have_no_interval() -> None:
    assert interquartile_mean([[0.5]]).low is None
    assert interquartile_mean([[0.5], [0.7]]).low is not None
    assert interquartile_mean([[0.5], [0.7, 0.8]]).low is None
    with pytest.raises(OptionError, match="no result"):
        interquartile_mean([[]])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("league")
    agents = ["--agent", "scared", "--agent", "forward-jumping", "--agent", "ellingsen"]
    for track, seeds in (("quick", "0,1"), ("ice-gic-2009", "3")):
        mario(
            *("score", *agents, "--track", track, "--seed", seeds, "--quiet"),
            *("--json", str(folder / f"{track}.json"), "--replays", str(folder / "replays")),
        )
    return folder


def test_standings_are_ordered_as_in_the_competition(results: Path) -> None:
    runs = load_results(results / "quick.json")
    found = standings(runs)
    scores = [standing.mean("score") for standing in found]
    assert scores == sorted(scores, reverse=True)
    assert all(len(standing.runs) == 2 for standing in found)
    assert all(len(standing.levels) == 8 for standing in found)
    runs[0]["disqualified"] = "too slow"
    assert standings(runs)[-1].agent == runs[0]["agent"]
    with pytest.raises(OptionError, match="has two results on quick, seed 0"):
        standings([*runs, runs[0]])


def test_ties_are_broken_by_time_left_then_kills_then_mode(results: Path) -> None:
    known = load_results(results / "quick.json")[0]
    sums = {"e": (0, 9, 9), "d": (1, 0, 9), "b": (1, 1, 1), "c": (1, 1, 0), "a": (2, 0, 0)}
    names = ("time_left_sum", "kills_sum", "mode_sum")
    runs = [
        known | {"agent": agent, "score": 1.0} | dict(zip(names, values, strict=True))
        for agent, values in sums.items()
    ]
    assert [standing.agent for standing in standings(runs)] == ["a", "b", "c", "d", "e"]


def test_the_share_of_a_level_that_was_passed() -> None:
    level = {"status": 0, "distance": 50.0, "exit_px": 200}
    assert share_passed(level) == 0.25
    assert share_passed(level | {"status": 1}) == 1.0
    assert share_passed(level | {"exit_px": -1}) == 0.0
    assert share_passed(level | {"exit_px": 0}) == 0.0
    assert share_passed(level | {"distance": 250.0}) == 1.0


def test_a_title_that_is_no_text_is_written_all_the_same(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ("leaderboard", results / "quick.json", "--html", page, "--title", "caf\udce9")
    ran = run_mario(*words)
    assert ran.returncode == 0, ran.stderr
    assert "caf?" in page.read_text(encoding="utf-8")


def test_the_table_of_the_terminal(results: Path) -> None:
    ran = mario("leaderboard", str(results / "quick.json"), str(results / "ice-gic-2009.json"))
    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert "ice-gic-2009" in lines
    assert "quick" in lines
    assert any("ellingsen" in line and "/8" in line for line in lines)
    assert "…" not in ran.stdout


def shown(runs: list[dict[str, Any]]) -> str:
    from rich.console import Console

    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(leaderboard_table(standings(runs)))
    return console.export_text()


def test_the_table_says_why_an_agent_has_no_place_and_how_often_it_failed(results: Path) -> None:
    run = load_results(results / "quick.json")[0]
    run["levels"][0]["failure"] = run["levels"][1]["failure"] = "crashed"
    text = shown([run | {"agent": "slow", "disqualified": "over 40 ms"}])
    assert "slow: disqualified, over 40 ms" in text
    assert "slow: 2 levels lost by faults" in text
    assert "–" in text


def test_the_mean_time_of_an_answer_is_that_of_the_runs(results: Path) -> None:
    run = load_results(results / "quick.json")[0]
    times = run["ms_per_step"]
    runs = [
        run | {"seed": seed, "ms_per_step": times | {"mean": mean, "p99": 2 * mean}}
        for seed, mean in enumerate((1.0, 4.0))
    ]
    (standing,) = standings(runs)
    assert (standing.ms_per_step, standing.ms_per_step_p99) == (2.5, 8.0)


def test_replays_are_sought_where_they_can_be(results: Path, tmp_path: Path) -> None:
    known = str(results / "quick.json")
    for option, value in (("--replays", str(tmp_path)), ("--embed", "2"), ("--title", "Cup")):
        with pytest.raises(OptionError, match=f"{option} is for the report: give --html, too"):
            mario("leaderboard", known, option, value)
    absent, page = str(tmp_path / "absent"), tmp_path / "page.html"
    with pytest.raises(OptionError, match=r"--replays: there is no folder .*absent"):
        mario("leaderboard", known, "--replays", absent, "--html", str(page))
    assert not page.exists()


def test_replays_that_are_not_found_are_told(results: Path, tmp_path: Path) -> None:
    known, page = str(results / "quick.json"), str(tmp_path / "page.html")
    ran = mario("leaderboard", known, "--html", page, "--embed", "2")
    assert "not shown" not in ran.output
    ran = mario("leaderboard", known, "--html", page, "--embed", "2", "--replays", str(tmp_path))
    agents = len(standings(load_results(results / "quick.json")))
    assert f"not shown: {2 * agents} replays that are not in {tmp_path}" in ran.output
    ran = mario("leaderboard", known, "--html", page, "--embed", "0", "--replays", str(tmp_path))
    assert "not shown" not in ran.output


@pytest.mark.parametrize("width", [50, 80, 140])
def test_figures_are_whole_or_left_out(results: Path, width: int) -> None:
    from rich.console import Console

    run = load_results(results / "quick.json")[0]
    named = {**run, "agent": "ppo-infinite:weights=" + "/a/long/way" * 12}
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    found = standings([run, named])
    console.print(leaderboard_table(found, width))
    text = console.export_text()
    assert "…" not in text
    assert text.count(f" {run['score']:.1f} ") == 2
    assert ("p99" in text.splitlines()[1]) == (width == 140)
    left_out = text.partition("a wider terminal has also")[2]
    assert ("ms/step" in left_out) == (width < 140)


def test_names_of_others_are_not_believed(results: Path) -> None:
    run = load_results(results / "quick.json")[0]
    run["agent"] = "</script><b>[red]\x1b[31m"
    text = shown([run])
    assert "\x1b" not in text
    assert "[red]" in text
    assert "</script><b>" not in page("</script><b>", {"agent": run["agent"]})


# --- the page in a browser ---------------------------------------------------------------------


class Browser:
    """A headless browser, spoken to in the WebDriver protocol."""

    def __init__(self, driver: str, browser: str, profile: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.program = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.base = f"http://127.0.0.1:{port}"
        flags = ["headless", "no-sandbox", "disable-gpu", "disable-background-networking"]
        arguments = [*(f"--{flag}" for flag in flags), f"--user-data-dir={profile}"]
        options = {
            "goog:chromeOptions": {"binary": browser, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        deadline = time.monotonic() + 30
        while True:
            try:
                self.ask("/status")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        session = self.ask("/session", {"capabilities": {"alwaysMatch": options}})
        self.base += f"/session/{session['sessionId']}"

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def run(self, script: str) -> Any:
        return self.ask("/execute/sync", {"script": script, "args": []})

    def wait_for(self, script: str) -> None:
        deadline = time.monotonic() + 30
        while not self.run(f"return {script}"):
            assert time.monotonic() < deadline, script
            time.sleep(0.05)

    def close(self) -> None:
        try:
            self.ask("", method="DELETE")
        finally:
            self.program.terminate()
            self.program.wait(10)


@pytest.fixture(scope="module")
def browser(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    driver = shutil.which("chromedriver")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if driver is None or program is None:
        pytest.skip("there is no Chromium with its driver")
    report = results / "report.html"
    files = [str(results / f"{track}.json") for track in ("quick", "ice-gic-2009")]
    ran = mario("leaderboard", *files, "--html", str(report), "--embed", "2")
    assert ran.exit_code == 0
    opened = Browser(driver, program, tmp_path_factory.mktemp("profile"))
    try:
        opened.ask("/url", {"url": report.as_uri()})
        opened.wait_for("document.body.dataset.ready === 'yes'")
        yield opened
    finally:
        opened.close()


def errors(browser: Browser) -> list[dict[str, Any]]:
    """What the console was told, less advice (on the test's own way of reading pixels)."""
    log = browser.ask("/se/log", {"type": "browser"})
    return [entry for entry in log if entry["source"] != "rendering"]


AGENTS = "return [...document.querySelectorAll('#leaderboard .name')].map(e => e.textContent)"


def test_the_page_loads_without_an_error_and_needs_no_network(
    browser: Browser, results: Path
) -> None:
    assert errors(browser) == []
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    text = (results / "report.html").read_text(encoding="utf-8")
    assert "http://www.w3.org/2000/svg" in text
    assert text.count("http") == 1


def test_the_leaderboard_sorts(browser: Browser) -> None:
    first = browser.run(AGENTS)
    assert len(first) == 3
    heading = "document.querySelectorAll('#leaderboard th')"
    browser.run(f"{heading}[1].click()")
    assert browser.run(AGENTS) == sorted(first)
    browser.run(f"{heading}[1].click()")
    assert browser.run(AGENTS) == sorted(first, reverse=True)
    browser.run(f"{heading}[3].click()")  # the score, the best first
    assert browser.run(f"return {heading}[3].getAttribute('aria-sort')") == "descending"


def test_tracks_have_their_own_tables(browser: Browser) -> None:
    tabs = "document.querySelectorAll('#tracks button')"
    cells = "document.querySelectorAll('#heat .cell').length"
    names = browser.run(f"return [...{tabs}].map(e => e.textContent)")
    assert names == ["ice-gic-2009", "quick"]
    assert browser.run(f"return {cells}") == 30
    browser.run(f"{tabs}[1].click()")
    assert browser.run(f"return {cells}") == 12
    assert browser.run("return document.querySelectorAll('svg path').length") == 6


PIXELS = """
const canvas = document.getElementById('screen');
const data = canvas.getContext('2d').getImageData(0, 0, 320, 240).data;
let sum = 0;
for (let i = 0; i < data.length; i++) sum = (sum * 31 + data[i]) % 1000000007;
return [sum, Number(canvas.dataset.x), Number(document.getElementById('seek').value)];
"""


def test_a_replay_moves(browser: Browser) -> None:
    before = browser.run(PIXELS)
    browser.run("document.getElementById('play').click()")
    browser.wait_for("Number(document.getElementById('seek').value) > 20")
    browser.run("document.getElementById('play').click()")
    after = browser.run(PIXELS)
    assert after[0] != before[0]
    assert after[1] != before[1]
    browser.run(
        "const seek = document.getElementById('seek'); seek.value = 0;"
        "seek.dispatchEvent(new Event('input'))"
    )
    assert browser.run(PIXELS) == before
    assert errors(browser) == []
