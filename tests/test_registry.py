import re
import warnings

import gymnasium
import pytest

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
