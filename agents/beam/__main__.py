"""`python -m gym_mario_suite.agents.beam`: plan a level for any reward, and watch the plan."""

from gym_mario_suite.program import told_errors

if __name__ == "__main__":
    with told_errors("agents,sb3"):
        import tyro

        from gym_mario_suite.agents.beam.program import PlanLevel, plan_level

        print(plan_level(tyro.cli(PlanLevel, prog="python -m gym_mario_suite.agents.beam")))
