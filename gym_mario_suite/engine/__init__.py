"""Infinite Mario compiled with numba: state, tiles, tick, batch, observation, drawing."""
