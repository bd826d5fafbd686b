"""Weighted A* over worlds.

A node is a world, an edge a few ticks with the same buttons. A child is put on the open list
before it is simulated, with the cost it would have if nothing stood in Mario's way; most children
never leave the list, so they cost neither a clone nor a tick. When one does, it is simulated, and
expanded at once where it kept its promise.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.clone import copy_world
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import CELLS, HEIGHT, WIDTH, cell_at, is_spent
from gym_mario_suite.engine.motion import blocks, cell_of
from gym_mario_suite.engine.search.heap import clear_heap, pop, push
from gym_mario_suite.engine.search.running import FRICTION, RUN_ACCELERATION, ticks_to_run
from gym_mario_suite.engine.search.tree import (
    ALL_ACTIONS,
    BUCKET_PX,
    BUCKET_TICKS,
    EDGE_TICKS,
    END_X,
    EXHAUSTED,
    GAP_COST,
    GOAL,
    HURT_COST,
    KILL_BONUS,
    MIND_HIDDEN,
    N_NODES,
    N_PUSHED,
    N_SIMULATED,
    REACHED,
    RUNNING,
    SEARCH,
    TARGET_X,
    WEIGHT,
)
from gym_mario_suite.engine.search.visited import mixed, seen_as_cheap
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.tiles import Behaviour
from gym_mario_suite.engine.world import Button, Status

_DEAD = int(Status.DEAD)
_WIN = int(Status.WIN)
_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_DOWN = int(Button.DOWN)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)

# Of a hidden block's cell.
_HIDDEN = int(Behaviour.BLOCK_LOWER | Behaviour.BUMPABLE) << 8
_BLOCK_ALL = int(Behaviour.BLOCK_ALL) << 8
_NEAR_COLUMNS = 16

# In order of preference among equals.
_ACTIONS = np.array(
    [
        _RIGHT | _SPEED,
        _RIGHT | _SPEED | _JUMP,
        _SPEED | _JUMP,
        _SPEED,
        _LEFT | _SPEED,
        _LEFT | _SPEED | _JUMP,
        _RIGHT,
        _DOWN,
    ],
    np.int64,
)
_USUAL_ACTIONS = 7
# Acceleration by LEFT and RIGHT (the index), with SPEED and without.
_RUN = np.array([0.0, -1.2, 1.2, 0.0])
_WALK = np.array([0.0, -0.6, 0.6, 0.0])

_EXPAND = 15  # in place of an action: the node is simulated and waits to be expanded
_COST_STEPS = 64.0  # per tick, of keys on the heap
_SEQUENCE_BITS = 26
# A plan that does not reach the end is judged by where it leads, more than by how fast.
_PLACE_WEIGHT = 2.0
_AIR_COST = 4.0
_ABYSS_COST = 1000.0
# In place of an estimate, which kills can make negative: the child is not kept.
_NOT_KEPT = np.inf


@inline_jit
def _put(heap, control, f, node, action):
    """Push with the key (f, newest first)."""
    control[N_PUSHED] += 1
    sequence = (1 << _SEQUENCE_BITS) - control[N_PUSHED]
    push(heap, np.int64(f * _COST_STEPS) << _SEQUENCE_BITS | sequence, node << 4 | action)


@inline_jit
def _worth_jumping(player):
    """Whether JUMP held makes a difference in the next tick."""
    return player.jump_time > 0 or (
        player.may_jump and (player.body.on_ground or player.body.sliding)
    )


@jit
def _expand(worlds, nodes, heap, control, settings, node):
    """Put all children of a node on the open list, by the costs they may hope for."""
    player = worlds[node].players[0]
    jump = _worth_jumping(player)
    n = nodes[node]
    ticks = np.int64(settings[EDGE_TICKS])
    cost = n.cost + ticks
    actions = _ACTIONS.shape[0] if settings[ALL_ACTIONS] > 0.0 else _USUAL_ACTIONS
    n.open = 0
    # Pushed in reverse: of equals the newest leaves first.
    for action in range(actions - 1, -1, -1):
        keys = _ACTIONS[action]
        if keys & _JUMP and not jump:
            continue
        if keys & _DOWN and not player.large:
            continue
        acceleration = _RUN[keys & 3] if keys & _SPEED else _WALK[keys & 3]
        if keys & _DOWN:
            acceleration = 0.0
        x = np.float64(player.body.x)
        speed = np.float64(player.body.xa)
        for _ in range(ticks):
            speed += acceleration
            x += speed
            speed *= FRICTION
        f = cost + settings[WEIGHT] * ticks_to_run(settings[TARGET_X] - x, speed)
        _put(heap, control, f, node, action)
        n.open += 1


@inline_jit
def _close(nodes, node):
    """One way on from `node` is a dead end; if it was the last, so is `node`."""
    while node >= 0:
        nodes[node].open -= 1
        if nodes[node].open > 0:
            break
        node = np.int64(nodes[node].parent)


@jit
def _is_bottomless(image, world, x_px, y_px):
    """Whether nothing solid is below a point, down to the bottom of the map."""
    x = cell_of(x_px)
    for y in range(max(cell_of(y_px), 0), image[HEIGHT]):
        if blocks(cell_at(image, world, x, y), np.float32(1)):
            return False
    return True


@jit
def over_gap(image, world):
    """Whether Mario would fall for good if he tried to stop.

    That is where nothing is below the place where he would come to rest.
    """
    body = world.players[0].body
    speed = abs(np.float64(body.xa))
    way = 0.0
    while speed > RUN_ACCELERATION:
        speed -= RUN_ACCELERATION
        way += speed
        speed *= FRICTION
    x = np.float64(body.x) + (way if body.xa > 0 else -way)
    return _is_bottomless(image, world, np.float32(x), body.y)


@inline_jit
def _signature(world, ticks, settings):
    """States of one signature are taken for the same."""
    player = world.players[0]
    body = player.body
    scale = 1.0 / settings[BUCKET_PX]
    s = np.int64(body.x * scale)
    s = s << 9 | (np.int64(body.y * scale) & 511)
    s = s << 6 | (np.int64(body.xa * scale + 32.0) & 63)
    s = s << 6 | (np.int64(body.ya * scale + 32.0) & 63)
    s = s << 4 | (np.int64((player.jump_time + 6) * min(2.0 * scale, 1.0)) & 15)
    s = s << 1 | (body.on_ground & 1)
    s = s << 1 | (player.may_jump & 1)
    s = s << 1 | (body.sliding & 1)
    s = s << 2 | (np.int64(player.large) + np.int64(player.fire))
    return s << 9 | (np.int64(ticks / settings[BUCKET_TICKS]) & 511)


@inline_jit
def _is_hidden_block(cell):
    """Whether a cell of a level's image stops nobody until it is hit from below."""
    return cell & _HIDDEN == _HIDDEN and cell & _BLOCK_ALL == 0


@jit
def _with_hidden_blocks(image, world, signature):
    """The signature, another one for each set of hidden blocks near Mario that were found."""
    column = cell_of(world.players[0].body.x)
    height = image[HEIGHT]
    first = max(column - _NEAR_COLUMNS, 0)
    end = min(column + _NEAR_COLUMNS + 1, image[WIDTH])
    for at in range(CELLS + first * height, CELLS + end * height):
        cell = image[at]
        if _is_hidden_block(cell) and is_spent(world, ((cell >> 16) & 0xFFFF) - 1):
            signature = np.int64(mixed(signature ^ at))
    return signature


@jit
def begin_search(worlds, nodes, heap, control, settings):
    """Start a search from `worlds[0]`, with an empty tree."""
    clear_heap(heap)
    player = worlds[0].players[0]
    control[N_NODES] = 1
    control[N_SIMULATED] = 0
    control[N_PUSHED] = 0
    control[SEARCH] += 1
    control[GOAL] = -1
    root = nodes[0]
    root.cost = 0.0
    root.parent = -1
    root.ticks = 0
    root.x = player.body.x
    root.y = player.body.y
    root.keys = 0
    root.terminal = 0
    _expand(worlds, nodes, heap, control, settings, 0)


@jit
def _simulate(image, worlds, pool, nodes, table, control, settings, parent, action):
    """Make the child of `parent` by `action` as the next node.

    Returns its estimated total cost, or `_NOT_KEPT` when it is dead, doomed or known.
    """
    child = control[N_NODES]
    keys = _ACTIONS[action]
    copy_world(worlds, pool, parent, child)
    world = worlds[child]
    player = world.players[0]
    kills = world.kills_total
    hurts = player.hurts
    ticks = 0
    last = np.int64(settings[EDGE_TICKS])
    while ticks < last and player.status == Status.RUNNING:
        tick(image, world, keys)
        ticks += 1
    control[N_SIMULATED] += 1
    body = player.body
    if player.status == _DEAD or body.y >= np.float32(image[HEIGHT] * 16):
        return _NOT_KEPT
    n = nodes[child]
    n.parent = parent
    n.ticks = nodes[parent].ticks + ticks
    n.cost = (
        nodes[parent].cost
        + ticks
        + settings[HURT_COST] * (player.hurts - hurts)
        - settings[KILL_BONUS] * (world.kills_total - kills)
    )
    n.x = body.x
    n.y = body.y
    n.keys = keys
    n.terminal = player.status == _WIN or body.x >= settings[END_X]
    left = ticks_to_run(settings[TARGET_X] - np.float64(body.x), np.float64(body.xa))
    if player.status == _WIN:
        left = 0.0
    elif n.terminal and settings[GAP_COST] > 0.0 and over_gap(image, world):
        n.cost += settings[GAP_COST]
    signature = _signature(world, n.ticks, settings)
    if settings[MIND_HIDDEN] > 0.0:
        signature = _with_hidden_blocks(image, world, signature)
    if seen_as_cheap(table, control[SEARCH], signature, np.int64(n.cost * _COST_STEPS)):
        return _NOT_KEPT
    control[N_NODES] += 1
    n.open = 1
    return n.cost + settings[WEIGHT] * left


@jit
def run_search(image, worlds, pool, nodes, heap, table, control, settings, budget):
    """Go on searching until the end is reached or `budget` nodes have been simulated in all.

    Returns:
        RUNNING when the budget is spent, REACHED (`control[GOAL]` is the node), or EXHAUSTED.
    """
    room = min(np.int64(budget), np.int64(nodes.shape[0] - 1))
    while control[N_SIMULATED] < room:
        if heap[0, 0] == 0:
            return EXHAUSTED
        key = heap[1, 0]
        value = pop(heap)
        node = value >> 4
        action = value & 15
        if action == _EXPAND:
            if nodes[node].terminal:
                control[GOAL] = node
                return REACHED
            _expand(worlds, nodes, heap, control, settings, node)
            continue
        child = control[N_NODES]
        f = _simulate(image, worlds, pool, nodes, table, control, settings, node, action)
        if f == _NOT_KEPT:
            _close(nodes, node)
            continue
        if np.int64(f * _COST_STEPS) <= key >> _SEQUENCE_BITS:
            if nodes[child].terminal:
                control[GOAL] = child
                return REACHED
            _expand(worlds, nodes, heap, control, settings, child)
        else:
            _put(heap, control, f, child, _EXPAND)
    return RUNNING


@jit
def most_promising(image, worlds, nodes, control, settings):
    """The best node to go to when the end was not reached; 0 when all ways are dead ends.

    Nodes all of whose descendants died are left out: there Mario is alive, but doomed. A way that
    was not searched to its landing beyond a gap may be doomed as well, so it comes last.
    """
    best = 0
    lowest = 1e18
    for i in range(1, control[N_NODES]):
        n = nodes[i]
        if n.open <= 0:
            continue
        body = worlds[i].players[0].body
        left = ticks_to_run(settings[TARGET_X] - np.float64(body.x), np.float64(body.xa))
        cost = n.cost - n.ticks + _PLACE_WEIGHT * left
        if not body.on_ground:
            cost += _AIR_COST
        if cost < lowest and over_gap(image, worlds[i]):
            cost += _ABYSS_COST
        if cost < lowest:
            lowest = cost
            best = i
    return best


@jit
def ends_in_abyss(image, worlds, node):
    """Whether Mario at `node` would fall for good if he tried to stop."""
    return over_gap(image, worlds[node])


@jit
def longest_lived(nodes, control):
    """The node latest in time."""
    best = 0
    for i in range(1, control[N_NODES]):
        if nodes[i].ticks > nodes[best].ticks:
            best = i
    return best


@jit
def read_plan(nodes, node, keys):
    """Write the buttons, tick by tick, from the root to `node` into `keys` (uint8).

    Returns how many ticks they are; what does not fit is left out.
    """
    total = np.int64(nodes[node].ticks)
    while node > 0:
        parent = nodes[node].parent
        for t in range(nodes[parent].ticks, min(np.int64(nodes[node].ticks), keys.shape[0])):
            keys[t] = nodes[node].keys
        node = parent
    return min(total, keys.shape[0])
