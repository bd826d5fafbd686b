"""`python -m gym_mario_suite.agents.icm_ppo`: train by curiosity."""

from gym_mario_suite.program import told_errors

if __name__ == "__main__":
    with told_errors("agents,sb3"):
        import tyro

        from gym_mario_suite.agents.icm_ppo.config import Config
        from gym_mario_suite.agents.icm_ppo.icm_ppo import train

        train(tyro.cli(Config, prog="python -m gym_mario_suite.agents.icm_ppo"))
