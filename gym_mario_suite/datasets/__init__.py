"""Replays: recording, verifying, and turning them into datasets and videos."""
