"""The nearest creature: that it follows laws, and what Mario learns of where it goes."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.creature import (  # noqa: E402
    LAWS,
    Contact,
    Creature,
    free_guess,
    path_loss,
)
from gym_mario_suite.dream.findings import Moments, law_moments, same_creature  # noqa: E402
from gym_mario_suite.dream.memory import (  # noqa: E402
    MEMORY_SIZE,
    NEAR,
    NEAR_PLACE,
    NEAR_PX,
    NEAR_SPEED,
    SCREEN_UNIT,
    SPEED_UNIT,
)
from gym_mario_suite.dream.presets import HEAD_SIZE, head_slices, preset  # noqa: E402
from gym_mario_suite.dream.sight import Sight  # noqa: E402
from gym_mario_suite.dream.train_options import TrainOptions  # noqa: E402
from gym_mario_suite.dream.training import Trainer  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

S = head_slices()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def moments(tapes: Tapes) -> Moments:
    found = law_moments(TapeWindows(tapes, 60, 64), 0, 8, 8192)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def fitted(moments: Moments) -> tuple[Creature, tuple[float, float]]:
    torch.manual_seed(0)
    creature = Creature(4, 8)
    return creature, creature.fit(*same_creature(moments), seed=0)


def test_nearly_all_creatures_follow_a_law(fitted: tuple[Creature, tuple[float, float]]) -> None:
    creature, unexplained = fitted
    assert creature.fitted
    assert max(unexplained) < 0.05


def test_the_right_law_leads_where_the_creature_goes(
    moments: Moments, fitted: tuple[Creature, tuple[float, float]]
) -> None:
    creature, _ = fitted
    here = (moments.memory[:, NEAR] > 0) & (moments.after[:, NEAR] > 0)
    memory, after = moments.memory[here], moments.after[here]
    state = torch.zeros(len(memory), 4)
    _, paths = creature(memory, state, torch.zeros(len(memory), 4))
    head = torch.zeros(len(memory), HEAD_SIZE)
    head[:, S["move"]] = moments.truth[here][:, S["move"]]
    _, paths = creature.follow(paths, head)
    truth = torch.cat([after[:, NEAR_PLACE] / SCREEN_UNIT, after[:, NEAR_SPEED] / SPEED_UNIT], 1)
    for side, part in enumerate(paths.ways.unbind(1)):
        apart = (part[:, :-1, 0] - truth[:, None, side]).abs().amin(1) * SCREEN_UNIT
        # Now and then another one becomes the nearest.
        assert (apart > 0.1).float().mean() < 0.1


def test_where_there_is_none_only_what_is_seen_counts(
    fitted: tuple[Creature, tuple[float, float]],
) -> None:
    creature, _ = fitted
    seen = torch.rand(2, 4)
    goes, paths = creature(torch.zeros(2, MEMORY_SIZE), torch.randn(2, 4), seen)
    assert not goes[:, 0].any()
    head = torch.randn(2, HEAD_SIZE)
    said, paths = creature.follow(paths, head)
    expected = seen.clone()
    # As seen from where Mario is then.
    expected[:, :2] -= head[:, S["move"]][:, :2] * 2 / SCREEN_UNIT
    assert torch.allclose(said[:, S["nearest"]], expected)
    assert torch.equal(free_guess(said, paths), said)
    assert torch.equal(said[:, : S["near"].start], head[:, : S["near"].start])
    assert bool((paths.logits[:, 0].argmax(1) == LAWS).all())


def test_who_is_far_away_is_not_near(fitted: tuple[Creature, tuple[float, float]]) -> None:
    creature, _ = fitted
    seen = torch.zeros(2, 4)
    seen[:, 0] = torch.tensor([NEAR_PX - 2, NEAR_PX + 2]) / SCREEN_UNIT
    _, paths = creature(torch.zeros(2, MEMORY_SIZE), torch.zeros(2, 4), seen)
    head = torch.zeros(2, HEAD_SIZE)
    head[:, S["near"]] = 5
    said, _ = creature.follow(paths, head)
    assert (said[:, S["near"]] > 0).flatten().tolist() == [True, False]


def test_sight_learns_where_something_is() -> None:
    torch.manual_seed(0)
    sight = Sight(3, 40, 27)
    optimiser = torch.optim.Adam(sight.parameters(), lr=3e-2)
    generator = torch.Generator().manual_seed(0)
    error = torch.zeros(())
    for _ in range(200):
        features = torch.rand(16, 3, 10, 10, generator=generator) * 0.1
        row, column = torch.randint(10, (2, 16), generator=generator)
        features[torch.arange(16), 1, row, column] = 2.0
        said = sight(features, torch.zeros(16, 2))
        # The middles of cells of four px, as seen from px 20, 27; two px of the engine each.
        truth = torch.stack([column * 4 + 2 - 20, row * 4 + 2 - 27], 1) * 2 / SCREEN_UNIT
        error = (said[:, :2] - truth).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error * SCREEN_UNIT < 3


def test_without_a_creature_no_path_is_wrong(
    fitted: tuple[Creature, tuple[float, float]],
) -> None:
    _, paths = fitted[0](torch.rand(3, MEMORY_SIZE), torch.randn(3, 4), torch.randn(3, 4))
    unknown = torch.full((3, 4), float("nan"))
    assert path_loss(paths, unknown).item() == 0


def test_contact_learns_to_tell_a_touch_from_a_miss() -> None:
    torch.manual_seed(0)
    contact = Contact(2, 32, 3)
    optimiser = torch.optim.Adam(contact.parameters(), lr=1e-2)
    kill = S["kill"].start
    wrong = 1.0
    for _ in range(300):
        creature = torch.cat([torch.ones(64, 1), torch.rand(64, 2) * 40 - 20], 1)
        way = torch.rand(64, 2) * 8
        apart = creature[:, 1:] - way
        touched = (apart.abs() < 10).all(1).float()
        _, events = contact(creature, way, torch.zeros(64, 2))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(events[:, kill], touched)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        wrong = float(((events[:, kill] > 0) != (touched > 0)).float().mean())
    assert wrong < 0.05
    absent = contact(torch.zeros(1, 3), torch.zeros(1, 2), torch.ones(1, 2))
    assert not any(part.any() for part in absent)


def test_a_tick_is_the_same_creature_only_if_it_is_not_far() -> None:
    memory, after = torch.zeros(3, MEMORY_SIZE), torch.zeros(3, MEMORY_SIZE)
    memory[:2, NEAR] = after[:2, NEAR] = 1
    after[1, NEAR_PLACE] = torch.tensor([30.0, 0])
    truth = torch.zeros(3, HEAD_SIZE)
    truth[0, S["move"].start] = 1.5
    before, ways, _ = same_creature(Moments(memory, torch.zeros(3, 4, 6), truth, after))
    assert np.allclose(ways.numpy(), [[3, 0]])
    assert len(before) == 1


def test_the_stage_contact_teaches_contacts_and_nothing_else(tapes: Tapes) -> None:
    source = TapeWindows(tapes, 60, 64, touch_share=0.5)
    options = TrainOptions(
        stage="contact", steps=60, batch=8, horizon=4, rate=4e-3, warm_up=5, law_moments=2048
    )
    trainer = Trainer(preset("tiny"), options, source)
    trainer.find()
    before = {n: t.clone() for n, t in trainer.model.state_dict().items()}
    losses = [(p.loss, p.head["kill"] + p.head["power"]) for p in trainer.run()]
    moved = {n for n, t in trainer.model.state_dict().items() if not torch.equal(t, before[n])}
    own = {n for n, _ in trainer.model.named_parameters() if ".laws.contact." in n}
    assert moved == own
    first, last = np.mean(losses[:10], 0), np.mean(losses[-10:], 0)
    assert (last < 0.9 * first).all()
    lawless = TrainOptions(stage="contact", steps=1, batch=2)
    with pytest.raises(OptionError, match="needs a model with laws, not 'tiny'"):
        list(Trainer(preset("tiny", laws=0), lawless, source).run())
