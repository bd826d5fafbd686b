"""A* on the real NES: a planner that tries out buttons on saved states of the console."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import as_integer, as_number
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import Backend, NESButton, open_backend
from gym_mario_suite.nes.game import PAGE_PX
from gym_mario_suite.nes.rom import Rom
from gym_mario_suite.nes.run import Run
from gym_mario_suite.nes.smb import Address

_A, _B, _LEFT, _RIGHT, _DOWN = (
    int(button)
    for button in (NESButton.A, NESButton.B, NESButton.LEFT, NESButton.RIGHT, NESButton.DOWN)
)
# What is tried from every state, the most promising first.
_ACTIONS = (
    _RIGHT | _B,
    _RIGHT | _A | _B,
    _RIGHT,
    _RIGHT | _A,
    0,
    _A,
    _LEFT | _B,
    _LEFT | _A | _B,
    _DOWN,
)
# More than Mario runs or swims in a frame: so the estimate of what is left is never too large.
_TOP_SPEED_PX, _SWIMMING_SPEED_PX = 4.0, 2.0
# An area that is entered counts as so much progress.
_AREA_PX = 1024
_REPORT_FRAMES = 4000
_TAIL_FRAMES = 60
_GAIN_PX = 16
_MAX_IN_VAIN = 3
# States closer than this are one, whenever they are reached: finer cells, or a share of the time in
# them, find ways that are a little faster, and are lost in mazes and under water.
_CELL_X_PX, _CELL_Y_PX, _CELL_SPEED = 8, 16, 16
# An action lasts until the state is another, as under water, but not for ever.
_MOST_REPEATS = 4


@dataclass(slots=True)
class _Node:
    """A state that the search has reached."""

    parent: _Node | None
    buttons: int
    # How many frames the buttons were held; fewer than usual where the run has ended.
    held: int
    frames: int
    # Where the present area begins to count.
    base_px: int
    x_px: int
    # What other states are told from it by.
    cell: tuple[int, ...]
    # Frames that the way from the start takes at top speed.
    shortest: float
    # The console, until the node has been expanded.
    console: bytes = field(repr=False, default=b"")

    @property
    def progress_px(self) -> int:
        """How far it is from the start."""
        return self.base_px + self.x_px


@dataclass(frozen=True)
class Plan:
    """What a search has come to.

    Attributes:
        keys: Button bits of each frame.
        cleared: Whether they lead to the goal.
        progress_px: How far they lead, counted through all areas.
        frames_tried: What the search has cost, in frames of the console.
    """

    keys: bytes
    cleared: bool
    progress_px: int
    frames_tried: int


class NESSearch:
    """Weighted A* over saved states of a console of its own.

    A node is a state of the console; its successors hold one of nine combinations of buttons for
    `repeat` frames, or some times as long where that changes little. The cost of a path is its
    frames, the estimate what is left at top speed, times `weight`. Of states that nearly agree in
    place and speed only the first is kept, so where a maze sends Mario back there is nothing new.
    Deaths are dropped. Pipes count as progress where they lead to a page that was not seen before.

    Args:
        backend: A console with the game, which is this search's from now on.
        repeat: Frames of an action.
        weight: Of the estimate: 1 looks for the fastest way, more for a way soon.
    """

    def __init__(self, backend: Backend, *, repeat: int = 6, weight: float = 2.0) -> None:
        self._run = Run(backend)
        self._repeat = repeat
        self._weight = weight
        # Where the areas begin to count, by the pages that were reached.
        self._bases: dict[tuple[int, ...], int] = {}
        self.frames_tried = 0

    @property
    def rom(self) -> Rom:
        """The game."""
        return self._run.game.backend.rom

    def close(self) -> None:
        """Give the console back."""
        self._run.game.backend.close()

    def plan(self, run: Run, budget: int) -> Iterator[Plan]:
        """Search from where a run stands.

        Args:
            run: The run; it is not changed.
            budget: Frames to try out.

        Yields:
            What is best so far, after each few thousand frames and in the end.
        """
        self.frames_tried = 0
        stage = _stage_of(run)
        console = run.game.backend.save()
        x = smb.x_px(run.ram)
        root = _Node(None, 0, 0, 0, -x, x, _cell(run.ram), 0.0, console)
        best, goal, reported = root, None, 0
        order = itertools.count()
        open_nodes = [(0.0, next(order), root)]
        closed = {root.cell}
        self._bases = {_page(run.ram): root.base_px}
        while open_nodes and goal is None and self.frames_tried < budget:
            _, _, node = heapq.heappop(open_nodes)
            for buttons in _ACTIONS:
                child = self._try(node, buttons, stage)
                if child is None:
                    continue
                if self._run.status is Status.WIN:
                    goal = child
                    break
                if child.cell in closed:
                    continue
                closed.add(child.cell)
                child.console = self._run.game.backend.save()
                rank = child.frames - self._weight * child.shortest
                heapq.heappush(open_nodes, (rank, next(order), child))
                if child.progress_px > best.progress_px:
                    best = child
            node.console = b""
            if self.frames_tried - reported >= _REPORT_FRAMES:
                reported = self.frames_tried
                yield self._plan_of(best, False)
        yield self._plan_of(goal or best, goal is not None)

    def _try(self, node: _Node, buttons: int, stage: tuple[int, int]) -> _Node | None:
        """Hold the buttons from a node on; None where that is a death or leaves the stage."""
        run = self._run
        run.resume(node.console, stage)
        base = node.base_px
        for frame in range(self._repeat * _MOST_REPEATS):
            if frame and frame % self._repeat == 0 and _cell(run.ram) != node.cell:
                break
            run.frame(buttons)
            before = smb.x_px(run.ram)
            scene = run.settle()
            if run.status is not Status.RUNNING:
                break
            if scene:
                # A pipe or a vine: progress, unless it leads back to where somebody has been.
                further = base + before + _AREA_PX - smb.x_px(run.ram)
                base = self._bases.get(_page(run.ram), further)
                break
        self.frames_tried += run.frames
        ram, frames = run.ram, node.frames + run.frames
        if run.status is Status.DEAD or _stage_of(run) != stage:
            return None
        x = smb.x_px(ram)
        self._bases.setdefault(_page(ram), base)
        speed = _SWIMMING_SPEED_PX if ram[Address.SWIMMING] else _TOP_SPEED_PX
        shortest = node.shortest + (base + x - node.progress_px) / speed
        return _Node(node, buttons, run.frames, frames, base, x, _cell(ram), shortest)

    def _plan_of(self, node: _Node, cleared: bool) -> Plan:
        keys = []
        at: _Node | None = node
        while at is not None:
            keys.append(bytes([at.buttons]) * at.held)
            at = at.parent
        return Plan(b"".join(reversed(keys)), cleared, node.progress_px, self.frames_tried)


def _stage_of(run: Run) -> tuple[int, int]:
    return run.ram[Address.WORLD] + 1, run.ram[Address.STAGE] + 1


def _area(ram: smb.Ram) -> tuple[int, ...]:
    return ram[Address.AREA_DATA], ram[Address.AREA_DATA + 1]


def _page(ram: smb.Ram) -> tuple[int, ...]:
    return *_area(ram), smb.x_px(ram) // PAGE_PX


def _cell(ram: smb.Ram) -> tuple[int, ...]:
    """What two states agree in that the search takes for one."""
    return (
        *_area(ram),
        smb.x_px(ram) // _CELL_X_PX,
        (256 * ram[Address.Y_VIEWPORT] + ram[Address.Y]) // _CELL_Y_PX,
        ram[Address.X_SPEED] // _CELL_SPEED,
        ram[Address.FLOAT_STATE],
        ram[Address.Y_SPEED] // 2,
        ram[Address.MAZE_RIGHT],
        ram[Address.MAZE_PARTS],
    )


class NESSearchAgent:
    """Plays what A* finds on copies of the console (`NESSearch`).

    It plans a stage at its beginning, and plays the plan. Where the budget ends before the goal is
    found, it goes as far as it has seen a way, less the last second, and plans again from there;
    after three plans that lead nowhere it stands still.

    It looks into the future of the game itself, so its results are no agent's that sees the screen.

    Args:
        budget: Frames to try out for each plan. The same budget gives the same buttons.
        repeat: Frames of an action.
        weight: Of the estimate of what is left; 1 looks for the fastest way, more for a way soon.

    Attributes:
        on_plan: Called now and then with the best plan so far, while it plans.
    """

    name = "nes-search"

    def __init__(self, *, budget: int = 2_000_000, repeat: int = 6, weight: float = 2.0) -> None:
        self._budget = as_integer("budget", budget, 1, 1 << 40)
        self._repeat = as_integer("repeat", repeat, 1, 60)
        self._weight = as_number("weight", weight, 0, 1000)
        self._search: NESSearch | None = None
        self.on_plan: Callable[[Plan], None] = lambda plan: None
        self.reset()

    def reset(self) -> None:
        """Forget the plan."""
        self._keys: Iterator[int] = iter(())
        self._stage: tuple[int, int] | None = None
        self._in_vain = 0

    def act(self, run: Run) -> int:
        """Buttons of the next frame; a new plan where the old one is at its end."""
        if _stage_of(run) != self._stage:
            self.reset()
        keys = next(self._keys, None)
        if keys is None:
            self._keys, self._stage = iter(self._planned(run)), _stage_of(run)
            keys = next(self._keys, 0)
        return keys

    def close(self) -> None:
        """Give the console back."""
        if self._search is not None:
            self._search.close()
        self._search = None

    def _planned(self, run: Run) -> bytes:
        """The buttons of the next while."""
        if self._in_vain >= _MAX_IN_VAIN:
            return bytes(_TAIL_FRAMES)
        backend = run.game.backend
        if self._search is None or self._search.rom != backend.rom:
            self.close()
            console = open_backend(backend.rom, backend.name)
            self._search = NESSearch(console, repeat=self._repeat, weight=self._weight)
        best = Plan(b"", False, 0, 0)
        for best in self._search.plan(run, self._budget):
            self.on_plan(best)
        self._in_vain += best.progress_px < _GAIN_PX
        if best.cleared:
            return best.keys
        # The last of an unfinished plan may lead where there is no way on.
        keys = best.keys[: max(len(best.keys) - _TAIL_FRAMES, len(best.keys) // 2)]
        return keys or bytes(_TAIL_FRAMES)
