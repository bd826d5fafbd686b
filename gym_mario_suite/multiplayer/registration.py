"""Registration with PettingZoo: `pettingzoo.make("parallel", "mario/mario_race-v0")`."""

from __future__ import annotations

import pettingzoo

NAMESPACE = "mario"
# Environments in which all players act at once, and one in which they take turns.
PARALLEL = ("mario_coop_v0", "mario_race_v0", "mario_coin_battle_v0")
TURN_BASED = ("mario_design_play_v0",)


def register_with_pettingzoo() -> None:
    """Register every environment that PettingZoo does not know yet.

    Before 1.27 it has no registry: then the environments are there by their modules alone.
    """
    if not hasattr(pettingzoo, "parallel_registry"):
        return
    for name in (*PARALLEL, *TURN_BASED):
        module = f"gym_mario_suite.multiplayer.{name}"
        env_id = f"{NAMESPACE}/{name}".replace("_v", "-v")
        if env_id not in pettingzoo.aec_registry:
            pettingzoo.register("aec", env_id, f"{module}:env")
        if name in PARALLEL and env_id not in pettingzoo.parallel_registry:
            pettingzoo.register("parallel", env_id, f"{module}:parallel_env")
