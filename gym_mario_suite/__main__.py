"""`python -m gym_mario_suite` is the `mario` command."""

from gym_mario_suite.cli import main

if __name__ == "__main__":
    main()
