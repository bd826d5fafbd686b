import re
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest

from gym_mario_suite import envs
from gym_mario_suite.errors import OptionError
from gym_mario_suite.registry import REGISTRATIONS, Registration, register_all


@pytest.mark.parametrize("row", REGISTRATIONS, ids=lambda row: row.id)
def test_importing_the_package_registers_the_row(row: Registration) -> None:
    spec = gymnasium.spec(row.id)
    assert spec.entry_point == row.entry_point
    assert spec.vector_entry_point == row.vector_entry_point
    assert spec.max_episode_steps == row.max_episode_steps
    assert spec.kwargs == row.kwargs


def test_registering_again_changes_nothing_and_does_not_warn() -> None:
    before = dict(gymnasium.registry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_all()
    assert dict(gymnasium.registry) == before


def test_ids_are_unique_and_stay_out_of_other_packages_names() -> None:
    ids = [row.id for row in REGISTRATIONS]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert re.fullmatch(r"Mario[\w-]*-v\d+", name), name


@pytest.mark.parametrize(
    ("env_id", "options"),
    [
        ("MarioInfinite-v0", {}),
        ("MarioMaker-v0", {"width": 20}),
        ("MarioMakerPlay-v0", {"sampler": "ngram"}),
        ("MarioDream-v0", {"done_threshold": 1.0}),
    ],
)
@pytest.mark.parametrize("mode", [None, "sync"])
def test_every_family_takes_a_number_of_steps(
    env_id: str, options: dict[str, Any], mode: str | None
) -> None:
    """Gymnasium hands a spec's number to the native vector environment, too."""
    if env_id == "MarioDream-v0":
        pytest.importorskip("onnxruntime")
    games = gymnasium.make_vec(
        env_id, num_envs=2, max_episode_steps=3, vectorization_mode=mode, **options
    )
    games.reset(seed=0)
    ends = [games.step(np.zeros(2, np.int64))[3].tolist() for _ in range(3)]
    assert ends == [[False, False], [False, False], [True, True]]
    games.close()


@pytest.mark.parametrize("env_id", ["MarioInfinite-v0", "MarioMaker-v0", "MarioDream-v0"])
def test_an_unknown_option_is_a_type_error_that_lists_those_there_are(env_id: str) -> None:
    """Some libraries try options of their own, and go without them after a TypeError."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'frameskip'; there are"):
        gymnasium.make(env_id, frameskip=4)
    with pytest.raises(OptionError):
        gymnasium.make_vec(env_id, num_envs=2, frameskip=4)


def test_an_old_gymnasium_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gymnasium, "__version__", "1.0.0")
    with pytest.raises(ImportError, match=r"needs gymnasium 1\.2 or later, found 1\.0\.0"):
        envs._require_gymnasium()
    for version in ("1.2.0rc1", "1.10.0", "2.0.0"):
        monkeypatch.setattr(gymnasium, "__version__", version)
        envs._require_gymnasium()
