"""Adapters to training libraries, each imported only when asked for."""
