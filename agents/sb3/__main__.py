"""`python -m gym_mario_suite.agents.sb3`: train by a recipe."""

import sys

from gym_mario_suite.errors import MarioError


def main() -> None:
    """Read the command line, and train."""
    try:
        import tyro

        from gym_mario_suite.agents.sb3.train import Training, train
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error.name} is missing: pip install 'gym-mario-suite[agents,sb3]'")
    try:
        train(tyro.cli(Training))
    except MarioError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
