"""Self-play: one policy that races against itself, its training, and matches against others."""
