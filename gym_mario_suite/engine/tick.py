"""One tick of a world: the order of everything."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit, merged_jit
from gym_mario_suite.engine.contacts import fireballs_hit, meet_player, shells_hit
from gym_mario_suite.engine.contacts_2019 import fireballs_hit_2019, shells_hit_2019
from gym_mario_suite.engine.creatures import tick_sprite
from gym_mario_suite.engine.events import clear_events
from gym_mario_suite.engine.level_image import (
    FINGERPRINT,
    RULES,
    X_START,
    Y_START,
    cell_at,
    spent_words,
)
from gym_mario_suite.engine.motion import F0
from gym_mario_suite.engine.player import (
    begin_player_tick,
    die,
    end_player_tick,
    set_mode,
)
from gym_mario_suite.engine.player_2019 import begin_player_tick_2019, is_alive
from gym_mario_suite.engine.several import (
    NO_WINDOW,
    camera_x,
    players_touch,
    remove_far_from_all,
    scan_windows,
)
from gym_mario_suite.engine.spawning import scan
from gym_mario_suite.engine.sprites import (
    clear_body,
    clear_sprites,
    commit_sprites,
)
from gym_mario_suite.engine.tick_2019 import begin_tick_2019
from gym_mario_suite.engine.world import (
    KEY_BITS,
    LIVES_AT_START,
    MAX_PLAYERS,
    MS_PER_SECOND,
    NO_SPRITE,
    TICKS_PER_SECOND,
    Kind,
    Rules,
    Status,
)

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_FRAMEWORK_2019 = int(Rules.FRAMEWORK_2019)
_RUNNING = int(Status.RUNNING)
_FIREBALL = int(Kind.FIREBALL)
_MARIO = int(Kind.MARIO)
_SHELL = int(Kind.SHELL)
_ALL_KEYS = (1 << KEY_BITS) - 1

_OFF_LEFT = np.float32(-64)
_OFF_RIGHT = np.float32(384)
_OFF_TOP = np.float32(-64)
_OFF_BOTTOM = np.float32(304)
_NO_JUMP = np.float32(-100)
_PLACE = np.float32(16)


@jit
def start_player(image, player, index, mode):
    """A fresh player at the level's start. `mode`: 0 small, 1 large, 2 fire."""
    body = player.body
    clear_body(body)
    body.x = np.float32(image[X_START])
    body.y = np.float32(image[Y_START])
    body.spawn = -1
    body.aux = index
    body.kind = _MARIO
    body.facing = 1
    player.x_jump_speed = F0
    player.y_jump_speed = F0
    player.x_jump_start = _NO_JUMP
    player.jump_time = 0
    player.invulnerable_time = 0
    player.death_time = 0
    player.win_time = 0
    player.carried = NO_SPRITE
    player.keys = 0
    player.status = _RUNNING
    player.was_on_ground = 0
    player.may_jump = 0
    player.ducking = 0
    player.can_shoot = 0
    player.scan_first = 0
    player.coins = 0
    # The framework counts lives from 0 on; they play no role in either game.
    player.lives = LIVES_AT_START if image[RULES] == _COMPETITION_2009 else 0
    player.mushrooms = 0
    player.flowers = 0
    player.jumps = 0
    player.hurts = 0
    set_mode(player, mode > 0, mode == 2)


@jit
def start_world(image, world, mode, time_limit_s, switches):
    """Reset `world` to the start of the level.

    Args:
        image: The level image.
        world: The record to reset; every byte that play reads is written.
        mode: Start mode, 0 small, 1 large, 2 fire.
        time_limit_s: Time limit in seconds of the level's timer (15 ticks each).
        switches: Bits CREATURES_OFF, INVULNERABLE, POWER_RESTORATION, TIMER_OFF.
    """
    start_shared_world(image, world, mode, time_limit_s, switches, 1, 0)


@jit
def start_shared_world(image, world, mode, time_limit_s, switches, n_players, rivalry):
    """`start_world` for `n_players` (1 to 4; several under the rules of 2009 only).

    They stand side by side, where there is room. `rivalry`: see `Rivalry`.
    """
    world.n_players = n_players
    world.rivalry = rivalry
    world.rules = image[RULES]
    world.fingerprint = image[FINGERPRINT]
    world.tick = 0
    world.start_time = 1
    unit = MS_PER_SECOND if world.rules == _FRAMEWORK_2019 else TICKS_PER_SECOND
    world.time_limit = time_limit_s * unit
    world.time_left = time_limit_s * unit
    world.x_cam = F0
    world.y_cam = F0
    world.scan_first = 0
    world.scan_last = -1
    world.scan_top = 0
    world.scan_bottom = -1
    world.kills_total = 0
    world.kills_stomp = 0
    world.kills_fire = 0
    world.kills_shell = 0
    world.kills_bump = 0
    world.fireballs_on_screen = 0
    world.sprites_dropped = 0
    world.creatures_off = switches & 1
    world.invulnerable = (switches >> 1) & 1
    world.power_restoration = (switches >> 2) & 1
    world.timer_on = 1 - ((switches >> 3) & 1)
    world.paused = world.creatures_off
    clear_sprites(world)
    world.n_effects = 0
    if world.rules == _FRAMEWORK_2019:
        clear_events(world)
    for i in range(world.effects.shape[0]):
        effect = world.effects[i]
        effect.kind = 0
        effect.born = 0
        effect.x = 0
        effect.y = 0
    world.spent_words = spent_words(image)
    for i in range(world.spent_words):
        world.spent[i] = np.uint32(0)
    for p in range(MAX_PLAYERS):
        start_player(image, world.players[p], p, mode)
    if n_players > 1:
        for p in range(n_players):
            world.players[p].scan_first = NO_WINDOW
            _stand_aside(image, world, world.players[p], p)


@jit
def _stand_aside(image, world, player, places):
    """Move a player to the right at the start, a tile a place, as far as there is room."""
    body = player.body
    for _ in range(places):
        x = (int(body.x) >> 4) + 1
        y = int(body.y) >> 4
        if cell_at(image, world, x, y) != 0 or cell_at(image, world, x, y - 1) != 0:
            return
        body.x = body.x + _PLACE


@jit
def _remove_far_sprites(world):
    """Sprites more than 64 px outside the screen leave at the end of the tick."""
    fireballs = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        dx = s.x - world.x_cam
        if dx < _OFF_LEFT or dx > _OFF_RIGHT or s.y < _OFF_TOP or s.y > _OFF_BOTTOM:
            s.removed = 1
        elif s.kind == _FIREBALL:
            fireballs += 1
    world.fireballs_on_screen = fireballs


@inline_jit
def _newest(world):
    """Slot of the newest addition."""
    return np.int64(world.added[world.n_added - 1])


@merged_jit
def _begin_tick(image, world):
    """What a tick begins with under the competition's rules: time, camera, losses, spawning."""
    if world.timer_on:
        world.time_left -= 1
    if world.time_left == 0:
        for p in range(world.n_players):
            die(world, world.players[p])
    world.start_time += 1
    world.x_cam = camera_x(image, world.players[0].body)
    if world.n_players == 1:
        _remove_far_sprites(world)
    else:
        remove_far_from_all(image, world)
    if not world.paused:
        world.tick += 1
        if world.n_players == 1:
            scan(image, world)
        else:
            scan_windows(image, world)


@merged_jit
def _meet(image, world, in_2009):
    """Touches of Mario, then of shells, then of fireballs."""
    for i in range(world.n_sprites):
        slot = np.int64(world.order[i])
        if not in_2009 and world.sprites[slot].removed:
            continue
        for p in range(world.n_players):
            # Alone, one who has just died or won has stopped the world, after this tick.
            if world.n_players > 1 and world.players[p].status != _RUNNING:
                continue
            additions = world.n_added
            meet_player(image, world, slot, world.players[p])
            # A stomped koopa has left its shell. (Power-ups out of blocks have moved already.)
            if world.n_added > additions and world.sprites[_newest(world)].kind == _SHELL:
                tick_sprite(image, world, _newest(world))
    if world.n_shells > 0:
        if in_2009:
            shells_hit(image, world)
        else:
            shells_hit_2019(world)
    if world.n_fireballs > 0:
        if in_2009:
            fireballs_hit(image, world)
        else:
            fireballs_hit_2019(world)


@jit
def tick(image, world, keys):
    """Advance the world by one tick, under the rules it is played by.

    Args:
        image: The level image (`level_image`), shared and never written.
        world: A `WORLD` record, changed in place.
        keys: Button bits in effect during this tick, KEY_BITS for each player, the first player's
            lowest.
    """
    in_2009 = world.rules == _COMPETITION_2009
    if in_2009:
        _begin_tick(image, world)
    elif not begin_tick_2019(image, world):
        return
    # In 2009 a freeze stops all but Mario, and lasts for this tick even if he ends it.
    frozen = in_2009 and world.paused != 0
    if not frozen:
        for i in range(world.n_added):
            tick_sprite(image, world, np.int64(world.added[i]))
        for i in range(world.n_sprites):
            slot = np.int64(world.order[i])
            # In 2009 what leaves at the end of the tick takes part until then.
            if in_2009 or not world.sprites[slot].removed:
                tick_sprite(image, world, slot)
    for p in range(world.n_players):
        player = world.players[p]
        shot = False
        if in_2009:
            shot = begin_player_tick(world, player, (keys >> (KEY_BITS * p)) & _ALL_KEYS)
        elif is_alive(player):
            shot = begin_player_tick_2019(image, world, player, keys)
        else:
            continue
        if shot:
            tick_sprite(image, world, _newest(world))
        end_player_tick(image, world, player)
    if world.rivalry:
        players_touch(image, world)
    if not frozen:
        _meet(image, world, in_2009)
    commit_sprites(world)
