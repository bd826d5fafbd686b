"""What several players in one world do to it and to each other."""

import numpy as np
import pytest

from gym_mario_suite.engine.world import Button, EnemyType, Kind, Rivalry, Status
from gym_mario_suite.levels import Level, generate
from gym_mario_suite.levels.level import Spawn
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.party import PARTY_TERMS

RIGHT, JUMP, RUN = int(Button.RIGHT), int(Button.JUMP), int(Button.RIGHT | Button.SPEED)
LEFT = int(Button.LEFT)
RUN_JUMP = RUN | JUMP


def party(**options):
    batch = PartyBatch(PartyOptions(**options), 1)
    batch.levels.seed(0, 7)
    batch.reset()
    return batch


def flat(width=200) -> Level:
    """Ground as far as one sees, and nothing else."""
    tiles = np.zeros((width, 15), np.uint8)
    tiles[:, 13:] = 129
    return Level(tiles, (), x_exit=width - 4, y_exit=13)


def step(batch, *keys):
    batch.step(np.array([keys], np.uint8))


def players(batch):
    return batch.worlds[0]["players"][: batch.players]


def land(batch):
    """Wait until all have come down from where a level begins."""
    for _ in range(40):
        step(batch, *[0] * batch.players)
    assert players(batch)["body"]["on_ground"].all()


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ({"contest": "coop"}, {"distance": 1 / 16, "win": 20, "death": -20}),
        ({"contest": "race"}, {"distance": 1 / 16, "win": 50, "death": -20}),
        ({"contest": "coins"}, {"coins": 1}),
        ({"contest": "race", "reward": {"coins": 3}}, {"coins": 3}),
    ],
)
def test_contests_pay_what_their_pages_say_and_nothing_else(options, weights):
    written = PartyOptions(**options).config()[0]["weights"]
    assert written.tolist() == [weights.get(term, 0) for term in PARTY_TERMS]


def test_players_stand_side_by_side_and_move_by_their_own_keys():
    batch = party(players=4, level=flat(), rivalry="none")
    start = players(batch)["body"]["x"].copy()
    assert np.diff(start).tolist() == [16, 16, 16]
    land(batch)
    for _ in range(20):
        step(batch, RUN, 0, LEFT, RUN_JUMP)
    x = players(batch)["body"]["x"]
    assert x[0] > start[0] + 50
    assert x[1] == start[1]
    assert x[2] < start[2]
    assert players(batch)["jumps"].tolist() == [0, 0, 0, 1]


def test_a_lonely_player_of_a_party_is_the_single_game():
    """Two players who do the same at the same place; and one alone: the world goes the same way."""
    level = generate(5, 3)
    rng = np.random.default_rng(1)
    keys = rng.choice([RUN, RUN_JUMP, RIGHT, 0], 300).tolist()
    alone = party(players=1, level=level, contest="coop")
    ghosts = party(players=3, level=level, contest="coop", ghosts=True)
    for held in keys:
        step(alone, held)
        step(ghosts, held, held, held)
    for at in range(3):
        assert ghosts.worlds[at]["players"][0]["body"]["x"] == players(alone)[0]["body"]["x"]
        assert ghosts.worlds[at]["kills_total"] == alone.worlds[0]["kills_total"]


def test_a_death_leaves_the_others_playing():
    tiles = flat(100).tiles.copy()
    tiles[8:14, 13:] = 0
    batch = party(players=2, level=Level(tiles, (), x_exit=90, y_exit=13), rivalry="none")
    for _ in range(200):
        step(batch, RIGHT, 0)
        if batch.codes[0, 0]:
            break
    assert batch.counts[0, 0, 0] == Status.DEAD
    assert batch.codes[0].tolist() == [1, 0]
    assert not batch.over[0]
    tick = int(batch.worlds[0]["tick"])
    x = players(batch)["body"]["x"][1]
    for _ in range(3):
        step(batch, 0, RIGHT)
    assert batch.worlds[0]["tick"] == tick + 3
    assert players(batch)["body"]["x"][1] > x
    assert not batch.observations[0, 0].any()
    assert batch.observations[0, 1].any()


def test_a_race_is_over_when_one_has_arrived():
    batch = party(contest="race", players=3, level=flat(40), rivalry="none")
    total = np.zeros(3)
    while not batch.over[0]:
        step(batch, RIGHT, RUN, 0)
        total += batch.rewards[0]
        assert batch.rewards[0].sum() == pytest.approx(0)
    assert batch.codes[0].tolist() == [1, 1, 1]
    assert batch.memory[0]["place"].tolist() == [0, 1, 0]
    assert total[1] > 40
    assert total[0] < 0


def test_all_reach_the_exit_together():
    batch = party(contest="coop", players=2, level=flat(40), rivalry="none")
    rewards = []
    while not batch.over[0]:
        step(batch, RUN, RIGHT)
        rewards.append(batch.rewards[0].copy())
    assert batch.memory[0]["place"].tolist() == [1, 2]
    assert (np.array(rewards)[:, 0] == np.array(rewards)[:, 1]).all()
    assert np.sum(rewards, 0)[0] > 20


def test_a_coin_is_gone_for_the_other():
    tiles = flat(60).tiles.copy()
    tiles[6:20, 12] = 34
    batch = party(contest="coins", players=2, level=Level(tiles, (), x_exit=50, y_exit=13))
    gained = np.zeros(2)
    for _ in range(60):
        step(batch, RIGHT, RIGHT)
        assert batch.rewards[0].sum() == 0
        gained += batch.rewards[0]
    assert players(batch)["coins"].sum() == 14
    # The second player walks in front.
    assert gained[1] > 0 > gained[0]


def test_blocks_give_the_bumper_his_coin():
    tiles = flat(60).tiles.copy()
    tiles[3:5, 9] = 21
    batch = party(contest="coins", players=2, level=Level(tiles, (), x_exit=50, y_exit=13))
    players(batch)["body"]["y"] = 207  # below the blocks, which they would land on
    land(batch)
    for _ in range(20):
        step(batch, 0, JUMP)
    assert players(batch)["coins"].tolist() == [0, 1]


def test_rivals_push_each_other():
    batch = party(players=2, level=flat(), rivalry="push")
    for _ in range(40):
        step(batch, RUN, LEFT)
        a, b = players(batch)["body"]["x"]
        assert b - a > 4
    free = party(players=2, level=flat(), rivalry="none")
    for _ in range(40):
        step(free, RUN, LEFT)
    a, b = players(free)["body"]["x"]
    assert a > b


def test_who_is_stomped_is_hurt_and_the_other_bounces():
    batch = party(players=2, level=flat(), rivalry="stomp")
    land(batch)
    upper, lower = players(batch)["body"]
    upper["x"], upper["y"], upper["on_ground"] = lower["x"], lower["y"] - 40, 0
    while not players(batch)["hurts"].any():
        assert upper["y"] < lower["y"]
        step(batch, 0, 0)
    assert players(batch)["hurts"].tolist() == [0, 1]
    assert upper["ya"] < 0
    assert players(batch)["fire"].tolist() == [1, 0]


def test_everybody_may_fly_two_fireballs():
    batch = party(players=4, level=flat(), rivalry="none")
    land(batch)
    world = batch.worlds[0]

    def flying():
        sprites = world["sprites"][world["order"][: world["n_sprites"]]]
        owners = sprites["aux"][sprites["kind"] == Kind.FIREBALL]
        return np.bincount(owners, minlength=4).tolist()

    most = 0
    for t in range(40):
        step(batch, RUN * (t % 2), 0, 0, 0)
        most = max(most, *flying())
        assert flying()[1:] == [0, 0, 0]
    assert most == 2
    # Whatever the first one does, the others have theirs.
    for t in range(4):
        step(batch, *[int(Button.SPEED) * (t % 2)] * 4)
    assert flying() == [2, 2, 2, 2]


def test_creatures_face_the_nearest_player():
    level = flat(200)
    level = Level(level.tiles, [Spawn(60, 12, EnemyType.GREEN_KOOPA)], x_exit=190, y_exit=13)
    batch = party(players=2, level=level, rivalry="none")
    world = batch.worlds[0]
    for _ in range(400):
        step(batch, 0, RUN)
        kinds = world["sprites"]["kind"][world["order"][: world["n_sprites"]]]
        if Kind.GREEN_KOOPA in kinds:
            break
    slot = world["order"][0]
    assert world["sprites"][slot]["facing"] == -1
    # It came into the second player's window, far from the first one's.
    assert players(batch)["body"]["x"][0] < 100
    assert world["sprites"][slot]["x"] > 700


def test_creatures_near_one_player_stay_when_the_other_is_far():
    spawns = [Spawn(x, 12, EnemyType.FLOWER) for x in (10, 80)]
    level = Level(flat().tiles, spawns, x_exit=190, y_exit=13)
    batch = party(players=2, level=level, rivalry="none", invulnerable=True, mode="small")
    for _ in range(140):
        step(batch, 0, RUN)
    world = batch.worlds[0]
    slots = world["order"][: world["n_sprites"]]
    assert players(batch)["body"]["x"][1] > 900
    assert (world["sprites"]["kind"][slots] == Kind.ENEMY_FLOWER).all()
    assert sorted(world["sprites"]["x"][slots].tolist()) == [175, 1295]


@pytest.mark.parametrize("rivalry", list(Rivalry))
@pytest.mark.parametrize("ghosts", [False, True])
def test_same_keys_same_bytes(rivalry, ghosts):
    options = {
        "players": 4,
        "difficulty": 7,
        "rivalry": rivalry.name.lower(),
        "ghosts": ghosts,
        "contest": "coop",
    }
    first, second = party(**options), party(**options)
    rng = np.random.default_rng(3)
    keys = rng.integers(0, 32, (120, 4), np.uint8)
    for held in keys[:60]:
        step(first, *held)
        step(second, *held)
    saved = first.state(0)
    assert saved == second.state(0)
    other = PartyBatch(PartyOptions(**options), 1)
    other.load_states({0: saved})
    assert other.state(0) == saved
    np.testing.assert_array_equal(other.observations, first.observations)
    for held in keys[60:]:
        step(first, *held)
        step(other, *held)
        np.testing.assert_array_equal(first.rewards, other.rewards)
        np.testing.assert_array_equal(first.observations, other.observations)
    assert first.state(0) == other.state(0)


@pytest.mark.slow
@pytest.mark.parametrize("rivalry", ["push", "stomp"])
def test_a_million_ticks_of_random_play(rivalry):
    """Run with NUMBA_BOUNDSCHECK=1, too."""
    options = PartyOptions(players=4, difficulty=10, rivalry=rivalry, contest="coop")
    batch = PartyBatch(options, 50)
    batch.reset()
    rng = np.random.default_rng(0)
    for _ in range(20_000):
        keys = rng.integers(0, 32, (50, 4), np.uint8)
        keys |= np.where(rng.random((50, 4)) < 0.5, RUN, 0).astype(np.uint8)
        batch.step(keys, ~batch.over)
        if batch.over.any():
            batch.reset(batch.over)
        x = batch.worlds["players"]["body"]["x"]
        assert np.isfinite(x).all()
        assert (batch.worlds["sprites_dropped"] == 0).all()
