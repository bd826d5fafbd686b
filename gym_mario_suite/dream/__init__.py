"""A neural model that dreams the game: its network, its training, its evaluation, its weights."""
