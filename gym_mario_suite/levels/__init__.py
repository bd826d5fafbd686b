"""Level model, file formats, seeded generators, solver and metrics."""
