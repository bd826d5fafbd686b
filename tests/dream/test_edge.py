"""What comes into view at the right edge."""

import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.composition import Parts, composed  # noqa: E402
from gym_mario_suite.dream.edge import EdgePainter  # noqa: E402
from gym_mario_suite.dream.layers import OUTSIDE, covered  # noqa: E402
from gym_mario_suite.dream.losses import to_batch  # noqa: E402
from gym_mario_suite.dream.presets import HEAD_SIZE, DreamConfig, preset  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

CONFIG = preset("tiny")
HEIGHT, WIDTH, _ = CONFIG.shape


def test_the_strip_lies_on_the_last_column_and_only_with_a_hint() -> None:
    torch.manual_seed(0)
    edge = EdgePainter(CONFIG)
    last, tiles = torch.rand(2, 3, HEIGHT, WIDTH), torch.randint(0, 16, (2, 4, 15, 2))
    place, way = torch.tensor([[0.5, 1.0], [0.0, 0.0]]), torch.tensor([1.0, 2.0])
    with torch.no_grad():
        layer = edge(last, tiles, place, way)
        strip = edge.strip(last, tiles, place, way)
    assert torch.equal(torch.cat(layer, 1)[0], strip[0])
    assert bool((layer.cover[1] == OUTSIDE).all())
    frame = torch.rand(2, 3, HEIGHT, WIDTH)
    parts = Parts(frame, torch.zeros(2, HEAD_SIZE), edge=layer)
    side, made = CONFIG.patch, composed(parts, None, CONFIG).scenery
    assert torch.equal(made[..., :-side], frame[..., :-side])
    assert torch.equal(made[..., -side:], covered(frame[..., -side:], layer))
    whole = layer.widened(WIDTH)
    assert torch.equal(made, covered(frame, whole))
    assert bool((whole.cover[..., :-side] == OUTSIDE).all())


def test_each_row_of_tiles_is_painted_from_itself_and_its_neighbours() -> None:
    torch.manual_seed(0)
    edge = EdgePainter(CONFIG)
    last, tiles = torch.rand(1, 3, HEIGHT, WIDTH), torch.zeros(1, 4, 15, 2, dtype=torch.long)
    place, way = torch.ones(1, 2), torch.ones(1)
    other = tiles.clone()
    other[0, 2, 7] = 9
    with torch.no_grad():
        changed = (edge.strip(last, tiles, place, way) != edge.strip(last, other, place, way))[0]
    rows = changed.any(dim=0).any(dim=1).unflatten(0, (15, CONFIG.patch)).any(dim=1)
    assert rows.nonzero().flatten().tolist() == [6, 7, 8]


def test_it_learns_what_the_hint_tells(tapes: Tapes) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    windows = TapeWindows(tapes, HEIGHT, WIDTH, end_share=0)
    edge = EdgePainter(CONFIG)
    optimiser = torch.optim.Adam(edge.parameters(), lr=5e-3)
    batch = to_batch(windows.batch(0, 0, 48, 5))
    way = batch.targets["move"][:, 3, 2]
    truth = batch.scenery[:, 4, :, :, -CONFIG.patch :]
    errors = []
    for _ in range(100):
        strip = edge.strip(batch.scenery[:, 3], batch.tiles[:, 3], batch.place[:, 3], way)
        error = (strip[:, :3] - truth).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
        errors.append(error.item())
    assert errors[-1] < 0.1 * errors[0]
    # And not when it is told the tiles of other levels.
    with torch.no_grad():
        wrong = batch.tiles[:, 3].roll(1, dims=0)
        strip = edge.strip(batch.scenery[:, 3], wrong, batch.place[:, 3], way)
        assert (strip[:, :3] - truth).square().mean() > 1.3 * errors[-1]


def test_an_edge_needs_a_hint() -> None:
    with pytest.raises(OptionError, match="edge needs level_hint=True"):
        DreamConfig(name="x", memory=True, focus=8, edge=True, level_hint=False)
