"""`mario levels latents`: a picture of a VAE's latent space."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.whole_file import require_picture, write_whole

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario levels latents latents.png")
def latents(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Picture to write, *.png.")],
    weights: Annotated[
        Path | None, typer.Option(help="Weights of `mario levels train vae`; default: shipped.")
    ] = None,
    reach: Annotated[float, typer.Option(help="Latents from -reach to reach.")] = 5.0,
    cells: Annotated[int, typer.Option(help="Chunks in a row.")] = 10,
    draw_tiles: Annotated[
        bool, typer.Option("--draw-tiles", help="Draw tiles instead of taking the likeliest.")
    ] = False,
) -> None:
    """Draw what the latents of a VAE decode to; chunks that can be crossed have a green frame."""
    from gym_mario_suite.levels.formats.png import png_bytes
    from gym_mario_suite.levels.vae.generator import CategoricalVAE
    from gym_mario_suite.levels.vae.latent_picture import latent_picture

    require_picture(out)
    picture = latent_picture(CategoricalVAE(weights), reach, cells, draw_tiles)
    write_whole(out, png_bytes(picture))
    typer.echo(f"wrote {out}")
