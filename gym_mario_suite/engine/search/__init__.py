"""A* on the exact engine: nodes are worlds, edges are a few ticks, all of it compiled."""
