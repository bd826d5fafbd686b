"""Playing, watching and recording."""
