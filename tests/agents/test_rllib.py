"""RLlib learns on games of several players; run where it is installed (see the module)."""

import pytest

pytest.importorskip("ray.rllib.algorithms.ppo", reason="RLlib is not installed")


@pytest.mark.slow
@pytest.mark.train
def test_one_policy_learns_from_all_seats():
    from gym_mario_suite.agents.self_play.rllib import self_play_config

    config = self_play_config(max_cycles=50)
    config = config.training(train_batch_size_per_learner=200, minibatch_size=50, num_epochs=1)
    algorithm = config.build_algo()
    figures = algorithm.train()
    algorithm.stop()
    assert figures["env_runners"]["num_env_steps_sampled"] >= 200
    assert set(figures["learners"]) >= {"shared"}
