"""The herd: all creatures in the picture, each remembered with its place, its speed and its look.

Four frames of whole pixels tell as little of a creature as they do of Mario: painted from one frame
to the next it strays by pixels and fades. So the memory holds up to eight of them, in the picture
and about it. They go on by linear laws (see `linear_laws`), which are chosen by what tiles are
around each; with a level hint they come into being where the hint says. The one that is nearest to
Mario goes on as `creature` says, which looks closer; and whoever is nearest then is what that one
remembers.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.appearing import Appearing, with_hint
from gym_mario_suite.dream.creature import Paths
from gym_mario_suite.dream.ground import KIND, Ground, TileKinds
from gym_mario_suite.dream.herd_numbers import (
    SPEED,
    WHERE,
    frozen,
    herd_of,
    left_edge,
    part_of,
    phase_of,
    scrolled,
)
from gym_mario_suite.dream.linear_laws import (
    Units,
    chosen,
    error_px,
    fit_laws,
    unlikely,
)
from gym_mario_suite.dream.memory import (
    FLOWER,
    HALF_PX,
    HERD,
    KINDS,
    SCREEN,
    SCREEN_UNIT,
    SPEED_UNIT,
    Of,
)
from gym_mario_suite.dream.nearest import looked_at
from gym_mario_suite.dream.presets import HINT_TILE_CODES, DreamConfig
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX

LAWS = 24  # for each direction
# What a law across says: way, speed, where it looks; a law upright: way and speed.
_ACROSS_UNITS: Units = (SCREEN_UNIT, SPEED_UNIT, 1.0)
_UPRIGHT_UNITS: Units = (SCREEN_UNIT, SPEED_UNIT)
_TERMS = 4
_LOOKS = 40  # px from Mario that are told from each other: a flower waits while he is near
_LONG_WAIT = 40.0  # ticks, about
_OUTSIDE_PX = 64.0  # so far beyond the picture's edges a creature is forgotten
_STATE = len(KINDS) + 9 + 2 * _LOOKS + 1
_HIDDEN = 96


class Ways(NamedTuple):
    """How each creature may go on, and logits of the laws.

    Attributes:
        across: float[m, LAWS, 3], way to the right in SCREEN_UNIT, speed in SPEED_UNIT, facing.
        upright: float[m, LAWS, 2], the same down.
        across_logits: float[m, LAWS].
        upright_logits: float[m, LAWS].
    """

    across: Tensor
    upright: Tensor
    across_logits: Tensor
    upright_logits: Tensor


def plain_terms(herd: Tensor, phase: Tensor) -> Tensor:
    """What the laws of both directions are linear in, float[..., 2, terms].

    Args:
        herd: float[..., CREATURE].
        phase: float[..., 2], places within a tile, px.
    """
    speed = herd[..., SPEED] / SPEED_UNIT
    facing = part_of(herd, Of.FACING).expand_as(speed)
    ones = speed * 0 + 1
    return torch.stack([ones, speed, phase / TILE_PX, facing], dim=-1)


class Herd(nn.Module):
    """How all creatures go on.

    Args:
        config: The model, with ground.
    """

    across: Tensor
    upright: Tensor
    fitted: Tensor

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.register_buffer("across", torch.zeros(_TERMS, LAWS * 3))
        self.register_buffer("upright", torch.zeros(_TERMS, LAWS * 2))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))
        self.choice = nn.Sequential(
            nn.Linear(_STATE, _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, 2 * LAWS)
        )
        self.ground_across = Ground(LAWS, 3, _STATE)
        self.ground_upright = Ground(LAWS, 2, _STATE)
        self.hinted = nn.Embedding(HINT_TILE_CODES, KIND)
        nn.init.zeros_(self.hinted.weight)
        self.appearing = Appearing(config)

    # --- what is around creatures ---------------------------------------------------------------

    def tiles(
        self, look: TileKinds, scenery: Tensor, memory: Tensor, hint: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What kind each tile of the picture is, and how likely one is a cannon.

        Behind the last column of the picture follow those that a hint tells of.

        Args:
            look: What tells it of a tile.
            scenery: float[n, 3, h, w], of the last frame.
            memory: float[n, MEMORY_SIZE].
            hint: int64[n, HINT_COLUMNS, 15, 2], the level hint.
            place: float[n, 2], the camera's place within its tile, and 1 where there is a hint.

        Returns:
            float[n, KIND, rows, columns], and logits float[n, rows, columns].
        """
        whole = look.whole(scenery, (left_edge(memory)[:, 0] / HALF_PX).round().long())
        # What tells it learns from where Mario stands, and not from here.
        seen = look.look(whole).float().detach()
        kinds = with_hint(seen, self.hinted, hint, place, 0.0)
        return kinds, self.appearing.cannons(whole, hint, place)

    def around(
        self, kinds: Tensor, memory: Tensor, herd: Tensor, scroll: Tensor | None = None
    ) -> Tensor:
        """The tiles around each creature, float[n * HERD, tiles, KIND], as `Ground` takes them.

        Args:
            kinds: See `tiles`.
            memory: float[n, MEMORY_SIZE], of the moment of these tiles.
            herd: float[n, HERD, CREATURE], of that moment; or, with a scroll, of the next.
            scroll: float[n, 1], how far the camera went between them, px of the engine.
        """
        rows, columns = map(int, kinds.shape[2:])
        edge = left_edge(memory) if scroll is None else left_edge(memory) + scroll
        corner = ((herd[..., WHERE] + functional.pad(edge, (0, 1))[:, None]) / TILE_PX).floor()
        # Columns, and then rows.
        at = corner[..., None] + Ground.window(corner)
        last = at.new_tensor([columns - 1, rows - 1])[:, None]
        there = torch.minimum(at.clamp_min(0), last)
        inside = (there == at).to(kinds.dtype).amin(2)
        index = (there * at.new_tensor([1, columns])[:, None]).sum(2).long()
        index = index.flatten(1)[..., None].expand(-1, -1, KIND)
        near = kinds.flatten(2).transpose(1, 2).gather(1, index) * inside.flatten(1)[..., None]
        return near.unflatten(1, (HERD, -1)).flatten(0, 1)

    # --- how they go on -------------------------------------------------------------------------

    def ways(self, memory: Tensor, kinds: Tensor, rows: Tensor | None = None) -> Ways:
        """How each of the herd may go on, of n * HERD creatures.

        Args:
            memory: float[n, MEMORY_SIZE].
            kinds: See `tiles`.
            rows: int64[m], of which creatures alone; None for all.
        """
        herd = herd_of(memory)
        phase = phase_of(memory)
        terms = plain_terms(herd, phase).flatten(0, 1)
        phase = phase.flatten(0, 1)
        near = self.around(kinds, memory, herd)
        state = self.state(memory, herd).flatten(0, 1)
        if rows is not None:
            terms, phase, near, state = terms[rows], phase[rows], near[rows], state[rows]
        logits = self.choice(state)
        across = (terms[:, 0] @ self.across).unflatten(1, (LAWS, 3))
        upright = (terms[:, 1] @ self.upright).unflatten(1, (LAWS, 2))
        x = phase[:, :1] + across[..., 0] * SCREEN_UNIT
        leads = torch.stack([x, phase[:, 1:].expand_as(x)], dim=2)
        across_logits = logits[:, :LAWS] + self.ground_across(near, leads, across, state)
        one = chosen(across, across_logits)[:, :1]
        # Across comes first, as with Mario.
        y = phase[:, 1:] + upright[..., 0] * SCREEN_UNIT
        leads = torch.stack([(phase[:, :1] + one * SCREEN_UNIT).expand_as(y), y], dim=2)
        upright_logits = logits[:, LAWS:] + self.ground_upright(near, leads, upright, state)
        return Ways(across, upright, across_logits, upright_logits)

    def state(self, memory: Tensor, herd: Tensor) -> Tensor:
        """What is known of each creature but its place, float[n, HERD, _STATE]."""
        apart = memory[:, None, SCREEN.start, None] - part_of(herd, Of.X)
        at = torch.arange(-_LOOKS, _LOOKS + 1, device=herd.device, dtype=herd.dtype)
        beside = (1 - (apart - at).abs()).clamp_min(0)
        waited = (part_of(herd, Of.WAIT) - _LONG_WAIT).clamp(-1, 1)
        still = (herd[..., SPEED] == 0).to(herd.dtype)
        return torch.cat(
            [
                self.kind_of(herd),
                *(herd[..., SPEED] / SPEED_UNIT, still, part_of(herd, Of.FACING)),
                *(part_of(herd, Of.WINGED), waited, part_of(herd, Of.THERE)),
                frozen(memory)[:, None].expand(-1, HERD, -1),
                beside,
            ],
            dim=2,
        )

    def kind_of(self, herd: Tensor) -> Tensor:
        """What each is, as switches, float[..., kinds]."""
        kinds = torch.arange(len(KINDS), device=herd.device, dtype=herd.dtype)
        return (part_of(herd, Of.KIND) == kinds).to(herd.dtype)

    def after(
        self,
        memory: Tensor,
        ways: Ways,
        head: Tensor,
        paths: Paths,
        cannons: Tensor,
        hint: Tensor,
        place: Tensor,
    ) -> Tensor:
        """The herd after the step, float[n, HERD, CREATURE].

        Args:
            memory: float[n, MEMORY_SIZE], before it.
            ways: See `ways`.
            head: float[n, HEAD_SIZE].
            paths: Of the nearest creature.
            cannons: See `tiles`.
            hint: int64[n, HINT_COLUMNS, 15, 2], the level hint.
            place: float[n, 2], the camera's place within its tile, and 1 where there is a hint.
        """
        before = herd_of(memory)
        across = chosen(ways.across, ways.across_logits).unflatten(0, (-1, HERD))
        upright = chosen(ways.upright, ways.upright_logits).unflatten(0, (-1, HERD))
        scroll = scrolled(head)
        way = torch.cat([across[..., :1], upright[..., :1]], dim=2) * SCREEN_UNIT
        where = before[..., WHERE] + way - functional.pad(scroll, (0, 1))[:, None]
        middle = where.new_tensor([SCREEN_WIDTH_PX, SCREEN_HEIGHT_PX]) / 2
        inside = (where - middle).abs() < middle + _OUTSIDE_PX
        inside = inside.to(where.dtype).amin(2, keepdim=True)
        rests = (way[..., 1:].abs() < 0.01).to(where.dtype)
        is_flower = (part_of(before, Of.KIND) == FLOWER).to(where.dtype)
        wait = (part_of(before, Of.WAIT) + 1).clamp_max(_LONG_WAIT + 20)
        wait = wait * (1 - is_flower * (1 - rests))
        herd = torch.cat(
            [
                *(part_of(before, Of.THERE) * inside, where),
                *(across[..., 1:2] * SPEED_UNIT, upright[..., 1:] * SPEED_UNIT),
                across[..., 2:].round().clamp(-1, 1),
                *(before[..., Of.KIND : Of.WAIT], wait),
            ],
            dim=2,
        )
        herd = looked_at(memory, before, herd, head, paths)
        herd = self.appearing.spawned(memory, herd, hint, place, scroll)
        herd = self.appearing.fired(memory, herd, cannons, scroll)
        return herd * herd[..., :1]

    # --- what is found before a training --------------------------------------------------------

    def fit(
        self,
        herd: Tensor,
        phase: Tensor,
        ways: Tensor,
        births: tuple[Tensor, Tensor],
        seed: int,
    ) -> tuple[float, float]:
        """Find the laws, and how creatures come into being.

        Args:
            herd: float[m, CREATURE], creatures of many moments.
            phase: float[m, 2], their places within a tile, px.
            ways: float[m, 5], see `way_loss`.
            births: See `appearing.born_of`.
            seed: Decides the outcome.

        Returns:
            The share of the moments that no law explains to 0.03 px, across and upright.
        """
        generator = torch.Generator().manual_seed(seed)
        terms, left = plain_terms(herd, phase), []
        for side, (laws, units, columns) in enumerate(
            (
                (self.across, _ACROSS_UNITS, [0, 2, 4]),
                (self.upright, _UPRIGHT_UNITS, [1, 3]),
            )
        ):
            truth = ways[:, columns]
            left.append(fit_laws(laws, terms[:, side], truth, units, generator))
        self.appearing.fit(*births)
        self.fitted.fill_(True)
        return left[0], left[1]


def way_loss(ways: Ways, truth: Tensor) -> Tensor:
    """How unlikely the choices make what is true; only the choices learn from it.

    Args:
        ways: Of m creatures.
        truth: float[m, 5], way right and down in SCREEN_UNIT, speeds in SPEED_UNIT, facing.
    """
    across = error_px(ways.across.detach(), truth[:, [0, 2, 4]], _ACROSS_UNITS)
    upright = error_px(ways.upright.detach(), truth[:, [1, 3]], _UPRIGHT_UNITS)
    losses = unlikely(ways.across_logits, across) + unlikely(ways.upright_logits, upright)
    return losses.sum() / max(1, len(losses))
