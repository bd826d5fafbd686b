import numpy as np
import pytest

from gym_mario_suite.levels.diffusion.inference import cell_logits, features, make_buffers
from gym_mario_suite.levels.diffusion.shape import FAR, NetworkShape
from gym_mario_suite.levels.diffusion.weights import weights_of

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(("height", "width"), [(14, 24), (28, 10)])
def test_the_compiled_network_is_the_trained_one(height, width):
    from gym_mario_suite.levels.diffusion.network import DenoisingNetwork

    torch.manual_seed(0)
    shape = NetworkShape(fine=16, coarse=24, head=16, dilations=(1, 2))
    network = DenoisingNetwork(shape).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    weights = weights_of({k: v.numpy() for k, v in network.state_dict().items()}, shape)
    codes = np.random.default_rng(0).integers(0, 14, (height, width)).astype(np.uint8)
    buffers = make_buffers(weights, height, width)
    for first, level_width in ((3, width + 5), (FAR, 4 * FAR)):
        features(codes, 4, first, level_width, weights, buffers)
        cell_logits(np.arange(height * width), weights, buffers)
        ours = buffers.logits.reshape(height, width, 13)
        start = torch.tensor([first])
        end = torch.tensor([level_width - first - width])
        with torch.inference_mode():
            theirs = network(
                torch.from_numpy(codes.astype(np.int64))[None], torch.tensor([4]), start, end
            )
        assert np.allclose(ours, theirs[0].permute(1, 2, 0).numpy(), atol=1e-4)
        some = np.array([5, height * width - 1])
        cell_logits(some, weights, buffers)
        assert np.array_equal(buffers.logits[:2], ours.reshape(-1, 13)[some]) or np.allclose(
            buffers.logits[:2], theirs[0].permute(1, 2, 0).reshape(-1, 13)[some], atol=1e-4
        )
