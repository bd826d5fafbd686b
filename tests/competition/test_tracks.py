import dataclasses

import pytest

from gym_mario_suite.competition.tracks import (
    TRACKS,
    LevelSpec,
    Track,
    cig_2009,
    ice_gic_2009,
    learning,
    make_track,
    quick,
    register_track,
    remainder,
    wrap_int32,
)
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate

LAST = 2**31 - 1
FIRST = -(2**31)


def test_forty_levels_in_the_order_of_play() -> None:
    track = cig_2009(0)
    assert (track.name, track.seed, len(track.levels)) == ("cig-2009", 0, 40)
    assert [spec.difficulty for spec in track.levels] == [0] * 10 + [3] * 10 + [5] * 10 + [10] * 10
    assert [spec.trial for spec in track.levels] == list(range(10)) * 4
    assert track.levels[17] == LevelSpec(
        difficulty=3, trial=7, level_seed=7, type=1, length=1096, time_limit=200, mode=Mode.FIRE
    )


@pytest.mark.parametrize(
    ("seed", "extra"),
    [
        (0, [0] * 10),
        (9, [0, 1, 0, 1, 4, 3, 2, 1, 0, 9]),
        (-9, [0, -1, 0, -1, -4, -3, -2, -1, 0, -9]),
        (FIRST, [0, 0, -2, 0, -3, -2, -2, 0, -2, -8]),
        (LAST, [0, 1, 1, 3, 2, 1, 1, 7, 1, 7]),
    ],
)
def test_lengths_take_the_remainder_with_the_sign_of_the_seed(seed: int, extra: list[int]) -> None:
    lengths = [spec.length for spec in cig_2009(seed).levels[:10]]
    assert lengths == [200 + 128 * trial + rest for trial, rest in enumerate(extra)]


def test_level_seeds_wrap_around_at_32_bits() -> None:
    seeds = [spec.level_seed for spec in cig_2009(LAST - 2).levels[:10]]
    assert seeds == [LAST - 2, LAST - 1, LAST, *range(FIRST, FIRST + 7)]
    assert [spec.level_seed for spec in cig_2009(-3).levels[:10]] == list(range(-3, 7))


@pytest.mark.parametrize(
    ("dividend", "divisor", "rest"),
    [(7, 3, 1), (-7, 3, -1), (7, -3, 1), (-7, -3, -1), (6, 3, 0), (-6, 3, 0), (0, 5, 0)],
)
def test_remainder(dividend: int, divisor: int, rest: int) -> None:
    assert remainder(dividend, divisor) == rest


def test_wrap_int32() -> None:
    assert [wrap_int32(v) for v in (0, -1, LAST, LAST + 1, FIRST, FIRST - 1)] == [
        0,
        -1,
        LAST,
        FIRST,
        FIRST,
        LAST,
    ]


def test_a_spec_generates_its_level() -> None:
    spec = cig_2009(5).levels[12]
    assert spec.generate() == generate(7, difficulty=3, level_type=2, length=458)


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        cig_2009(0).levels[0].length = 1  # type: ignore[misc]


def test_tracks_by_name() -> None:
    # What is played on framework-2019 is not chosen by a seed.
    assert all(make_track(name, 4).name == name for name in TRACKS if name != "framework-2019")
    assert make_track("cig-2009", 4) == cig_2009(4)
    with pytest.raises(OptionError, match="did you mean 'cig-2009'"):
        make_track("cig2009", 4)


@pytest.mark.parametrize("seed", [LAST + 1, FIRST - 1, 1.5, "7", None])
def test_a_seed_has_32_bits(seed: object) -> None:
    with pytest.raises(OptionError, match="seed must be a whole number"):
        cig_2009(seed)  # type: ignore[arg-type]


def test_the_reconstructed_first_phase_has_ten_levels_and_says_what_it_is() -> None:
    track = ice_gic_2009(LAST)
    assert [spec.difficulty for spec in track.levels] == [0, 0, 0, 3, 3, 3, 5, 5, 10, 10]
    assert [spec.trial for spec in track.levels] == [0, 1, 2, 0, 1, 2, 0, 1, 0, 1]
    assert {spec.length for spec in track.levels} == {320}
    assert track.levels[1].level_seed == FIRST
    assert "a reconstruction" in track.note


def test_the_learning_track_is_one_level_of_which_the_last_attempt_counts() -> None:
    track = learning(3, attempts=7)
    assert track.only_last_counts
    assert [spec.trial for spec in track.levels] == list(range(7))
    assert {dataclasses.replace(spec, trial=0) for spec in track.levels} == {track.levels[0]}
    assert (track.levels[0].mode, track.levels[0].time_limit) == (Mode.FIRE, 60)
    assert track.levels[0].generate().metadata["generator"] == "deceptive"


def test_the_quick_track_has_a_level_of_each_difficulty() -> None:
    assert [spec.difficulty for spec in quick(0).levels] == [0, 3, 5, 10]


def test_tracks_have_options() -> None:
    track = make_track("learning:attempts=3,length=100", 0)
    assert track.name == "learning:attempts=3,length=100"
    assert len(track.levels) == 3
    assert track.levels[0].length == 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning:attempts", "expected OPTION=NUMBER"),
        ("learning:attempt=3", "did you mean 'attempts'"),
        ("learning:attempts=many", "must be a whole number"),
        ("learning:attempts=3,length=80,attempts=5", "option 'attempts' is given twice"),
        ("learning:attempts=0", "attempts must be a whole number from 1"),
        ("quick:attempts=3", "unknown option of track 'quick'"),
    ],
)
def test_wrong_options_are_explained(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make_track(text, 0)


def test_other_rooms_add_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gym_mario_suite.competition.tracks.TRACKS", dict(TRACKS))
    register_track("mine", lambda seed: Track("mine", seed, quick(seed).levels[:1]))
    register_track("by-name", "gym_mario_suite.competition.tracks:quick")
    assert len(make_track("mine", 2).levels) == 1
    assert make_track("by-name", 2).levels == quick(2).levels
    with pytest.raises(OptionError, match="already a track 'mine'"):
        register_track("mine", quick)


def test_an_unknown_generator() -> None:
    spec = dataclasses.replace(quick(0).levels[0], generator="magic")
    with pytest.raises(OptionError, match="unknown level generator 'magic'"):
        spec.generate()
