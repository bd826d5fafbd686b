"""The herd: that creatures go on, appear, fire and are drawn as in the engine."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream import creature
from gym_mario_suite.dream.appearing import shot_loss, volley_column
from gym_mario_suite.dream.blocks import clock_of
from gym_mario_suite.dream.creature import Paths
from gym_mario_suite.dream.facts import FACT, herd_ways, memory_of, newborn, note, shots
from gym_mario_suite.dream.findings import herd_moments
from gym_mario_suite.dream.herd import LAWS, Herd, Ways, way_loss
from gym_mario_suite.dream.herd_layer import SIDE, WIDTH, HerdLayer
from gym_mario_suite.dream.herd_numbers import herd_of
from gym_mario_suite.dream.layers import cut, laid
from gym_mario_suite.dream.memory import (
    BULLET,
    CREATURE,
    GREEN_KOOPA,
    HERD,
    HERD_FROM,
    MEMORY,
    MEMORY_SIZE,
    NEAR,
    NEAR_KIND,
    NEAR_PLACE,
    PLACED,
    SCANS,
    SCREEN,
    SHELL,
    VOLLEY,
    Of,
)
from gym_mario_suite.dream.nearest import remembered_with
from gym_mario_suite.dream.network import Denoiser, example_inputs
from gym_mario_suite.dream.presets import CONTEXT, HEAD_SIZE, head_slices, preset
from gym_mario_suite.dream.tape_player import Pieces
from gym_mario_suite.dream.train_options import TrainOptions
from gym_mario_suite.dream.training import Trainer
from gym_mario_suite.dream.windows import TapeWindows, targets_of
from gym_mario_suite.engine.world import Kind
from gym_mario_suite.errors import OptionError

S = head_slices()
SMALL = preset("xs", channels=(16, 24), blocks=(1, 1, 1), condition=16, laws=4, fine=8)
GOOMBA, MUSHROOM = 0, 7


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pieces(tapes: Tapes) -> Pieces:
    return TapeWindows(tapes, 120, 160).batch(5, 0, 48, 32)


@pytest.fixture(scope="module")
def herd(tapes: Tapes) -> Herd:
    torch.manual_seed(0)
    found = Herd(SMALL)
    moments = herd_moments(TapeWindows(tapes, 60, 64), 0, 12_000)
    assert moments is not None
    assert max(found.fit(*moments, seed=0)) < 0.01
    return found


def test_what_is_noted_of_creatures_is_what_the_engine_knows(tapes: Tapes) -> None:
    seen = 0
    for index in range(4):
        game = tapes.game(index)
        for keys in tapes.keys_of(index).tolist()[:200]:
            game.tick(keys)
        world = game.worlds[0]
        facts = np.zeros(len(FACT), np.float32)
        note(game.image, world, 0, facts)
        there = herd_of(torch.from_numpy(memory_of(facts[None])))[0]
        sprites = [world["sprites"][slot] for slot in world["order"][: world["n_sprites"]]]
        alive = [
            s
            for s in sprites
            if Kind.GOOMBA <= s["kind"] <= Kind.FIRE_FLOWER and not s["dead_time"]
        ]
        left = int(facts[FACT["camera"]]) // 2 * 2
        told = sorted((float(s["x"]) - left, float(s["y"]), int(s["facing"])) for s in alive)
        mine = sorted((float(c[Of.X]), float(c[Of.Y]), int(c[Of.FACING])) for c in there if c[0])
        assert len(mine) == min(HERD, len(told))
        assert len(told) > HERD or np.allclose(mine, told, atol=1e-3)
        seen += len(mine)
    assert seen > 4


def test_a_creature_is_known_again_by_its_number() -> None:
    before, after = np.zeros((2, len(FACT)), np.float32)
    for facts, number, slot, x in ((before, 3, 0, 50.0), (after, 3, 5, 48.0), (after, 9, 0, 90.0)):
        facts[FACT[f"creature_{slot}_id"]] = number
        facts[FACT[f"creature_{slot}_x"]] = x
        facts[FACT[f"creature_{slot}_kind"]] = BULLET
        facts[FACT[f"creature_{slot}_y"]] = 40
    ways = herd_ways(before, after)
    assert ways[0].tolist() == [-2, 0, 0, 0, 0]
    assert np.isnan(ways[1:]).all()
    assert newborn(before, after).tolist() == [True] + [False] * 7
    assert shots(before, after).tolist() == [0, 0, 1] + [0] * 12
    # The number of one that is gone may be given to another one.
    after[FACT["creature_5_x"]] = 150
    assert np.isnan(herd_ways(before, after)).all()


def _true_head(pieces: Pieces, k: int) -> torch.Tensor:
    head = torch.zeros(len(pieces.facts), HEAD_SIZE)
    targets = targets_of(pieces.facts)
    head[:, S["move"]] = torch.from_numpy(targets.move[:, k])
    head[:, S["screen"]] = torch.from_numpy(targets.screen[:, k]).nan_to_num()
    return head


def test_creatures_appear_where_and_when_they_do_in_the_engine(herd: Herd, pieces: Pieces) -> None:
    memory = torch.from_numpy(memory_of(pieces.facts))
    hints = torch.from_numpy(pieces.hints).long()
    hinted = torch.ones(len(memory), 2)
    new = torch.from_numpy(newborn(pieces.facts[:, :-1], pieces.facts[:, 1:]))
    right = total = false = 0
    nobody = torch.zeros(len(memory), HERD, len(CREATURE))
    for k in range(memory.shape[1] - 1):
        head = _true_head(pieces, k)
        scrolled = head[:, S["move"].stop - 1].round()[:, None] * 2
        born = herd.appearing.spawned(memory[:, k], nobody, hints[:, k], hinted, scrolled)
        after = herd_of(memory[:, k + 1])
        for row in range(len(memory)):
            mine = born[row][born[row, :, 0] > 0]
            beyond = (after[row, :, Of.X] > 320) & (after[row, :, Of.KIND] != BULLET)
            truth = after[row][new[row, k] & beyond]
            if (after[row, :, 0] > 0).all():
                continue  # there may be more than are noted
            total += len(truth)
            near = (mine[:, None] - truth).abs().amax(2) < 0.05
            right += int(near.any(0).sum())
            false += int((~near.any(1)).sum())
    assert total > 10
    assert right >= 0.95 * total
    assert false <= 0.1 * total
    unhinted = herd.appearing.spawned(memory[:, 0], nobody, hints[:, 0], hinted * 0, hinted[:, :1])
    assert not unhinted.any()


def test_cannons_fire_when_it_is_their_turn(herd: Herd, pieces: Pieces) -> None:
    memory = torch.from_numpy(memory_of(pieces.facts))
    fired = torch.from_numpy(shots(pieces.facts[:, :-1], pieces.facts[:, 1:]))
    right = total = 0
    for k in range(memory.shape[1] - 1):
        column, turn = volley_column(memory[:, k], 23)
        # As if every cannon were known that fires now.
        cannons = torch.full((len(memory), 15, 23), -5.0)
        for row, y in fired[:, k].nonzero().tolist():
            cannons[row, y, column[row]] = 5
        scrolled = _true_head(pieces, k)[:, S["move"].stop - 1].round()[:, None] * 2
        nobody = torch.zeros(len(memory), HERD, len(CREATURE))
        born = herd.appearing.fired(memory[:, k], nobody, cannons, scrolled)
        after = herd_of(memory[:, k + 1])
        for row in fired[:, k].any(1).nonzero()[:, 0].tolist():
            truth = after[row][(after[row, :, Of.KIND] == BULLET) & (after[row, :, 0] > 0)]
            inside = bool(turn[row])
            total += inside
            near = (born[row, 0] - truth).abs().amax(1) < 0.05
            right += inside and bool(near.any())
    assert total >= 5
    assert right >= 0.9 * total


def test_cannons_learn_only_from_those_whose_turn_it_is() -> None:
    memory = torch.zeros(3, MEMORY_SIZE)
    memory[:, PLACED] = 1
    memory[:, VOLLEY] = torch.tensor([8.0, 9.0, 8.0])
    # The third stands beside it.
    memory[:, SCREEN.start] = torch.tensor([200.0, 200.0, 70.0])
    cannons = torch.zeros(3, 15, 23, requires_grad=True)
    fired = torch.zeros(3, 15)
    fired[0, 6] = 1
    shot_loss(cannons, memory, fired).backward()
    assert cannons.grad is not None
    touched = cannons.grad.abs().sum(1).nonzero().tolist()
    assert touched == [[0, 4]]
    assert cannons.grad[0, 6, 4] < 0 < cannons.grad[0, 7, 4]


def _ways(across: list[float], upright: list[float]) -> Ways:
    """Of a herd whose every creature goes the same way, whatever it is."""
    logits = torch.zeros(HERD, LAWS)
    logits[:, 0] = 9
    one = torch.zeros(HERD, LAWS, 3)
    other = torch.zeros(HERD, LAWS, 2)
    one[:, 0], other[:, 0] = torch.tensor(across), torch.tensor(upright)
    return Ways(one, other, logits, logits)


def _moment(*creatures: tuple[float, float, int]) -> torch.Tensor:
    """The memory of a moment with Mario at (160, 100) and creatures at x, y, of a kind."""
    memory = torch.zeros(1, MEMORY_SIZE)
    memory[0, [MEMORY.index(name) for name in ("known", "placed", "seen")]] = 1
    memory[0, SCREEN] = torch.tensor([160.0, 100])
    told = memory[0, HERD_FROM:].view(HERD, len(CREATURE))
    for slot, (x, y, kind) in enumerate(creatures):
        told[slot, :3] = torch.tensor([1.0, x, y])
        told[slot, Of.KIND] = kind
    head = torch.zeros(1, HEAD_SIZE)
    head[0, S["screen"]] = torch.tensor([10.0, 6.25])
    return remembered_with(memory, memory, head, herd_of(memory))


Said = tuple[torch.Tensor, Paths]


def _head(near: bool, place: tuple[float, float], tall: bool, law: int = 0) -> Said:
    """What the body says: something is near there; it followed a law, or it is a guess."""
    head = torch.zeros(1, HEAD_SIZE)
    head[0, S["screen"]] = torch.tensor([10.0, 6.25])
    head[0, S["near"]] = 5.0 if near else -5.0
    head[0, S["nearest"]] = torch.tensor([place[0] / 16, place[1] / 16, 0, 0])
    head[0, S["kind"]] = torch.tensor([5.0 if tall else -5.0, -5, -5])
    logits = torch.zeros(1, 2, creature.LAWS + 1)
    logits[..., law if law >= 0 else creature.LAWS] = 5
    return head, Paths(torch.zeros(1, 2, creature.LAWS + 1, 2), logits)


def _after(herd: Herd, memory: torch.Tensor, said: Said, ways: Ways) -> torch.Tensor:
    cannons = torch.full((1, 15, 23), -5.0)
    hint = torch.zeros(1, 4, 15, 2, dtype=torch.long)
    return herd.after(memory, ways, *said, cannons, hint, torch.zeros(1, 2))[0]


def test_the_nearest_of_the_herd_is_the_nearest() -> None:
    memory = _moment((300, 100, GREEN_KOOPA), (180, 90, GREEN_KOOPA), (150, 100, MUSHROOM))
    assert memory[0, NEAR] == 1
    assert memory[0, NEAR_PLACE].tolist() == [20, -10]
    assert memory[0, NEAR_KIND].tolist() == [1, 0, 0]
    alone = _moment((300, 100, GREEN_KOOPA))
    assert alone[0, NEAR] == 0


def test_who_is_near_goes_on_as_the_body_has_seen_it(herd: Herd) -> None:
    memory = _moment((180, 90, GREEN_KOOPA), (300, 100, GOOMBA))
    ways = _ways([0.5, 0, 1], [0, 0])
    still = _after(herd, memory, _head(True, (15, -10), tall=True), ways)
    assert still[0, :3].tolist() == [1, 175, 90]
    assert still[1, :3].tolist() == [1, 308, 100]
    assert still[0, Of.KIND] == GREEN_KOOPA
    stomped = _after(herd, memory, _head(True, (20, -10), tall=False), ways)
    assert stomped[0, Of.KIND] == SHELL
    dead = _after(herd, memory, _head(False, (20, -10), tall=True), ways)
    assert dead[:, 0].tolist() == [0, 1, *[0] * 6]
    # It has gone too far to be near, and lives on.
    gone = _after(herd, memory, _head(False, (45, -10), tall=True), ways)
    assert gone[0, 0] == 1
    # Another one is the nearest now: this one lives if it is farther, and else it is dead.
    other = _after(herd, memory, _head(True, (5, 0), tall=False, law=-1), ways)
    assert other[0, :3].tolist() == [1, 188, 90]
    other = _after(herd, memory, _head(True, (38, 0), tall=False, law=-1), ways)
    assert other[0, 0] == 0


def test_who_leaves_the_picture_far_behind_is_forgotten(herd: Herd) -> None:
    memory = _moment((-60, 100, GREEN_KOOPA), (380, 100, GREEN_KOOPA), (10, 100, GREEN_KOOPA))
    after = _after(herd, memory, _head(False, (0, 0), tall=False), _ways([-0.5, 0, -1], [0, 0]))
    assert after[:3, 0].tolist() == [0, 1, 1]
    assert not after[0].any()


def test_only_choices_learn_and_they_learn_what_is_true() -> None:
    truth = torch.tensor([[0.5, 0.0, 0.25, 0.0, 1.0]])
    across, upright = torch.rand(1, LAWS, 3), torch.rand(1, LAWS, 2)
    across[0, 3], upright[0, 5] = torch.tensor([0.5, 0.25, 1.0]), torch.zeros(2)
    logits = [torch.zeros(1, LAWS, requires_grad=True) for _ in range(2)]
    across.requires_grad_()
    way_loss(Ways(across, upright, *logits), truth).backward()
    assert across.grad is None or not across.grad.any()
    for part, best in zip(logits, (3, 5), strict=True):
        assert part.grad is not None
        assert int(part.grad.argmin()) == best
    assert way_loss(Ways(*(part[:0] for part in (across, upright, *logits))), truth[:0]) == 0


def test_a_picture_is_laid_where_it_would_be_cut() -> None:
    torch.manual_seed(0)
    parts = torch.rand(2, 3, 4, 5, 6)
    top, left = torch.randint(-6, 20, (2, 2, 3))
    frames = laid(parts, top, left, 16, 18)
    expected = torch.zeros(2, 4, 16, 18)
    for number in range(3):
        # A frame is a rectangle cut out of each.
        expected += cut(parts[:, number], -top[:, number], -left[:, number], 16, 18)[:, :4]
    assert torch.allclose(frames, expected, atol=1e-6)


def test_creatures_are_drawn_where_they_are_and_nothing_else_is() -> None:
    torch.manual_seed(0)
    layer = HerdLayer(SMALL)
    creatures = torch.zeros(1, HERD, len(CREATURE))
    creatures[0, 0, :3] = torch.tensor([1.0, 100, 101])
    creatures[0, 1, :3] = torch.tensor([1.0, -2, 200])
    creatures[0, 2, :3] = torch.tensor([0.0, 200, 101])
    canvases = torch.rand(HERD, 4, SIDE, WIDTH)
    canvases[:, 3, 0, 0] = -1
    drawn, alone = layer(canvases, creatures)
    drawn = torch.cat(drawn, 1)
    assert drawn.shape == (1, 4, 120, 160)
    top, left = 50 - 16, 50 - 10
    inside = drawn[0, :, top : top + SIDE, left : left + WIDTH]
    assert torch.equal(inside[:3, 1:], canvases[0, :3, 1:])
    assert inside[3, 0, 0] < 0 < inside[3, 0, 1]
    assert alone[0, 0, top + 5, left + 5] == 1
    assert alone[0, 0, top, left] == 0
    # The half of the second that is in the picture; nothing comes in at the other side.
    edge = drawn[0, :, 100 - 16 : 100 - 16 + SIDE, :9]
    assert torch.equal(edge[:3], canvases[1, :3, :, -9:])
    covered = drawn[0, 3] > 0
    assert int(covered.sum()) == SIDE * WIDTH - 1 + SIDE * 9
    assert torch.equal(drawn[0, :3][:, ~covered], torch.zeros(3, int((~covered).sum())))


def test_a_creature_looks_the_same_at_every_whole_pixel(herd: Herd) -> None:
    layer = HerdLayer(SMALL)
    creatures = torch.zeros(2, HERD, len(CREATURE))
    creatures[:, :, 0] = 1
    creatures[1, :, Of.X] = 32
    near = torch.zeros(2 * HERD, 8, 35)
    told = layer.told(herd, creatures, torch.zeros(2, MEMORY_SIZE), near).chunk(2)
    assert torch.equal(*told)
    assert clock_of(torch.zeros(1, MEMORY_SIZE)).shape == (1, 26)


def test_a_dream_with_a_herd_does_not_depend_on_what_else_is_dreamt() -> None:
    torch.manual_seed(0)
    model = Denoiser(SMALL).eval()
    inputs = example_inputs(SMALL, 3)
    inputs["memory"][:, HERD_FROM:] = 0
    for slot in range(3):
        at = HERD_FROM + slot * len(CREATURE)
        inputs["memory"][:, at : at + 3] = torch.tensor([1.0, 60 + 70 * slot, 120])
    with torch.no_grad():
        every = model(**inputs)
        for row in range(3):
            one = model(**{name: part[row : row + 1] for name, part in inputs.items()})
            for whole, part in zip(every, one, strict=True):
                assert torch.allclose(whole[row : row + 1], part, atol=1e-4)
    assert every[3].shape == (3, MEMORY_SIZE)
    assert int((herd_of(every[3])[..., 0] > 0).sum()) >= 6


@pytest.mark.usefixtures("rough_backdrops")
def test_the_stage_herd_teaches_the_herd_and_nothing_else(tapes: Tapes) -> None:
    source = TapeWindows(tapes, 120, 160)
    options = TrainOptions(
        stage="herd", steps=40, batch=4, horizon=2, rate=3e-3, law_moments=2048, backdrop_moments=8
    )
    trainer = Trainer(SMALL, options, source)
    trainer.find()
    before = {n: t.clone() for n, t in trainer.model.state_dict().items()}
    losses = [(p.loss, p.head["herd"]) for p in trainer.run()]
    moved = {n for n, t in trainer.model.state_dict().items() if not torch.equal(t, before[n])}
    assert moved
    own = {n for n, _ in trainer.model.named_parameters() if n.startswith("net.herd")}
    assert moved == own
    first, last = np.mean(losses[:8], 0), np.mean(losses[-8:], 0)
    assert (last < 0.8 * first).all()
    options = TrainOptions(stage="herd", steps=1, batch=2, law_moments=200)
    other = Trainer(preset("tiny"), options, TapeWindows(tapes, 60, 64))
    with pytest.raises(OptionError, match="needs a model with a herd, not 'tiny'"):
        list(other.run())


def test_without_tiles_there_is_no_herd() -> None:
    with pytest.raises(OptionError, match="herd needs ground"):
        preset("tiny", herd=True)


def test_the_next_column_is_told_once(tapes: Tapes) -> None:
    """Along the truth `scans` and `volley` go on as the herd says."""
    pieces = TapeWindows(tapes, 120, 160).batch(6, 0, 16, CONTEXT + 20)
    memory = torch.from_numpy(memory_of(pieces.facts))
    wrong = 0
    for k in range(memory.shape[1] - 1):
        told = remembered_with(
            memory[:, k + 1], memory[:, k], _true_head(pieces, k), herd_of(memory[:, k + 1])
        )
        apart = (told[:, [SCANS, VOLLEY]] - memory[:, k + 1][:, [SCANS, VOLLEY]]).abs()
        wrong += int((apart > 0.5).any(1).sum())
    # Mushrooms stop the world for a tick, too, which nothing in the memory tells.
    assert wrong <= 3
