"""Monte-Carlo tree search on copies of the game."""

from __future__ import annotations

import math
import random

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Button, Mode, Status
from gym_mario_suite.errors import OptionError, as_integer, as_number

_LEFT, _RIGHT, _JUMP, _SPEED = (
    int(button) for button in (Button.LEFT, Button.RIGHT, Button.JUMP, Button.SPEED)
)
_ACTIONS = (
    _RIGHT | _SPEED | _JUMP,
    _RIGHT | _SPEED,
    _RIGHT | _JUMP,
    _RIGHT,
    _LEFT | _JUMP,
    _JUMP,
    _LEFT,
    0,
)
# Trying out is random, but mostly to the right: a random walk would tell nothing.
_ROLLOUT = (*(_ACTIONS[0],) * 5, *(_ACTIONS[1],) * 4, _ACTIONS[2], _ACTIONS[3], _ACTIONS[4], 0)
_FULL_SPEED_PX = 9.7  # per tick
_HURT = 0.25
_DEATH = 1.0
_MIX_MAX = 0.25


class _Node:
    """A state of the game in the tree."""

    __slots__ = ("action", "best", "children", "game", "parent", "total", "untried", "visits")

    def __init__(self, game: Game, parent: _Node | None, action: int) -> None:
        self.game = game
        self.parent = parent
        self.action = action
        self.children: list[_Node] = []
        self.untried = list(_ACTIONS) if game.status == Status.RUNNING else []
        self.visits = 0
        self.total = 0.0
        self.best = -math.inf

    def worth(self) -> float:
        """Mean of what was found below, and some of the best of it."""
        return (1 - _MIX_MAX) * self.total / self.visits + _MIX_MAX * self.best


class MCTSAgent:
    """Plays what Monte-Carlo tree search finds best on the true world.

    Every `repeat` ticks it grows a tree of `budget` nodes, each of which stands for `repeat` ticks
    of the same buttons, by UCB1; a new node is judged by `depth` random actions played from it: how
    far Mario gets, less for being hurt and dying. As in Jacobsen, Greve and Togelius 2014 ("Monte
    Mario") the best outcome counts beside the mean (mix-max), for a mean alone is too afraid of
    gaps. The part of the tree that is still of use is kept.

    It plans on copies of the game, so it sees more than the entrants of 2009 did.

    Args:
        budget: New nodes for each decision, 1 to 100,000. The same budget gives the same actions
            on every machine.
        depth: Random actions after a new node.
        repeat: Ticks of an action.
        exploration: Weight of the unknown against the good, about 0.1 to 1.
        seed: Of the random actions.
    """

    name = "mcts"
    independent_levels = True

    def __init__(
        self,
        *,
        budget: int = 40,
        depth: int = 8,
        repeat: int = 4,
        exploration: float = 0.25,
        seed: int = 0,
    ) -> None:
        self._budget = as_integer("budget", budget, 1, 100_000)
        self._depth = as_integer("depth", depth, 0, 1000)
        self._repeat = as_integer("repeat", repeat, 1, 100)
        self._exploration = as_number("exploration", exploration, 0, 1000)
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Forget the tree; the random numbers begin anew."""
        self._chance = random.Random(self._seed)
        self._root: _Node | None = None
        self._left = 0
        self._keys = 0
        self._mode = Mode.FIRE
        self._origin_px = 0.0
        self._hope_px = 1.0

    def act(self, game: GameView) -> int:
        """The buttons of the present action; a new one is chosen when it is over."""
        if self._left == 0:
            self._keys = self._choose(game)
            self._left = self._repeat
        self._left -= 1
        return self._keys

    def _choose(self, game: GameView) -> int:
        if not isinstance(game, Game):
            raise OptionError("mcts plans on the game itself, which it cannot see here")
        root = self._root
        if root is None or (root.game.x, root.game.y) != (game.x, game.y):
            root = _Node(game.clone(), None, 0)
        self._origin_px = float(game.x)
        self._mode = game.mode
        self._hope_px = _FULL_SPEED_PX * self._repeat * (self._depth + 4)
        for _ in range(self._budget):
            node = self._grow(root)
            value = self._judge(node)
            above: _Node | None = node
            while above is not None:
                above.visits += 1
                above.total += value
                above.best = max(above.best, value)
                above = above.parent
        if not root.children:  # the level is over
            return 0
        chosen = max(root.children, key=_Node.worth)
        chosen.parent = None
        self._root = chosen
        return chosen.action

    def _grow(self, node: _Node) -> _Node:
        """Go down to a node with something untried, and try it."""
        while not node.untried and node.children:
            scale = self._exploration * math.sqrt(math.log(node.visits + 1))
            node = max(
                node.children, key=lambda child: child.worth() + scale / math.sqrt(child.visits)
            )
        if not node.untried:
            return node
        action = node.untried.pop(0)
        game = node.game.clone()
        _play(game, action, self._repeat)
        child = _Node(game, node, action)
        node.children.append(child)
        return child

    def _judge(self, node: _Node) -> float:
        """What random play from a node leads to, about 0 to 1."""
        game = node.game.clone()
        for _ in range(self._depth):
            if game.status != Status.RUNNING:
                break
            _play(game, self._chance.choice(_ROLLOUT), self._repeat)
        gained = (float(game.x) - self._origin_px) / self._hope_px
        if game.status == Status.WIN:
            return 1.0 + gained
        if game.status == Status.DEAD:
            return gained - _DEATH
        return gained - _HURT * max(0, self._mode - game.mode)


def _play(game: Game, keys: int, ticks: int) -> None:
    """Press the same buttons for some ticks, as long as the level lasts."""
    for _ in range(ticks):
        game.tick(keys)
        if game.status != Status.RUNNING:
            return
