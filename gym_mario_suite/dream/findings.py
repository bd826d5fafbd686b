"""What is found before a training's first step: laws, of Mario and of creatures, and backdrops.

All are exact where descent would only come near: they are fitted to moments of which the engine
knows everything, and then stay as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.appearing import born_of
from gym_mario_suite.dream.creature import Creature
from gym_mario_suite.dream.facts import SAME_PX, memory_of, newborn
from gym_mario_suite.dream.herd import Herd
from gym_mario_suite.dream.herd_numbers import herd_of, phase_of
from gym_mario_suite.dream.laws import Laws
from gym_mario_suite.dream.losses import law_targets
from gym_mario_suite.dream.memory import (
    CAMERA,
    HALF_PX,
    NEAR,
    NEAR_PLACE,
    NEAR_SPEED,
    PLACED,
    THEME,
)
from gym_mario_suite.dream.panorama import Panorama
from gym_mario_suite.dream.presets import CONTEXT, head_slices, multi_hot
from gym_mario_suite.dream.windows import WindowSource, targets_of

# Streams of windows, other ones than those of the steps.
_LAW_STREAM, _BACKDROP_STREAM = 1 << 31, 3 << 30
_HERD_STREAM = 5 << 29
_HERD_TICKS = 16  # of a window
_EACH = 64  # windows at once
_MOVE = head_slices()["move"]


class Findings(NamedTuple):
    """How much of what was looked at is explained; None for what was not to be found.

    Attributes:
        across: Share of the moments that no law explains to 0.03 px, across.
        upright: The same, upright.
        creature_across: The same of the creature nearest to Mario, across.
        creature_upright: The same, upright.
        herd_across: The same of all creatures, across.
        herd_upright: The same, upright.
        backdrop: Share of the sceneries' pixels that are as in the panorama.
    """

    across: float | None = None
    upright: float | None = None
    creature_across: float | None = None
    creature_upright: float | None = None
    herd_across: float | None = None
    herd_upright: float | None = None
    backdrop: float | None = None

    def lines(self) -> list[str]:
        """The same for people to read."""
        told = []
        if self.across is not None and self.upright is not None:
            told.append(
                f"laws of motion: all moments follow one but {self.across:.3%} across, "
                f"{self.upright:.3%} upright"
            )
        if self.creature_across is not None and self.creature_upright is not None:
            told.append(
                f"laws of creatures: all but {self.creature_across:.2%} across, "
                f"{self.creature_upright:.2%} upright"
            )
        if self.herd_across is not None and self.herd_upright is not None:
            told.append(
                f"laws of the herd: all but {self.herd_across:.2%} across, "
                f"{self.herd_upright:.2%} upright"
            )
        if self.backdrop is not None:
            told.append(f"backdrops: {self.backdrop:.0%} of the sceneries' pixels are as in them")
        return told


def missing(model: nn.Module) -> bool:
    """Whether there is something to be found for a denoiser."""
    return any(_unfitted(part) for part in _parts(model))


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
    own_laws, creature, panorama, herd = _parts(model)
    if _unfitted(own_laws) or _unfitted(creature):
        moments = law_moments(source, seed, horizon, laws)
        if moments is not None:
            if own_laws is not None and _unfitted(own_laws):
                across, upright = own_laws.fit(moments.memory, moments.buttons, moments.truth, seed)
                found = found._replace(across=across, upright=upright)
            if creature is not None and _unfitted(creature):
                across, upright = creature.fit(*same_creature(moments), seed)
                found = found._replace(creature_across=across, creature_upright=upright)
    if herd is not None and _unfitted(herd):
        moments = herd_moments(source, seed, laws)
        if moments is not None:
            across, upright = herd.fit(*moments, seed)
            found = found._replace(herd_across=across, herd_upright=upright)
    if panorama is not None and _unfitted(panorama):
        moments = backdrop_moments(source, seed, backdrops)
        if moments is not None:
            found = found._replace(backdrop=panorama.fit(*moments, seed))
    return found


def _parts(
    model: nn.Module,
) -> tuple[Laws | None, Creature | None, Panorama | None, Herd | None]:
    net = getattr(model, "net", None)
    body = getattr(net, "body", None)
    laws, creature = getattr(body, "laws", None), getattr(body, "creature", None)
    return laws, creature, getattr(net, "panorama", None), getattr(net, "herd", None)


def _unfitted(part: Laws | Creature | Panorama | Herd | None) -> bool:
    return part is not None and not bool(part.fitted)


class Moments(NamedTuple):
    """Moments of which everything is known.

    Attributes:
        memory: float[n, MEMORY_SIZE].
        buttons: float[n, CONTEXT, 6].
        truth: float[n, HEAD_SIZE], see `losses.law_targets`.
        after: float[n, MEMORY_SIZE], the memory a tick later.
    """

    memory: Tensor
    buttons: Tensor
    truth: Tensor
    after: Tensor


def _known(memory: Tensor) -> bool:
    """Whether some of these moments are an engine's.

    Where none is, the source has pictures alone, and going through all of it would find nothing.
    """
    return bool((memory[..., PLACED] > 0).any())


def same_creature(moments: Moments) -> tuple[Tensor, Tensor, Tensor]:
    """Memories of moments before and after which the same creature is nearest; way and speed."""
    before, after = moments.memory, moments.after
    mario = moments.truth[:, _MOVE][:, :2] * HALF_PX
    ways = after[:, NEAR_PLACE] + mario - before[:, NEAR_PLACE]
    same = (before[:, NEAR] > 0) & (after[:, NEAR] > 0) & (ways.abs().amax(1) < SAME_PX)
    return before[same], ways[same], after[same][:, NEAR_SPEED]


def law_moments(source: WindowSource, seed: int, horizon: int, count: int) -> Moments | None:
    """Some `count` moments to fit laws to; None where the source does not know Mario's speed."""
    found: list[Moments] = []
    for number in range(-(-count // (_EACH * horizon))):
        pieces = source.batch(seed, _LAW_STREAM + number, _EACH, CONTEXT + horizon)
        memory = torch.from_numpy(memory_of(pieces.facts))
        if not _known(memory):
            return None
        buttons = torch.from_numpy(multi_hot(pieces.keys))
        targets = {n: torch.from_numpy(t) for n, t in targets_of(pieces.facts)._asdict().items()}
        for k in range(CONTEXT - 1, CONTEXT - 1 + horizon):
            truth = law_targets({name: target[:, k] for name, target in targets.items()})
            known = (memory[:, k, PLACED] > 0) & truth.isfinite().all(1)
            past = buttons[:, k + 1 - CONTEXT : k + 1]
            found.append(
                Moments(memory[:, k][known], past[known], truth[known], memory[:, k + 1][known])
            )
    moments = Moments(*(torch.cat(parts) for parts in zip(*found, strict=True)))
    return moments if len(moments.memory) else None


class HerdMoments(NamedTuple):
    """Creatures of many moments, and how they came into being; see `Herd.fit`."""

    herd: Tensor
    phase: Tensor
    ways: Tensor
    births: tuple[Tensor, Tensor]


def herd_moments(source: WindowSource, seed: int, count: int) -> HerdMoments | None:
    """Creatures of some `count` moments; None where the source knows of none."""
    found: list[tuple[Tensor, ...]] = []
    codes, born = [], []
    for number in range(-(-count // (_EACH * _HERD_TICKS))):
        pieces = source.batch(seed, _HERD_STREAM + number, _EACH, CONTEXT + _HERD_TICKS)
        facts = pieces.facts[:, CONTEXT - 1 :]
        memory = torch.from_numpy(memory_of(facts))
        if not _known(memory):
            return None
        ways = torch.from_numpy(targets_of(facts).herd).flatten(0, 2)
        before, after = memory[:, :-1].flatten(0, 1), memory[:, 1:].flatten(0, 1)
        known = ways.isfinite().all(1)
        found.append(
            (
                herd_of(before).flatten(0, 1)[known],
                phase_of(before).flatten(0, 1)[known],
                ways[known],
            )
        )
        new = torch.from_numpy(newborn(facts[:, :-1], facts[:, 1:])).flatten(0, 1)
        hints = torch.from_numpy(pieces.hints[:, CONTEXT - 1 : -1]).flatten(0, 1)
        code, creature = born_of(hints, before, after, new)
        codes.append(code)
        born.append(creature)
    herd, phase, ways = (torch.cat(parts) for parts in zip(*found, strict=True))
    if not len(herd):
        return None
    return HerdMoments(herd, phase, ways, (torch.cat(codes), torch.cat(born)))


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
        if not _known(memory):
            return None
        known = memory[:, PLACED] > 0
        sceneries = torch.from_numpy(pieces.scenery[:, 0]).movedim(-1, 1)[known]
        found.append((sceneries, memory[known, CAMERA], memory[known, THEME].long()))
    sceneries, cameras, themes = (torch.cat(parts) for parts in zip(*found, strict=True))
    return (sceneries, cameras, themes) if len(themes) else None
