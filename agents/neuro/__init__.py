"""An evolved neural network: the agent, its training script, and its weights."""
