import pytest

from gym_mario_suite import cli
from gym_mario_suite.levels.formats import read_grid
from gym_mario_suite.levels.maker.course_files import read_course_file
from gym_mario_suite.levels.maker.course_levels import course_to_grid


def run(capsys, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["levels", "generate", *words])
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_levels_are_printed_and_written(capsys, tmp_path):
    out = tmp_path / "level-{seed}.txt"
    code, said, _ = run(
        capsys, "-g", "vae", "--seed", "3", "-n", "2", "--width", "30", "--out", str(out)
    )
    assert code == 0
    assert "seed 3" in said
    grids = [read_grid(tmp_path / f"level-{seed}.txt") for seed in (3, 4)]
    assert [grid.codes.shape for grid in grids] == [(14, 30)] * 2
    assert grids[0].rows()[-1] in said


@pytest.mark.parametrize("name", ["level.doc", "absent/{seed}.json"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(capsys, tmp_path, name):
    code, said, error = run(capsys, "-g", "ngram", "--out", str(tmp_path / name))
    assert (code, said) == (2, "")
    assert error.startswith("error: ")


def test_a_course_by_its_name_is_a_course(capsys, tmp_path):
    out = tmp_path / "level.mmc.json"
    code, said, _ = run(capsys, "-g", "ngram", "--width", "30", "--out", str(out))
    assert code == 0
    rows = said.splitlines()[1:-1]
    assert course_to_grid(read_course_file(out)).rows() == rows


def test_chunks_of_latents_and_options_of_the_generator(capsys):
    code, said, _ = run(capsys, "-g", "vae", "--latent", "0.5,-1", "--latent", "2,0")
    assert code == 0
    assert len(said.splitlines()[-1]) == 28
    code, said, _ = run(capsys, "-g", "context-ca", "-o", "iterations=0", "-o", "allowed=S")
    assert code == 0
    assert set("".join(said.splitlines()[1:])) <= set("S-")
    code, said, _ = run(capsys, "-g", "tile-diffusion", "--options")
    assert code == 0
    assert "iterations" in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("-g", "nobody"), "unknown level generator"),
        (("-g", "vae", "--latent", "a,b"), "--latent takes numbers"),
        (("-g", "vae", "-o", "nonsense=1"), "no option"),
        (("-g", "vae", "-o", "nonsense"), "NAME=VALUE"),
        (("-g", "vae", "-o", "draw_tiles=no"), "draw_tiles must be true or false, got 'no'"),
        (("-o", "playable=1"), "playable must be true or false, got 1"),
        (("-g", "context-ca", "-o", "air=abc"), "air must be a number"),
        (("-g", "context-ca", "-o", "allowed=5"), "allowed must list tiles"),
        (("-o", "allowed=5"), "allowed must list tiles"),
        (("-o", "allowed=[[1]]"), "unknown tile [1]"),
        (("-o", "init=[[1,2],[3]]"), "init must be a TileGrid or codes"),
        (("-o", "init=[[14,2]]"), "init must be a TileGrid or codes"),
        (("-o", 'style=["x"]'), "unknown style ['x']"),
        (("-g", "ngram:weights=w.safetensors"), "'ngram' has no weights"),
        (("-g", "vae:weights=absent.safetensors"), "absent.safetensors cannot be read"),
        (("-g", "nobody:weights=w"), "unknown level generator 'nobody'"),
        (("--trace", "absent/trace.gif", "--width", "1"), "cannot write absent/trace.gif"),
        (("--seed", "x"), "whole number"),
        (("-n", "2", "--play"), "one level at a time"),
        (("-n", "2", "--out", "x.txt"), "{seed}"),
        (("--trace", "trace.png"), "must end in .gif, got 'trace.png'"),
        (("-g", "ngram", "--width", "20", "-o", "width=30"), "--width and --option width=30"),
        (("-g", "ngram", "-o", "width=20", "-o", "width=30"), "--option gives width twice"),
    ],
)
def test_errors_are_one_line(capsys, words, expected):
    code, _, said = run(capsys, *words)
    assert code == 2
    assert expected in said
    assert len(said.strip().splitlines()) == 1


def test_switches_are_turned_on_and_off(capsys):
    words = ("-g", "vae", "--width", "28")
    plain = run(capsys, *words)
    assert run(capsys, *words, "-o", "draw_tiles=False") == plain
    assert run(capsys, *words, "-o", "draw_tiles=false") == plain
    assert run(capsys, *words, "-o", "draw_tiles=True") != plain


def test_a_trace_becomes_an_animation(capsys, tmp_path):
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "trace.gif"
    code, _, said = run(
        capsys, "-g", "tile-diffusion", "--width", "20", "-o", "iterations=4", "--trace", str(path)
    )
    assert code == 0, said
    with image.open(path) as animation:
        assert animation.n_frames >= 4
