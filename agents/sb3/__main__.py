"""`python -m gym_mario_suite.agents.sb3`: train by a recipe."""

from gym_mario_suite.program import told_errors

if __name__ == "__main__":
    with told_errors("agents,sb3"):
        import tyro

        from gym_mario_suite.agents.sb3.train import Training, train

        train(tyro.cli(Training, prog="python -m gym_mario_suite.agents.sb3"))
