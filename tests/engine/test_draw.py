"""The renderer: golden frames, what must be visible, and that it writes nowhere else.

After a wanted change of the pictures: `python -m tests.engine.test_draw` prints the new GOLDEN.
"""

import hashlib
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import (
    AT_TILES,
    FRAMES,
    MARGIN_PX,
    NO_PICTURE,
    ORIGIN,
    PITCH,
    load_views,
)
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw import (
    GRAY84_SHAPE,
    Renderer,
    camera,
    draw_gray84,
    draw_rgb,
    scratch_bytes,
)
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import EFFECT_SLOTS, Button, Effect, Kind, Mode
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import Level, generate
from tests.engine.drawn import (
    CREATURES,
    SHAPES,
    STANDING_Y,
    add_sprite,
    draw,
    flat_level,
    game_at,
)

THEMES = (0, 1, 2)

# Per theme, frames of the first world of `played`, after these ticks.
GOLDEN_TICKS = (1, 40, 90, 150)
GOLDEN = {
    "rgb 0": ["fb5a568a47fc9b8d", "f9816f4f06d458c7", "6fa9a5f339955703", "f3c5d05a0a63bbe2"],
    "rgb 1": ["ce4f4777d3623d3c", "0f06777898533775", "b4eed57a41543b00", "77a79af7478ae2a6"],
    "rgb 2": ["e83845f89e3d2ba4", "cab5e1262238c2aa", "54a4784892b379d2", "0fb84632d2447a73"],
    "rgb_half 0": ["22928b0cb9eac3fc", "471b2852d374d534", "73cc927817663044", "bd610fd1089e8316"],
    "rgb_half 1": ["b3114b4176e94a7f", "f9dca1208d766460", "dd43ac8114713992", "f5bbc0e392fa6804"],
    "rgb_half 2": ["2fcf91368bb7a451", "6811c4f0f6ea4b05", "8fabb1c47398e14c", "777aea44d99cb57c"],
    "gray84 0": ["5a6dc77471db7599", "2a0b12faeae99be2", "0376f15dae335c9c", "52cd1297bd9a4ce0"],
    "gray84 1": ["4b6d25a81b16ef6c", "f6391952f5a29ec1", "a465e1717a207313", "d82d91f6494676d7"],
    "gray84 2": ["a061304ec43a8670", "889f909f3c6df012", "541c697fc28c8844", "e93e21cafbf08b85"],
}


def played(theme: int) -> list[Game]:
    """Games of a forward-jumping, shooting player at the golden ticks."""
    game = Game(generate(11 + theme, 5, theme, 200).image, Mode.FIRE, invulnerable=True)
    games = []
    for tick in range(1, GOLDEN_TICKS[-1] + 1):
        keys = Button.RIGHT
        if game.may_jump or not game.on_ground:
            keys |= Button.JUMP
        if tick % 5:
            keys |= Button.SPEED
        game.tick(int(keys))
        if tick in GOLDEN_TICKS:
            games.append(game.clone())
    return games


def golden_hashes() -> dict[str, list[str]]:
    renderer = Renderer()
    return {
        f"{view} {theme}": [
            hashlib.sha256(draw(renderer, view, game, theme=theme).tobytes()).hexdigest()[:16]
            for game in played(theme)
        ]
        for view in SHAPES
        for theme in THEMES
    }


def test_golden_frames() -> None:
    assert golden_hashes() == GOLDEN


@pytest.mark.parametrize("view", SHAPES)
def test_drawing_repeats_and_leaves_the_world_alone(renderer: Renderer, view: str) -> None:
    game = played(0)[-1]
    before = game.worlds.tobytes()
    first = draw(renderer, view, game)
    draw(renderer, view, game, theme=2)
    assert np.array_equal(draw(renderer, view, game), first)
    assert game.worlds.tobytes() == before
    assert first.shape == SHAPES[view]


@jit
def _draw_all(views, scratch, image, worlds, out_rgb, out_half, out_gray):
    """As a batch kernel does it: records, and slices of one large buffer."""
    for i in range(worlds.shape[0]):
        draw_rgb(views.rgb, scratch, image, worlds[i], 1, True, out_rgb[i + 1])
        draw_rgb(views.rgb_half, scratch, image, worlds[i], 1, True, out_half[i + 1])
        draw_gray84(views.grey_half, scratch, image, worlds[i], 1, True, out_gray[i + 1])


def test_kernels_write_nothing_but_the_frame(renderer: Renderer) -> None:
    # Sprites across all four edges, and a goal pole half outside.
    game = game_at(flat_level(40, x_exit=20), x=160)
    for i, kind in enumerate(CREATURES * 2):
        edge = (-3.0, 318.0)[i % 2]
        add_sprite(game.worlds, kind, edge, 30.0 * (i % 9) - 2, winged=i % 2)
        add_sprite(game.worlds, kind, 10.0 * i, (4.0, 255.0)[i % 2], dead_time=9, fly_death=1)
    views = load_views()
    size = max(map(scratch_bytes, views))
    scratch = np.full(size + 512, 173, np.uint8)
    inner = scratch[256:-256]
    outs = [np.full((3, *shape), 173, np.uint8) for shape in SHAPES.values()]
    _draw_all(views, inner, game.image, game.worlds, *outs)
    for out, view in zip(outs, SHAPES, strict=True):
        assert (out[0] == 173).all()
        assert (out[2] == 173).all()
        assert np.array_equal(out[1], draw(renderer, view, game, theme=1))
    assert (scratch[:256] == 173).all()
    assert (scratch[-256:] == 173).all()


def test_the_half_view_is_the_mean_of_four_pixels(renderer: Renderer) -> None:
    level = flat_level(60, [(8, 9, Tile.COIN), (12, 9, Tile.QUESTION_COIN), (13, 9, Tile.BRICK)])
    game = game_at(level, x=160)
    add_sprite(game.worlds, Kind.GREEN_KOOPA_WINGED, 220, STANDING_Y, winged=1)
    full = draw(renderer, "rgb", game, hud=False).astype(int)
    mean = (full.reshape(120, 2, 160, 2, 3).sum((1, 3)) + 2) >> 2
    half = draw(renderer, "rgb_half", game, hud=False).astype(int)
    # Where translucent edges lie over others the order of averaging shows.
    assert np.mean(np.abs(half - mean) > 4) < 0.002
    assert np.abs(half - mean).mean() < 0.5


def test_gray84_is_an_area_average(renderer: Renderer) -> None:
    views = load_views()
    game = played(0)[2]
    scratch = np.zeros(max(map(scratch_bytes, views)), np.uint8)
    out = np.zeros((3, *GRAY84_SHAPE), np.uint8)
    ignored = [np.zeros((3, *SHAPES[view]), np.uint8) for view in ("rgb", "rgb_half")]
    _draw_all(views, scratch, game.image, game.worlds, *ignored, out)
    pitch, origin = int(views.grey_half.table[PITCH]), int(views.grey_half.table[ORIGIN])
    at = origin + pitch * np.arange(120)[:, None] + np.arange(160)
    half = scratch[at].astype(float)
    assert origin == MARGIN_PX * pitch + MARGIN_PX

    def overlap(outputs: int, inputs: int) -> NDArray[np.float64]:
        edges = np.arange(outputs + 1)[:, None] * inputs / outputs
        low, high = np.arange(inputs), np.arange(1, inputs + 1)
        share = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
        return np.maximum(share, 0) * outputs / inputs

    exact = overlap(84, 120) @ half @ overlap(84, 160).T
    assert np.abs(exact - out[1]).max() <= 1.2


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("row", [3, 7, 11])
def test_a_coin_is_visible_at_every_scroll_offset(renderer: Renderer, theme: int, row: int) -> None:
    with_coin, without = flat_level(60, [(20, row, Tile.COIN)]), flat_level(60)
    cells = (16 * 84 / 320) * (16 * 84 / 240)
    for offset in range(16):
        for clock in range(1, 19, 3):
            frames = []
            for level in (with_coin, without):
                game = game_at(level, x=330 + offset, y=-60)
                game.worlds[0]["start_time"] = clock
                frames.append(draw(renderer, "gray84", game, theme=theme, hud=False).astype(int))
            difference = np.abs(frames[0] - frames[1])
            assert difference.sum() / cells > 10, (offset, clock)
            assert difference.max() > 30, (offset, clock)


def tile_picture(tile: int, theme: int) -> set[int]:
    table = load_views().rgb.table
    at = int(table[AT_TILES]) + (theme * 256 + tile) * 16
    return set(table[at : at + 16].tolist())


def test_every_named_tile_has_its_picture() -> None:
    for theme in THEMES:
        unknown = tile_picture(255, theme)
        assert len(unknown) == 1
        assert unknown != {NO_PICTURE}
        for tile in Tile:
            pictures = tile_picture(tile, theme)
            if tile in (Tile.AIR, Tile.HIDDEN_COIN_BLOCK, Tile.HIDDEN_POWER_BLOCK):
                assert pictures == {NO_PICTURE}
            else:
                assert not pictures & (unknown | {NO_PICTURE}), tile
        animated = [tile_picture(t, theme) for t in (Tile.COIN, Tile.QUESTION_COIN)]
        assert [len(pictures) for pictures in animated] == [4, 4]


@pytest.mark.parametrize("theme", THEMES)
def test_generated_levels_have_no_unknown_tile(theme: int) -> None:
    for seed in range(4):
        for tile in np.unique(generate(seed, 10, theme, 320).tiles):
            assert tile_picture(int(tile), theme) != tile_picture(255, theme), tile


@pytest.mark.parametrize("view", SHAPES)
def test_every_tile_shows_in_every_view(renderer: Renderer, view: str) -> None:
    empty = draw(renderer, view, game_at(flat_level()), hud=False)
    for tile in range(256):
        shown = draw(renderer, view, game_at(flat_level(60, [(5, 5, tile)])), hud=False)
        hidden = tile in (0, Tile.HIDDEN_COIN_BLOCK, Tile.HIDDEN_POWER_BLOCK)
        assert np.array_equal(shown, empty) == hidden, tile


@pytest.mark.parametrize("kind", [kind for kind in Effect if kind])
def test_effects_show_move_and_end(renderer: Renderer, kind: Effect) -> None:
    level = flat_level(60, [(5, 6, Tile.USED_BLOCK)])
    game = game_at(level)
    looks = []
    game.worlds[0]["effects"][EFFECT_SLOTS - 1] = (kind, 10, 5 * 16 + 8, 7 * 16)
    for age in range(30):
        game.worlds[0]["start_time"] = 10 + age
        with_effect = draw(renderer, "rgb", game, hud=False)
        without = game.clone()
        without.worlds[0]["effects"]["kind"] = 0
        difference = with_effect.astype(int) - draw(renderer, "rgb", without, hud=False)
        looks.append(difference.tobytes() if difference.any() else b"")
    assert looks[0] != b""
    assert len(set(looks)) > 3
    assert looks[-1] == b""


@pytest.mark.parametrize("view", SHAPES)
def test_the_hud_shows_the_figures_and_can_be_left_out(renderer: Renderer, view: str) -> None:
    game = game_at(flat_level())
    plain = draw(renderer, view, game, hud=False)
    looks = {plain.tobytes()}
    for change in ({}, {"kills_total": 7}, {"time_left": 15 * 57}, {"coins": 42}, {"large": 0}):
        changed = game.clone()
        world = changed.worlds[0]
        for name, value in change.items():
            (world if name in world.dtype.names else world["players"][0])[name] = value
        frame = draw(renderer, view, changed)
        looks.add(frame[: len(frame) // 6].tobytes())
        assert np.array_equal(frame[len(frame) // 6 :], plain[len(frame) // 6 :]) or change
    assert len(looks) == 6


def test_the_hud_survives_absurd_figures(renderer: Renderer) -> None:
    game = game_at(flat_level())
    for value in (-(2**31), 2**31 - 1):
        game.worlds[0]["time_left"] = value
        game.worlds[0]["kills_total"] = value
        game.worlds[0]["players"][0]["coins"] = value
        for view in SHAPES:
            draw(renderer, view, game)


@jit
def _draw_one(view, scratch, image, worlds, gray, out):
    if gray:
        draw_gray84(view, scratch, image, worlds[0], 0, True, out)
    else:
        draw_rgb(view, scratch, image, worlds[0], 0, True, out)


@pytest.mark.parametrize("number", range(3))
def test_each_view_stays_within_its_scratch(renderer: Renderer, number: int) -> None:
    game = played(0)[1]
    view, name = load_views()[number], list(SHAPES)[number]
    scratch = np.full(scratch_bytes(view) + 64, 173, np.uint8)
    out = np.zeros(SHAPES[name], np.uint8).ravel()
    _draw_one(view, scratch[:-64], game.image, game.worlds, name == "gray84", out)
    assert (scratch[-64:] == 173).all()
    assert np.array_equal(out.reshape(SHAPES[name]), draw(renderer, name, game))


@jit
def _camera_of(image, worlds):
    return camera(image, worlds[0])


@pytest.mark.parametrize(
    ("width", "x", "left"),
    [(60, 10, 0), (60, 400.9, 240), (60, 900, 640), (20, 200, 0), (12, 50, -64), (1, 3, -152)],
)
def test_camera(width: int, x: float, left: int) -> None:
    game = game_at(flat_level(width), x=x)
    assert _camera_of(game.image, game.worlds) == (left, 0)


@pytest.mark.parametrize("view", SHAPES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_narrow_level_has_the_backdrop_beside_it(
    renderer: Renderer, view: str, theme: int
) -> None:
    frame = draw(renderer, view, game_at(flat_level(8, x_exit=-9), x=40), theme=theme)
    bare = np.zeros((8, 15), np.uint8)
    sky = draw(renderer, view, game_at(Level(bare, [], -9), x=40, y=-90), theme=theme)
    third = frame.shape[1] // 4
    assert np.array_equal(frame[:, :third], sky[:, :third])
    assert np.array_equal(frame[:, -third:], sky[:, -third:])
    assert (frame != sky).any()


def test_a_level_of_the_largest_width_and_other_heights(renderer: Renderer) -> None:
    wide = game_at(flat_level(16_383), x=16_383 * 16 - 8)
    for view in SHAPES:
        frame = draw(renderer, view, wide, hud=False)
        assert (frame != draw(renderer, view, game_at(flat_level(60)), hud=False)).any()
    for height in (1, 7, 40):
        level = Level(np.full((30, height), Tile.STAIR_BLOCK, np.uint8), [], 25)
        top = draw(renderer, "rgb", game_at(level, y=-90), hud=False)
        bare = Level(np.zeros((30, height), np.uint8), [], 25)
        sky = draw(renderer, "rgb", game_at(bare, y=-90), hud=False)
        assert np.array_equal(top[16 * height :], sky[16 * height :])
        assert (top[: 16 * height] != sky[: 16 * height]).any()


def test_the_goal_is_drawn_where_the_level_ends(renderer: Renderer) -> None:
    there = draw(renderer, "rgb", game_at(flat_level(40, x_exit=15)))
    elsewhere = draw(renderer, "rgb", game_at(flat_level(40, x_exit=39)))
    columns = np.flatnonzero((there != elsewhere).any((0, 2)))
    assert 15 * 16 <= columns.min() < columns.max() < 16 * 16
    for x_exit in (-1_048_576, 1_048_576):
        draw(renderer, "rgb", game_at(flat_level(40, x_exit=x_exit)))


def test_themes_look_different(renderer: Renderer) -> None:
    game = game_at(flat_level(40, [(5, 5, Tile.BRICK)]))
    for view in SHAPES:
        assert len({draw(renderer, view, game, theme=theme).tobytes() for theme in THEMES}) == 3


def test_wrong_arguments_are_refused(renderer: Renderer) -> None:
    game = game_at(flat_level())
    with pytest.raises(OptionError, match="theme"):
        draw(renderer, "rgb", game, theme=3)
    with pytest.raises(OptionError, match="no world 1"):
        draw(renderer, "rgb", game, index=1)
    for out in (np.zeros((240, 320), np.uint8), np.zeros((240, 320, 3), np.int8)):
        with pytest.raises(OptionError, match="out must be"):
            draw(renderer, "rgb", game, out=out)
    with pytest.raises(OptionError, match="out must be"):
        draw(renderer, "gray84", game, out=np.zeros((84, 168), np.uint8)[:, ::2])


def test_the_atlas_has_every_frame() -> None:
    assert len(set(FRAMES)) == len(FRAMES)
    for view in load_views():
        assert not any(array.flags.writeable for array in view)


if __name__ == "__main__":
    print("GOLDEN =", golden_hashes(), file=sys.stdout)
