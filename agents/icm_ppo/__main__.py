"""`python -m gym_mario_suite.agents.icm_ppo`: train by curiosity."""

import sys

from gym_mario_suite.errors import MarioError


def main() -> None:
    """Read the command line, and train."""
    try:
        import tyro

        from gym_mario_suite.agents.icm_ppo.icm_ppo import Config, train
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error.name} is missing: pip install 'gym-mario-suite[agents]'")
    try:
        train(tyro.cli(Config))
    except MarioError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
