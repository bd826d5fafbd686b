"""Make the pictures of docs/guides/level_generators.md: `python docs/make_level_pictures.py`."""

from __future__ import annotations

from pathlib import Path

from gym_mario_suite.levels.formats.png import png_bytes
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.picture import joined, level_picture
from gym_mario_suite.levels.vae.generator import CategoricalVAE
from gym_mario_suite.levels.vae.latent_picture import latent_picture

PICTURES = Path(__file__).parent / "pictures"
# Seed, style (None: the seed chooses) and theme of each level.
LEVELS = (
    (1, None, 0),
    (2, "smb", 0),
    (3, None, 1),
    (4, "smb2j", 0),
    (5, "infinite", 2),
    (6, "sml", 0),
)


def main() -> None:
    """Write all pictures, at half and a third of their size."""
    generator = generator_named("tile-diffusion")
    rows = []
    for seed, style, theme in LEVELS:
        grid = generator.generate_grid(seed, style=style, theme=theme)
        rows.append(level_picture(to_level(grid))[::2, ::2])
    (PICTURES / "tile_diffusion.png").write_bytes(png_bytes(joined(rows, 0)))
    latents = latent_picture(CategoricalVAE())[::3, ::3]
    (PICTURES / "vae_latents.png").write_bytes(png_bytes(latents))


if __name__ == "__main__":
    main()
