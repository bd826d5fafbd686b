"""The track `generation`: a level generator is scored by how agents fare in its levels.

Here it is the generator that competes. Every agent plays the same levels, one for each seed; the
figures say whether the levels can be won, by whom, and how far apart strong and weak agents are: a
level on which every agent fares alike asks nothing of anybody (relative algorithm performance,
Nielsen, Barros, Togelius and Nelson, 2015). What can be said of the levels without playing them
comes from a `Bench`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.simulation import TIME_LIMIT_S, Telemetry, simulate_batch
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named

# From the one who only runs to the one who plans.
DEFAULT_AGENTS = ("forward", "forward-jumping", "scared-speedy", "astar-world")
DEFAULT_SEEDS = range(20)

Record = dict[str, Any]
# What measures a generator's levels without playing them: generator, seeds and options to records
# {"generator", "metric", "value", "n"}.
Bench = Callable[[Generator, Sequence[int], Mapping[str, Any]], list[Record]]


@dataclass(frozen=True)
class GenerationScore:
    """How agents fared in a generator's levels.

    Attributes:
        generator: Name of the generator.
        seeds: Seeds of the levels.
        plays: By agent, how each level was played, in the order of the seeds.
        benched: Records of the bench.
    """

    generator: str
    seeds: tuple[int, ...]
    plays: dict[str, tuple[Telemetry, ...]]
    benched: tuple[Record, ...] = ()

    def records(self) -> list[Record]:
        """The figures: the bench's, then for each agent and over all.

        Metrics: `win_share:AGENT`; `progress:AGENT`, the mean share of the level passed;
        `jumps:AGENT` and `kills:AGENT` per level; `deaths_by_CAUSE:AGENT`, a share of the levels;
        `winnable_share`, the levels that any agent won; `skill_gap`, the mean progress of the best
        agent less that of the worst.
        """
        found = list(self.benched)
        n = len(self.seeds)

        def add(metric: str, value: float) -> None:
            found.append({"generator": self.generator, "metric": metric, "value": value, "n": n})

        progress: dict[str, float] = {}
        for agent, plays in self.plays.items():
            progress[agent] = sum(map(progress_of, plays)) / n
            add(f"win_share:{agent}", sum(play.marioStatus for play in plays) / n)
            add(f"progress:{agent}", progress[agent])
            add(f"jumps:{agent}", sum(play.jumps for play in plays) / n)
            add(f"kills:{agent}", sum(play.kills["total"] for play in plays) / n)
            causes = Counter(play.death["cause"] for play in plays if play.death is not None)
            for cause in ("enemy", "fall", "time"):
                add(f"deaths_by_{cause}:{agent}", causes[cause] / n)
        won = [
            any(play.marioStatus for play in level)
            for level in zip(*self.plays.values(), strict=True)
        ]
        add("winnable_share", sum(won) / n)
        add("skill_gap", max(progress.values()) - min(progress.values()))
        return found


def progress_of(play: Telemetry) -> float:
    """The share of the level that Mario passed, 0 to 1; 1 for a win."""
    if play.marioStatus:
        return 1.0
    share = play.lengthOfLevelPassedPhys / play.totalLengthOfLevelPassedPhys
    return min(max(share, 0.0), 1.0)


def score_generator(
    generator: str | Generator,
    agents: Sequence[str] = DEFAULT_AGENTS,
    seeds: Sequence[int] = DEFAULT_SEEDS,
    options: Mapping[str, Any] | None = None,
    *,
    mode: Mode | None = None,
    time_limit: int = TIME_LIMIT_S,
    bench: Bench | None = None,
    on_level: Callable[[], None] | None = None,
) -> GenerationScore:
    """Have agents play a generator's levels.

    Args:
        generator: A name of `levels.generators`, `module:class`, or a generator.
        agents: Who plays, as for `make_agent`.
        seeds: Seeds of the levels.
        options: What the generator is to make.
        mode: Mario's power state at the start; None for the usual one.
        time_limit: Seconds of level time.
        bench: Measures the levels without playing them, too, before they are played:
            `levels.bench.protocol.bench_unplayed` does.
        on_level: Called after each level that an agent played.

    Raises:
        OptionError: For an unknown generator, agent or option, or none of them.
    """
    if not agents or not seeds:
        raise OptionError("give at least one agent and one seed")
    maker = generator_named(generator)
    chosen = dict(options or {})
    maker.check_options(chosen)
    players = [make_agent(agent) for agent in agents]
    levels = maker.generate_batch(list(seeds), **chosen)
    benched = bench(maker, seeds, chosen) if bench is not None else []
    plays: dict[str, tuple[Telemetry, ...]] = {}
    for name, player in zip(agents, players, strict=True):
        played = []
        for level in levels:
            played += simulate_batch([level], player, mode=mode, time_limit=time_limit)
            if on_level is not None:
                on_level()
        plays[name] = tuple(played)
    return GenerationScore(maker.name, tuple(seeds), plays, tuple(benched))
