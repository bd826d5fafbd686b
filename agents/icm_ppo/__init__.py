"""ICM-PPO: learning from curiosity alone, and the agent trained by it."""
