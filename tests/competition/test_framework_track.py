import json
from pathlib import Path

import pytest
from short_track import needs_agent_processes
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.competition.framework_track import framework_track
from gym_mario_suite.competition.leaderboard import standings
from gym_mario_suite.competition.results import checksum, load_results
from gym_mario_suite.errors import LevelError, MarioError, OptionError
from gym_mario_suite.levels.framework_generate import GENERATOR_FRAMEWORK

FLAT = "\n".join(["-" * 40] * 8 + ["X" * 40] * 2)
WALLED = "\n".join(["-" * 20 + "X" + "-" * 19] * 8 + ["X" * 40] * 2)


class Only2009:
    """An agent that keeps itself to the rules of 2009."""

    name = "only-2009"
    rules = ("competition-2009",)

    def reset(self) -> None: ...

    def act(self, game: object) -> int:
        return 0


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    for name, text in (("a/lvl-10", FLAT), ("a/lvl-2", FLAT + "\n"), ("b/lvl-1", WALLED)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def mario(*arguments: object):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], catch_exceptions=False)


def scored(
    texts: Path | str, file: Path, *arguments: object, agent: str = "forward-jumping"
) -> dict:
    ran = mario(
        *("score", "--agent", agent, "--track", "framework-2019", "--levels", texts),
        *("--json", file, *arguments),
    )
    assert ran.exit_code == 0
    return json.loads(file.read_text(encoding="utf-8"))


def test_sources_of_levels(texts: Path) -> None:
    names = [spec.label for spec in framework_track([str(texts)]).levels]
    assert names == ["a/lvl-2", "a/lvl-10", "b/lvl-1"]
    whole = framework_track([str(texts)])
    again = framework_track([f"{texts}/*/*.txt"])
    assert again.name == whole.name
    listed = texts / "some.list"
    listed.write_text("# two\n\nb/lvl-1.txt\na/lvl-2.txt\n", encoding="utf-8")
    for source in (f"@{listed}", str(listed)):
        track = framework_track([source])
        assert [spec.label for spec in track.levels] == ["b/lvl-1", "a/lvl-2"]
    assert track.name != whole.name
    seeds = framework_track([str(texts / "b"), "seed:4..6,difficulty=3,length=100"]).levels
    assert [spec.difficulty for spec in seeds] == [0, 1, 1, 1]
    assert [spec.level_seed for spec in seeds] == [0, 4, 5, 6]
    assert seeds[1].generate().rules == whole.levels[0].generate().rules


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent.txt", "absent.txt: No such file"),
        ("empty", "there is no level text"),
        ("*.none", "no file fits the pattern"),
        ("@absent.list", "cannot read the list of levels"),
        ("void.list", "is empty"),
        ("nested.list", "names another list"),
        ("bad.txt", "unknown character 'q' at row 2, column 3"),
        ("ragged.txt", "they part at row 2, column 4"),
        ("void.txt", "the level text is empty"),
        ("seed:x", "expected a whole number, got 'x'"),
        ("seed:5..1", "the lower first"),
        ("seed:1,size=2", "unknown option 'size'"),
        ("seed:1,type=1,length=90,type=2", "option 'type' is given twice"),
    ],
)
def test_sources_that_name_no_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    for name, text in {
        "void.list": "# nothing\n",
        "nested.list": "void.list\n",
        "bad.txt": "-----\n--q--\nXXXXX\n",
        "ragged.txt": "-----\n---\nXXXXX\n",
        "void.txt": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OptionError, LevelError)) as caught:
        framework_track([source])
    assert message in str(caught.value)


def test_levels_named_twice_or_not_at_all(texts: Path) -> None:
    with pytest.raises(OptionError, match=r"names .*lvl-1\.txt twice"):
        framework_track([str(texts), str(texts / "b/lvl-1.txt")])
    with pytest.raises(OptionError, match="seed:1 twice"):
        framework_track(["seed:1", "seed:1"])
    with pytest.raises(OptionError, match="names no level"):
        framework_track([])


def test_the_score_is_the_share_won(texts: Path, tmp_path: Path) -> None:
    value = scored(texts, tmp_path / "r.json")
    assert value["track"].startswith("framework-2019:")
    assert value["score"] == pytest.approx(100 * 2 / 3)
    assert value["win_rate"] == pytest.approx(2 / 3)
    assert [each["name"] for each in value["collections"]] == ["a", "b"]
    assert value["collections"][0]["win_rate"] == 1.0
    walled = value["levels"][2]
    assert (walled["collection"], walled["name"], walled["status"]) == ("b", "lvl-1", 3)
    assert walled["time_left_ms"] == 0
    assert walled["completion"] == pytest.approx(walled["distance"] / (16 * 39))
    assert 0.4 < walled["completion"] < 0.6
    won = value["levels"][0]
    assert won["completion"] == 1.0
    assert won["time_left_ms"] == 200_000 - 30 * won["ticks"]
    assert value["completion"] == pytest.approx((2 + walled["completion"]) / 3)
    assert value["time_left_ms_sum"] == sum(each["time_left_ms"] for each in value["levels"])


def test_the_table(texts: Path) -> None:
    ran = mario(
        *("score", "--agent", "astar", "--track", "framework-2019", "--levels", texts / "a"),
    )
    assert ran.exit_code == 0
    assert "a/lvl-2" in ran.stdout
    assert "levels won         100.00 %" in ran.stdout
    assert "…" not in ran.stdout


@needs_agent_processes
def test_processes_play_the_same(texts: Path, tmp_path: Path) -> None:
    from gym_mario_suite.competition.results import without_timings

    here = scored(texts, tmp_path / "here.json")
    there = scored(texts, tmp_path / "there.json", "--isolated", "--jobs", "2")
    assert without_timings(here) == without_timings(there)


def test_a_result_is_verified_by_its_replays(texts: Path, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    value = scored(texts, file, "--replays", tmp_path / "replays")
    ran = mario("verify", file)
    assert ran.exit_code == 0, ran.stdout
    assert "verified" in ran.stdout
    for path, claim, message in (
        (("levels", 2, "completion"), 0.9, "b/lvl-1: completion is"),
        (("levels", 0, "level_digest"), "00" * 8, "is a replay of another level"),
        (("win_rate",), 1.0, "win_rate is"),
        (("levels", 0, "length"), 9999, "length is 40, claimed 9999"),
        (("levels", 0, "type"), 2, "type is 0, claimed 2"),
        (("levels", 0, "level_seed"), 77, "level_seed is 0, claimed 77"),
        (("levels", 1, "trial"), 55, "trial is 1, claimed 55"),
        (("levels", 2, "difficulty"), 9, "difficulty is 1, claimed 9"),
        (("levels", 0, "generator"), "mine", "generator is 'framework text', claimed 'mine'"),
        (("levels", 0, "generator"), GENERATOR_FRAMEWORK, "generator is 'framework text'"),
    ):
        lie = json.loads(json.dumps(value))
        *way, last = path
        part = lie
        for step in way:
            part = part[step]
        part[last] = claim
        lie["checksum"] = checksum(lie)
        file.write_text(json.dumps(lie), encoding="utf-8")
        ran = mario("verify", file)
        assert ran.exit_code == 1
        assert message in ran.stdout


def test_a_generated_level_is_verified_by_making_it_anew(tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    source = "seed:4..5,difficulty=3,type=1,length=100"
    run = scored(source, file, "--replays", tmp_path / "replays", agent="forward")
    ran = mario("verify", file)
    assert ran.exit_code == 0, ran.stdout
    for field, claim, message in (
        ("level_seed", 6, "level_seed is 4, claimed 6"),
        ("type", 0, "type is 1, claimed 0"),
        ("length", 200, "length is 100, claimed 200"),
    ):
        true, run["levels"][0][field] = run["levels"][0][field], claim
        run["checksum"] = checksum(run)
        file.write_text(json.dumps(run), encoding="utf-8")
        ran = mario("verify", file)
        assert ran.exit_code == 1
        assert message in ran.stdout
        run["levels"][0][field] = true


def test_results_are_ranked_by_wins(texts: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    runs = []
    for agent in ("forward-jumping", "random"):
        scored(texts, tmp_path / f"{agent}.json", agent=agent)
        runs += load_results(tmp_path / f"{agent}.json")
    found = standings(runs)
    assert [standing.agent for standing in found] == ["forward-jumping", "random"]
    scored(texts / "a", tmp_path / "other.json")
    tracks = {
        standing.track for standing in standings([*runs, *load_results(tmp_path / "other.json")])
    }
    assert len(tracks) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--track", "framework-2019"], "plays the levels that --levels names"),
        (["--levels", "seed:1"], "--levels is for --track framework-2019, not for cig-2009"),
        (["--track", "framework-2019", "--levels", "seed:1", "--seed", "0,1"], "name one"),
    ],
)
def test_options_that_do_not_fit(arguments: list[str], message: str) -> None:
    with pytest.raises(MarioError, match=message):
        mario("score", "--agent", "forward", *arguments)


def test_an_agent_of_2009_is_refused(monkeypatch: pytest.MonkeyPatch, texts: Path) -> None:
    from gym_mario_suite.agents import registry

    monkeypatch.setitem(registry.AGENTS, "only-2009", f"{__name__}:Only2009")
    monkeypatch.setattr(registry, "_imported", lambda path, agent: Only2009)
    with pytest.raises(OptionError, match="plays by the rules competition-2009 only"):
        mario(
            *("score", "--agent", "only-2009", "--track", "framework-2019", "--levels", texts),
        )
    assert mario("score", "--agent", "only-2009", "--track", "quick", "--quiet").exit_code == 0
