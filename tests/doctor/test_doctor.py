import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gym_mario_suite.doctor import core, extras, gpu, machine, nes, weights
from gym_mario_suite.doctor.finding import State
from tests.processes import run_mario

REQUIRED = (
    "numpy>=1.26",
    "pygame-ce>=2.5; extra == 'play'",
    "stable-retro>=1; extra == 'fceumm'",
    "nes-py>=9; python_version >= '3.11' and extra == 'nes'",
    "antique>=1; python_version < '3' and extra == 'old'",
    "numba-cuda>=0.20; extra == 'gpu'",
    "pytest>=8; extra == 'test'",
    "gym-mario-suite[play]; extra == 'all'",
)


def versions(**installed: str) -> extras.VersionOf:
    def version_of(name: str) -> str:
        try:
            return installed[name.replace("-", "_")]
        except KeyError:
            raise importlib.metadata.PackageNotFoundError(name) from None

    return version_of


def by_name(findings: list[Any]) -> dict[str, Any]:
    return {each.name: each for each in findings}


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_mario("doctor", *arguments, environment=environment)


def test_the_core_works_here_and_everything_that_warns_says_how_to_mend_it() -> None:
    ran = doctor("--json", GYM_MARIO_ROM_STORE="/nowhere/roms", GYM_MARIO_ROM="")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["core_works"] is True
    found = {each["name"]: each for each in report["findings"]}
    assert found["core"]["state"] == "ok"
    assert found["ROM store"]["text"] == "/nowhere/roms"
    assert {"gym-mario-suite", "Python", "system", "numba cache", "display", "key file"} <= set(
        found
    )
    for each in report["findings"]:
        if each["state"] in ("warning", "error"):
            assert each["mend"], each


@pytest.fixture
def no_gpu_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no process waits for them to start."""
    monkeypatch.setattr(machine, "_GPU_LIBRARIES", {})


@pytest.mark.usefixtures("no_gpu_libraries")
def test_the_table_ends_with_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    from gym_mario_suite import cli

    with pytest.raises(SystemExit) as stopped:
        cli.main(["doctor"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("the core works; ")


@pytest.mark.usefixtures("no_gpu_libraries")
def test_a_core_with_other_numbers_is_an_error_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gym_mario_suite import cli

    monkeypatch.setattr(core, "DISTANCE", core.DISTANCE + 1)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["doctor"])
    assert stopped.value.code == 1
    out = capsys.readouterr().out
    assert "the core does not work" in out
    assert "delete numba's cache" in " ".join(out.split())


def test_a_cache_folder_that_cannot_be_written_is_a_warning() -> None:
    ran = doctor("--json", NUMBA_CACHE_DIR="/dev/null/cache")
    assert ran.returncode == 0, ran.stderr
    found = by_name_json(ran.stdout)["numba cache"]
    assert found["state"] == "warning"
    assert "/dev/null/cache cannot be written" in found["text"]
    assert found["mend"].startswith("export NUMBA_CACHE_DIR=")


def by_name_json(text: str) -> dict[str, Any]:
    return {each["name"]: each for each in json.loads(text)["findings"]}


def test_numba_that_is_switched_off_is_an_error() -> None:
    ran = doctor("--json", NUMBA_DISABLE_JIT="1")
    assert ran.returncode == 1, ran.stderr
    found = by_name_json(ran.stdout)["core"]
    assert (found["state"], found["mend"]) == ("error", "unset NUMBA_DISABLE_JIT")


def test_numba_without_any_place_for_its_cache_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core, "_cache_folder", lambda: None)
    checked = core.check_core()
    assert checked.works
    found = by_name(checked.findings)["numba cache"]
    assert found.state is State.WARNING
    assert "compiled at every start" in found.text
    assert "export NUMBA_CACHE_DIR=" in (found.mend or "")


def test_what_is_installed_is_said_with_its_version() -> None:
    found = by_name(extras.check_extras(REQUIRED, versions(numpy="2.0", pygame_ce="2.5.1")))
    assert found["requirements"].state is State.OK
    assert found["extra play"].state is State.OK
    assert found["extra play"].text == "pygame-ce 2.5.1"
    assert "extra all" not in found
    assert "extra test" not in found
    assert found["extra old"].state is State.NOTE
    assert found["extra gpu"].state is State.NOTE


def test_a_missing_extra_is_a_warning_with_the_command_that_installs_it() -> None:
    found = by_name(extras.check_extras(REQUIRED, versions(numpy="2.0")))
    assert found["extra play"].state is State.WARNING
    assert found["extra play"].text == "pygame-ce is missing"
    assert found["extra play"].mend == 'pip install --upgrade "gym-mario-suite[play]"'


def test_a_version_below_the_floor_is_named() -> None:
    found = by_name(extras.check_extras(REQUIRED, versions(numpy="1.20", pygame_ce="2.4.0")))
    assert found["requirements"].state is State.ERROR
    assert found["requirements"].text == "numpy 1.20 is not >=1.26 (there: numpy 1.20)"
    assert found["extra play"].state is State.WARNING


def test_one_emulator_is_enough() -> None:
    found = by_name(extras.check_extras(REQUIRED, versions(numpy="2", stable_retro="1.0.1")))
    assert found["extra nes"].state is State.NOTE
    assert "fceumm is installed in its place" in found["extra nes"].text
    found = by_name(extras.check_extras(REQUIRED, versions(numpy="2")))
    for name in ("nes", "fceumm"):
        assert found[f"extra {name}"].state is State.NOTE  # the built-in one is there
        assert found[f"extra {name}"].mend == f'pip install --upgrade "gym-mario-suite[{name}]"'


def test_an_emulator_that_this_python_cannot_have_is_not_said_to_be_installed() -> None:
    required = (
        "stable-retro>=1; extra == 'fceumm'",
        "nes-py>=9; python_version < '3' and extra == 'nes'",
    )
    found = by_name(extras.check_extras(required, versions()))
    assert found["extra fceumm"].text == "stable-retro is missing"
    assert found["extra nes"].text == "not for this Python or system"


def test_sources_that_are_not_installed_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(extras.metadata, "requires", unknown)
    (found,) = extras.check_extras()
    assert found.state is State.WARNING
    assert "pip install -e ." in (found.mend or "")


def test_every_shipped_file_of_weights_has_a_loader_and_loads() -> None:
    files = weights.shipped_files()
    assert len(files) >= 16
    assert [path for path in files if weights.loader_of(path) is None] == []
    (found,) = weights.check_weights()
    assert found.state is State.OK, found


@pytest.mark.parametrize(
    "name",
    [
        "agents/sb3/weights/ppo-infinite.safetensors",
        "agents/neuro/weights.npz",
        "dream/data/xs.onnx",
        "dream/data/probes.safetensors",
        "levels/vae/categorical_vae.safetensors",
        "levels/diffusion/tile_diffusion.safetensors",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "empty", "nonsense"])
def test_a_damaged_file_is_named_with_the_mend(name: str, damage: str, tmp_path: Path) -> None:
    target = tmp_path / name
    target.parent.mkdir(parents=True)
    data = (weights.PACKAGE / name).read_bytes()
    target.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "nonsense": b"no"}[damage])
    total, damaged = weights.check_weights(tmp_path)
    assert total.text == "0 of 1 shipped files load"
    assert total.state is State.WARNING
    assert damaged.text.startswith(f"{name} is damaged: ")
    assert damaged.mend is not None
    assert damaged.mend.startswith("pip install --force-reinstall")


def test_weights_whose_library_is_missing_name_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = tmp_path / "dream" / "data" / "xs.onnx"
    target.parent.mkdir(parents=True)
    shutil.copy(weights.PACKAGE / "dream" / "data" / "xs.onnx", target)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # importing it fails
    _, missing = weights.check_weights(tmp_path)
    assert missing.state is State.WARNING
    assert missing.text == "dream/data/xs.onnx: dreaming needs onnxruntime"
    assert missing.mend == 'pip install "gym-mario-suite[dream]"'


def test_our_own_cartridge_is_run_by_the_emulator_that_is_installed() -> None:
    found = by_name(nes.check_nes())
    for name, row in nes.BACKENDS.items():
        if row.installed:
            assert found[f"NES {name}"].state is State.OK, found[f"NES {name}"]


def test_an_emulator_that_does_not_start_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("libretro core: wrong ELF class")

    monkeypatch.setattr(nes, "open_backend", broken)
    monkeypatch.setattr(nes.BackendRow, "installed", True)
    found = by_name(nes.check_nes())["NES fceumm"]
    assert found.state is State.WARNING
    assert "wrong ELF class" in found.text
    assert 'pip install "gym-mario-suite[fceumm]"' in (found.mend or "")


def test_no_other_emulator_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = by_name(nes.check_nes())
    assert found["NES builtin"].state is State.OK
    assert found["NES fceumm"].state is State.NOTE
    assert "none is needed" in found["NES nes-py"].text


def test_no_rom_and_a_broken_rom_are_warnings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GYM_MARIO_ROM_STORE", str(tmp_path))
    monkeypatch.delenv("GYM_MARIO_ROM", raising=False)
    monkeypatch.setattr("gym_mario_suite.nes.rom_store._DISTRIBUTION", "not-installed-here")
    found = by_name(nes.check_nes())["NES ROM"]
    assert (found.state, found.mend) == (
        State.WARNING,
        "mario rom import FILE, with a ROM of your own",
    )
    broken = tmp_path / "game.nes"
    broken.write_bytes(b"NES")
    monkeypatch.setenv("GYM_MARIO_ROM", str(broken))
    found = by_name(nes.check_nes())["NES ROM"]
    assert found.state is State.WARNING
    assert str(broken) in found.text


def test_a_rom_that_is_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.nes"
    path.write_bytes(nes.own_cartridge().to_ines())
    monkeypatch.setenv("GYM_MARIO_ROM", str(path))
    assert by_name(nes.check_nes())["NES ROM"].state is State.OK


def test_a_library_that_crashes_when_asked_for_devices_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "_GPU_LIBRARIES", {"no-such-library": "json"})
    (found,) = machine.GpuProbe().findings()  # the probe raises KeyError, in its own process
    assert found.state is State.WARNING
    assert "KeyError" in found.text
    monkeypatch.setattr(machine, "_GPU_LIBRARIES", {"torch": "no_such_module"})
    (found,) = machine.GpuProbe().findings()
    assert found.state is State.NOTE


def test_devices_are_printed_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "PROBES", {"torch": lambda: "Card A, Card B"})
    gpu.main(["torch"])
    assert json.loads(capsys.readouterr().out) == {"torch": "Card A, Card B"}


@pytest.mark.parametrize(
    ("variables", "state"),
    [({"DISPLAY": ":0"}, State.OK), ({"WAYLAND_DISPLAY": "w"}, State.OK), ({}, State.NOTE)],
)
def test_the_screen_is_told_by_the_environment(
    variables: dict[str, str], state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    assert machine.check_display().state is state


def test_a_check_that_fails_itself_is_a_warning() -> None:
    def fails() -> None:
        raise ValueError("oh\nno")

    (found,) = machine.safely("thing", fails)
    assert found.text == "cannot be looked at: ValueError: oh"
    assert found.state is State.WARNING
