"""Reference agents, installed and imported as `gym_mario_suite.agents`."""

if __name__ != "gym_mario_suite.agents":
    raise ImportError(
        "import gym_mario_suite.agents (top-level `agents` is a source folder, not a package)"
    )
