"""Courses of Mario Maker: parts, limits, the course itself, its files and its conversions."""
