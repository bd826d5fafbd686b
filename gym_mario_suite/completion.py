"""What the shell offers when a value of an option is to be completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def words(known: Iterable[str]) -> Callable[[str], list[str]]:
    """The words that begin like what was typed, for an option's `autocompletion`.

    Args:
        known: All words there are, a table's names say; looked at anew at each completion.

    Example:
        >>> words({"astar": 1, "astar-world": 2, "forward": 3})("as")
        ['astar', 'astar-world']
    """

    def complete(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete
