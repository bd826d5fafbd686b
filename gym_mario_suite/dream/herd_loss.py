"""The stage "herd": how creatures go on, when cannons fire, and what all of them look like.

That takes no network but a few small ones, so that it is learnt a hundred times faster by itself
than beside the rest.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.appearing import shot_loss
from gym_mario_suite.dream.herd import Herd, way_loss
from gym_mario_suite.dream.herd_layer import WIDTH
from gym_mario_suite.dream.herd_numbers import herd_of
from gym_mario_suite.dream.layers import Layer, covering_error, cut
from gym_mario_suite.dream.losses import Batch
from gym_mario_suite.dream.memory import HALF_PX, HERD, Of
from gym_mario_suite.dream.network import UnshuffleNet
from gym_mario_suite.dream.presets import CONTEXT, DreamConfig
from gym_mario_suite.errors import OptionError


def herd_loss(
    net: nn.Module, config: DreamConfig, batch: Batch
) -> tuple[Tensor, dict[str, Tensor]]:
    """The error of creatures' pictures, and what the choices lose, by name.

    Raises:
        OptionError: For a model without a herd.
    """
    if not isinstance(net, UnshuffleNet) or net.herd is None:
        raise OptionError(f"the stage 'herd' needs a model with a herd, not {config.name!r}")
    # In full precision, as in the network: a law is right to a thousandth.
    with torch.autocast(batch.frames.device.type, enabled=False):
        error, unlikely = herd_error(net, net.herd, batch, config)
    return error, {"herd": unlikely}


def herd_error(
    net: UnshuffleNet, herd: Herd, batch: Batch, config: DreamConfig
) -> tuple[Tensor, Tensor]:
    """What creatures look like beside the truth, and how unlikely the ways they go are made.

    Every transition of the windows, from true frames; only the herd and its layer learn from it.
    """
    assert net.body is not None
    assert net.body.tiles is not None
    assert net.herd_layer is not None
    steps = range(CONTEXT - 1, batch.frames.shape[1] - 1)
    layer, error, unlikely = net.herd_layer, batch.frames.new_zeros(()), []
    for k in steps:
        memory, after = batch.memory[:, k], batch.memory[:, k + 1]
        scenery = batch.scenery[:, k] / config.sigma_data
        kinds, cannons = herd.tiles(
            net.body.tiles, scenery, memory, batch.tiles[:, k], batch.place[:, k]
        )
        shot = shot_loss(cannons, memory, batch.targets["shots"][:, k])
        ways = batch.targets["herd"][:, k].flatten(0, 1)
        known = ways.isfinite().all(1).nonzero()[:, 0]
        unlikely.append(way_loss(herd.ways(memory, kinds, known), ways[known]) + shot)
        # The pictures of those that are there and to be seen.
        creatures = herd_of(after)
        scroll = batch.targets["move"][:, k, 2:] * HALF_PX
        near = herd.around(kinds, memory, creatures, scroll)
        top, left = (part.flatten() for part in layer.corner(creatures))
        shown = (
            (creatures[..., Of.THERE].flatten() > 0) & (left > -WIDTH) & (left < config.width_px)
        )
        rows = shown.nonzero()[:, 0]
        canvas = layer.canvas(layer.told(herd, creatures, after, near)[rows])
        which = rows // HERD
        pictures = torch.cat([batch.scenery[:, k + 1], batch.frames[:, k + 1]], dim=1)[which]
        truth = cut(pictures, top[rows], left[rows], *canvas.shape[2:])
        error = (
            error
            + covering_error(truth[:, :3], Layer.of(canvas), truth[:, 3:6], truth[:, 6:]).mean()
        )
    return error / len(steps), torch.stack(unlikely).mean()
