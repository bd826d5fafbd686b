"""Competition tracks, scoring and reports; `simulate` has a level played in one call."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gym_mario_suite.competition.simulation import simulate, simulate_batch

__all__ = ["simulate", "simulate_batch"]


def __getattr__(name: str) -> Any:
    """`simulate` and `simulate_batch`, imported when they are asked for."""
    if name in __all__:
        from gym_mario_suite.competition import simulation

        return getattr(simulation, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
