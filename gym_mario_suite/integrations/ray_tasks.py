"""Tasks on a Ray cluster: any function, results as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from gym_mario_suite.errors import OptionError

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_on_ray(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    address: str | None = None,
    cpus: int | None = None,
    retries: int = 2,
) -> Iterator[tuple[int, Result]]:
    """Call `function` with every task on the workers of a Ray cluster.

    A task whose worker dies is started again elsewhere. The package must be installed on every
    machine of the cluster.

    Args:
        function: Picklable; called with one task.
        tasks: Its arguments.
        address: Of the cluster, as for `ray.init`; None joins the one of the environment, or starts
            one on this machine.
        cpus: Cores of a cluster that is started here.
        retries: How often a task is started again.

    Yields:
        Number of the task and its result, as they are done.

    Raises:
        OptionError: When Ray is not installed, or the cluster cannot be reached; or what `function`
            raises.
    """
    try:
        import ray
        from ray.exceptions import RayError, RayTaskError
    except ImportError:
        raise OptionError(
            'the ray engine needs Ray: pip install "gym-mario-suite[distributed]"'
        ) from None
    started = not ray.is_initialized()
    if started:
        options: dict[str, Any] = {"address": address, "log_to_driver": False}
        if address is None:
            options |= {"num_cpus": cpus, "include_dashboard": False}
        try:
            ray.init(configure_logging=False, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise OptionError(f"cannot join a Ray cluster: {error}") from error
    try:
        remote = ray.remote(max_retries=retries, num_cpus=1)(function)
        numbers = {remote.remote(task): number for number, task in enumerate(tasks)}
        while numbers:
            (done, *_), _ = ray.wait(list(numbers), num_returns=1)
            number = numbers.pop(done)
            try:
                yield number, ray.get(done)
            except RayTaskError as error:
                if isinstance(error.cause, OptionError):
                    raise error.cause from None
                raise
            except RayError as error:
                raise OptionError(f"task {number} failed on the cluster: {error}") from error
    finally:
        if started:
            ray.shutdown()
