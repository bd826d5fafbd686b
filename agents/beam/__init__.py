"""Beam search over thousands of copies of the game, on the processor or on a GPU."""
