"""The A* agents: planners on the engine's own rules."""
