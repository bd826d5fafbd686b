"""Competition tracks, scoring and reports."""
