"""Whether the trained networks and the data that come with the package can be loaded."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.doctor.finding import Finding, State, first_line
from gym_mario_suite.errors import OptionError, WeightsError

PACKAGE = Path(__file__).parent.parent
_SUFFIXES = (".safetensors", ".onnx", ".npz")
_REINSTALL = 'pip install --force-reinstall --no-deps "gym-mario-suite"'
Loader = Callable[[Path], object]


def _called(place: str, *attributes: str) -> Loader:
    """A loader in a module that is imported when it is used."""

    def load(path: Path) -> object:
        thing: Any = importlib.import_module(f"gym_mario_suite.{place}")
        for attribute in attributes:
            thing = getattr(thing, attribute)
        return thing(path)

    return load


def _policy(path: Path) -> object:
    return _called("agents.network_agent", "PolicyNetwork", "load")(path)


def _evolved(path: Path) -> object:
    agent: Any = importlib.import_module("gym_mario_suite.agents.neuro.agent")
    return agent.NeuroAgent(weights=str(path))


def _shipped(place: str, name: str) -> Loader:
    """A loader that knows the path of the file by itself."""
    return lambda _path: getattr(importlib.import_module(place), name).shipped()


def _tensors(path: Path) -> object:
    """Any file of tensors, read whole: what uses it needs torch, which takes seconds to start."""
    from safetensors.numpy import load_file

    return _finite(load_file(path))


def _arrays(path: Path) -> object:
    with np.load(path, allow_pickle=False) as stored:
        return _finite({name: stored[name] for name in stored.files})


def _finite(arrays: dict[str, Any]) -> object:
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise WeightsError(f"{name} holds numbers that are not finite")
    return arrays


# What reads the files of a folder or, where several kinds lie in one, a file; first match wins.
LOADERS: tuple[tuple[str, Loader], ...] = (
    ("agents/neuro/weights.npz", _evolved),
    ("agents/*/weights/*.safetensors", _policy),
    ("dream/data/*.onnx", _called("dream.runtime", "OnnxModel")),
    ("dream/data/spawns.npz", _called("dream.spawns", "load_spawns")),
    ("dream/data/*.safetensors", _tensors),
    ("engine/atlas.npz", _arrays),
    ("levels/bench/reference.npz", _called("levels.bench.reference", "load_reference")),
    ("levels/cellular/*.safetensors", _called("levels.cellular.generator", "ContextCA")),
    ("levels/diffusion/*.safetensors", _called("levels.diffusion.generator", "TileDiffusion")),
    ("levels/ngram.npz", _shipped("gym_mario_suite.levels.ngram", "ColumnCounts")),
    ("levels/vae/*.safetensors", _called("levels.vae.generator", "CategoricalVAE")),
    ("levels/wfc.npz", _shipped("gym_mario_suite.levels.wfc_patterns", "Patterns")),
)


def shipped_files(package: Path = PACKAGE) -> list[Path]:
    """The files of weights and arrays below the package, ascending, relative to it."""
    return sorted(
        path.relative_to(package)
        for path in _files(package)
        if path.suffix in _SUFFIXES and not path.name.startswith(".")
    )


def _files(folder: Path) -> Iterator[Path]:
    # By hand, because rglob does not follow the links `agents` and `wrappers` of a checkout.
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def loader_of(path: Path) -> Loader | None:
    """What reads a file of `shipped_files`."""
    for pattern, loader in LOADERS:
        if path.match(pattern):
            return loader
    return None


def check_weights(package: Path = PACKAGE) -> list[Finding]:
    """One finding for all files that load, and one for each that does not."""
    loaded, findings = 0, []
    files = shipped_files(package)
    for path in files:
        try:
            (loader_of(path) or _arrays)(package / path)
        except OptionError as error:
            if not isinstance(error.__cause__ or error.__context__, ImportError):
                findings.append(_damaged(path, error))
                continue
            mend = str(error).partition("pip install")[2]
            text = f"{path}: {first_line(error).partition(':')[0]}"
            mend = "pip install" + mend if mend else _REINSTALL
            findings.append(Finding("weights", State.WARNING, text, mend))
        except ImportError as error:
            findings.append(
                Finding(
                    "weights",
                    State.WARNING,
                    f"{path} needs {error.name}",
                    'pip install "gym-mario-suite[all]"',
                )
            )
        except Exception as error:  # a damaged file makes each library raise its own
            findings.append(_damaged(path, error))
        else:
            loaded += 1
    state = State.OK if loaded == len(files) else State.WARNING
    mend = None if state is State.OK else "see the lines below"
    total = Finding("weights", state, f"{loaded} of {len(files)} shipped files load", mend)
    return [total, *findings]


def _damaged(path: Path, error: Exception) -> Finding:
    text = f"{path} is damaged: {first_line(error)}"
    return Finding("weights", State.WARNING, text, _REINSTALL)
