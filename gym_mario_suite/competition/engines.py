"""Where units run: on the cores of this machine, or on a Ray cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from gym_mario_suite.agents.registry import unknown_name
from gym_mario_suite.competition.plays import LevelPlay
from gym_mario_suite.competition.units import Unit, run_unit

ENGINES = ("processes", "ray")

# Number of the unit, number of the level, how it was played.
OnPlay = Callable[[int, int, LevelPlay], None]


def run_units(
    units: Sequence[Unit],
    on_play: OnPlay,
    *,
    engine: str = "processes",
    jobs: int = 1,
    address: str | None = None,
) -> None:
    """Play all units.

    Args:
        units: What is played.
        on_play: Called with each play when it is final, in any order, never twice at a time.
        engine: Name of one of `ENGINES`.
        jobs: Units at a time on this machine.
        address: Of a Ray cluster.

    Raises:
        OptionError: For an unknown engine, or an agent that cannot be made.
    """
    if engine == "ray":
        _on_ray(units, on_play, jobs, address)
    elif engine == "processes":
        _on_this_machine(units, on_play, jobs)
    else:
        raise unknown_name("engine", engine, ENGINES)


def _on_this_machine(units: Sequence[Unit], on_play: OnPlay, jobs: int) -> None:
    if jobs == 1 or len(units) == 1:
        for index, unit in enumerate(units):
            run_unit(unit, lambda number, play, index=index: on_play(index, number, play))
        return
    lock = threading.Lock()
    stop = threading.Event()

    def report(index: int, number: int, play: LevelPlay) -> None:
        with lock:
            on_play(index, number, play)

    # The threads only watch; the agents are in processes.
    with ThreadPoolExecutor(jobs) as pool:
        waiting: set[Future[object]] = {
            pool.submit(
                run_unit,
                unit,
                lambda number, play, index=index: report(index, number, play),
                stop,
            )
            for index, unit in enumerate(units)
        }
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _on_ray(units: Sequence[Unit], on_play: OnPlay, jobs: int, address: str | None) -> None:
    from gym_mario_suite.integrations.ray_tasks import run_on_ray

    for index, plays in run_on_ray(run_unit, units, address=address, cpus=jobs):
        for number, play in plays:
            on_play(index, number, play)
