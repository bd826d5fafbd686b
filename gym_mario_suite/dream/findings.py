"""What is found before a training's first step: laws of motion, and backdrops.

Both are exact where descent would only come near: they are fitted to moments of which the engine
knows everything, and then stay as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.laws import Laws
from gym_mario_suite.dream.losses import law_targets
from gym_mario_suite.dream.memory import CAMERA, PLACED, THEME
from gym_mario_suite.dream.panorama import Panorama
from gym_mario_suite.dream.presets import CONTEXT, multi_hot
from gym_mario_suite.dream.windows import WindowSource, memory_of, targets_of

# Streams of windows, other ones than those of the steps.
_LAW_STREAM, _BACKDROP_STREAM = 1 << 31, 3 << 30
_EACH = 64  # windows at once


class Findings(NamedTuple):
    """How much of what was looked at is explained; None for what was not to be found.

    Attributes:
        across: Share of the moments that no law explains to 0.03 px, across.
        upright: The same, upright.
        backdrop: Share of the sceneries' pixels that are as in the panorama.
    """

    across: float | None = None
    upright: float | None = None
    backdrop: float | None = None

    def lines(self) -> list[str]:
        """The same for people to read."""
        told = []
        if self.across is not None and self.upright is not None:
            told.append(
                f"laws of motion: all moments follow one but {self.across:.3%} across, "
                f"{self.upright:.3%} upright"
            )
        if self.backdrop is not None:
            told.append(f"backdrops: {self.backdrop:.0%} of the sceneries' pixels are as in them")
        return told


def missing(model: nn.Module) -> bool:
    """Whether there is something to be found for a denoiser."""
    return any(part is not None and not bool(part.fitted) for part in _parts(model))


def find(
    model: nn.Module, source: WindowSource, seed: int, horizon: int, laws: int, backdrops: int
) -> Findings:
    """Find what a denoiser has not got yet, as far as the source knows it.

    Args:
        model: The denoiser; it is changed.
        source: Where moments come from.
        seed: Decides the outcome.
        horizon: Moments that are taken from one window.
        laws: Moments to find laws in.
        backdrops: Frames to find backdrops in.
    """
    found = Findings()
    own_laws, panorama = _parts(model)
    if own_laws is not None and not bool(own_laws.fitted):
        moments = law_moments(source, seed, horizon, laws)
        if moments is not None:
            across, upright = own_laws.fit(*moments, seed)
            found = found._replace(across=across, upright=upright)
    if panorama is not None and not bool(panorama.fitted):
        moments = backdrop_moments(source, seed, backdrops)
        if moments is not None:
            found = found._replace(backdrop=panorama.fit(*moments, seed))
    return found


def _parts(model: nn.Module) -> tuple[Laws | None, Panorama | None]:
    net = getattr(model, "net", None)
    return getattr(getattr(net, "body", None), "laws", None), getattr(net, "panorama", None)


def law_moments(
    source: WindowSource, seed: int, horizon: int, count: int
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Some `count` moments to fit laws to: memories, buttons and `law_targets`.

    None where the source does not know Mario's speed.
    """
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for number in range(-(-count // (_EACH * horizon))):
        pieces = source.batch(seed, _LAW_STREAM + number, _EACH, CONTEXT + horizon)
        memory = torch.from_numpy(memory_of(pieces.facts))
        buttons = torch.from_numpy(multi_hot(pieces.keys))
        targets = {n: torch.from_numpy(t) for n, t in targets_of(pieces.facts)._asdict().items()}
        for k in range(CONTEXT - 1, CONTEXT - 1 + horizon):
            truth = law_targets({name: target[:, k] for name, target in targets.items()})
            known = (memory[:, k, PLACED] > 0) & truth.isfinite().all(1)
            past = buttons[:, k + 1 - CONTEXT : k + 1]
            found.append((memory[:, k][known], past[known], truth[known]))
    memories, pasts, truths = (torch.cat(parts) for parts in zip(*found, strict=True))
    return (memories, pasts, truths) if len(memories) else None


def backdrop_moments(
    source: WindowSource, seed: int, count: int
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Some `count` sceneries to find the panorama in, with the camera's places and the themes.

    None where the source does not know the camera.
    """
    found = []
    for number in range(-(-count // _EACH)):
        pieces = source.batch(seed, _BACKDROP_STREAM + number, _EACH, 1)
        memory = torch.from_numpy(memory_of(pieces.facts[:, 0]))
        known = memory[:, PLACED] > 0
        sceneries = torch.from_numpy(pieces.scenery[:, 0]).movedim(-1, 1)[known]
        found.append((sceneries, memory[known, CAMERA], memory[known, THEME].long()))
    sceneries, cameras, themes = (torch.cat(parts) for parts in zip(*found, strict=True))
    return (sceneries, cameras, themes) if len(themes) else None
