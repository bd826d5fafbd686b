"""How an episode stands after a step, as compiled code and states have it."""

from __future__ import annotations

RUNNING, TERMINATED, TRUNCATED = 0, 1, 2
