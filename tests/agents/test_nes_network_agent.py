"""The agent that plays the NES by a trained network, on the program of our own."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from gym_mario_suite.agents.nes_network_agent import NESNetworkAgent
from gym_mario_suite.agents.network_agent import NetworkAgent, PolicyNetwork
from gym_mario_suite.agents.registry import make_nes_agent
from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.errors import WeightsError
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom import parse_rom
from gym_mario_suite.nes.run import Run
from tests.nes.own_rom import own_rom

CARD = {"env_id": "MarioNES-1-1-v0", "obs": "terrain", "actions": "simple", "frame_skip": 4}
INPUTS = {"terrain": 296, "tiles": 13 * 16, "ram": 2048}


def policy(path: Path, card=CARD, inputs=296, actions=7) -> Path:
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(actions, inputs)).astype(np.float32)
    arrays = np.zeros(inputs, np.float32), np.ones(inputs, np.float32)
    layers = ((weight, np.zeros(actions, np.float32)),)
    PolicyNetwork(dict(card), *arrays, layers, ("linear",)).save(path)
    return path


@pytest.mark.parametrize("obs", INPUTS)
def test_it_sees_and_acts_as_in_the_environment_it_was_trained_in(obs: str, tmp_path: Path):
    path = policy(tmp_path / "policy.safetensors", {**CARD, "obs": obs}, INPUTS[obs])
    agent = NESNetworkAgent(path, 0, 0)
    network = PolicyNetwork.load(path)
    rom = tmp_path / "own.nes"
    rom.write_bytes(own_rom())
    env = MarioNESEnv(stage="1-1", obs=obs, actions="simple", frame_skip=4, rom=rom)
    seen, info = env.reset(seed=0)
    run = Run(open_backend(parse_rom(own_rom())))
    run.begin((1, 1))
    for _ in range(40):
        action = int(network.logits(seen).argmax())
        seen, _, ended, _, info = env.step(action)
        while run.frames < info["ticks"]:
            run.frame(agent.act(run))
            run.settle()
        assert bytes(run.ram) == bytes(env.episode.run.ram)
        if ended:
            break
    assert info["ticks"] > 20
    env.close()
    run.game.backend.close()


def test_combinations_of_ones_own_are_pressed(tmp_path: Path):
    card = {**CARD, "actions": ["none", "right+jump", "up"]}
    agent = NESNetworkAgent(policy(tmp_path / "policy.safetensors", card, actions=3), 1, 0)
    run = Run(open_backend(parse_rom(own_rom())))
    run.begin((1, 1))
    pressed = {agent.act(run) for _ in range(200)}
    assert pressed == {0, 0x81, 0x10}
    run.game.backend.close()


def test_policies_of_the_other_game_are_refused(tmp_path: Path):
    """Each says who plays it."""
    nes = policy(tmp_path / "nes.safetensors")
    with pytest.raises(WeightsError, match="`mario watch nes --agent ppo-nes:weights="):
        NetworkAgent(nes, 0, 0)
    infinite = {**CARD, "env_id": "MarioInfinite-v0", "obs": "features"}
    other = policy(tmp_path / "infinite.safetensors", infinite)
    with pytest.raises(WeightsError, match="policy for MarioInfinite-v0, not for the NES"):
        NESNetworkAgent(other, 0, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"obs": "smell"}, "unknown observation mode"),
        ({"obs": "gray84"}, "it sees pictures, obs='gray84'"),
        ({"obs": "tiles"}, "296 inputs and 7 actions; the observation 'tiles' .* 208 and 7"),
        ({"actions": "curiosity"}, "the action set have 296 and 14"),
        ({"frame_skip": 0}, "frame_skip must be"),
    ],
)
def test_networks_for_something_else_are_refused(tmp_path: Path, changes: dict, message: str):
    path = policy(tmp_path / "policy.safetensors", {**CARD, **changes})
    with pytest.raises(WeightsError, match=message):
        NESNetworkAgent(path, 0, 0)


@pytest.mark.parametrize(("name", "program"), [("icm-ppo-nes", "icm_ppo"), ("ppo-nes", "sb3")])
def test_the_shipped_ones_have_their_cards(name: str, program: str):
    agent = make_nes_agent(name)
    card = agent.network.card  # type: ignore[attr-defined]
    assert card["command"].startswith(f"python -m gym_mario_suite.agents.{program} ")
    assert {"seed", "commit", "decisions"} <= card.keys()
    assert (Path(__file__).parents[2] / card["curve"]).is_file()
