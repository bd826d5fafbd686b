"""`python -m gym_mario_suite.agents.self_play`: train, match, design."""

from typing import Annotated

from gym_mario_suite.program import told_errors


def main() -> None:
    """Parse the command and run it."""
    import tyro

    from gym_mario_suite.agents.self_play.design import DesignPlay, train_pair
    from gym_mario_suite.agents.self_play.match import Match, play_match
    from gym_mario_suite.agents.self_play.train import SelfPlay, train

    command: SelfPlay | Match | DesignPlay = tyro.cli(
        Annotated[SelfPlay, tyro.conf.subcommand("train")]  # type: ignore[arg-type]
        | Annotated[Match, tyro.conf.subcommand("match")]
        | Annotated[DesignPlay, tyro.conf.subcommand("design")],
        prog="python -m gym_mario_suite.agents.self_play",
    )
    if isinstance(command, SelfPlay):
        print(train(command))
    elif isinstance(command, DesignPlay):
        print(train_pair(command))
    else:
        print(play_match(command))


if __name__ == "__main__":
    with told_errors("agents,sb3,multiplayer"):
        main()
