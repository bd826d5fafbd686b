from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.nes.backend import BACKENDS, Backend, open_backend
from gym_mario_suite.nes.rom import Rom, RomError, parse_rom
from gym_mario_suite.nes.rom_store import find_rom
from tests.nes.own_rom import own_rom


@pytest.fixture(scope="session")
def rom() -> Rom:
    """The program of our own."""
    return parse_rom(own_rom())


@pytest.fixture(scope="session")
def rom_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rom") / "own.nes"
    file.write_bytes(own_rom())
    return file


@pytest.fixture(params=list(BACKENDS))
def backend_name(request: pytest.FixtureRequest) -> str:
    row = BACKENDS[request.param]
    if not row.installed:
        pytest.skip(f"{row.name} is not installed: {row.install}")
    return row.name


@pytest.fixture
def make(backend_name: str, rom_file: Path):
    made = []

    def make_one(stage: Any = "1-1", actions: str = "buttons", **options: Any) -> MarioNESEnv:
        options = {"rom": str(rom_file), "backend": backend_name, **options}
        made.append(MarioNESEnv(stage=stage, actions=actions, **options))
        return made[-1]

    yield make_one
    for env in made:
        env.close()


@pytest.fixture
def backend(backend_name: str, rom: Rom) -> Iterator[Backend]:
    opened = open_backend(rom, backend_name)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def real_rom() -> Rom:
    """Super Mario Bros., where the user has it."""
    try:
        return find_rom()
    except RomError as error:
        pytest.skip(str(error))
