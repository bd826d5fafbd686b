"""Models ready to dream: ONNX Runtime, or torch for those who have it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.onnx_weights import ROWS, settings_of
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.errors import OptionError, WeightsError, as_integer

BACKENDS = ("onnx", "torch")
DATA = Path(__file__).parent / "data"
DEFAULT_MODEL = "xs"
ONNX, SAFETENSORS = ".onnx", ".safetensors"
MAX_THREADS = 256
Floats = NDArray[np.float32]


class Denoised(NamedTuple):
    """What a model says of a step.

    Attributes:
        frames: float32[n, 3, h, w], the frames that are expected.
        heads: float32[n, HEAD_SIZE].
        scenery: float32[n, 3, h, w], the frames without what moves.
        memory: float32[n, MEMORY_SIZE], what is to be remembered of them.
    """

    frames: Floats
    heads: Floats
    scenery: Floats
    memory: Floats


class DreamModel(Protocol):
    """A denoiser with its settings.

    Attributes:
        config: What the model is.
        card: Where it comes from and how good it is, JSON-able.
    """

    config: DreamConfig
    card: dict[str, Any]

    def denoise(self, inputs: dict[str, NDArray[Any]]) -> Denoised:
        """What is expected behind noisy frames.

        What a row comes to does not depend on the other rows, nor on the number of threads.

        Args:
            inputs: By name and shape those of `network.Denoiser.forward`.
        """
        ...


class OnnxModel:
    """A model file for ONNX Runtime, which needs no torch.

    Each row is computed by itself on one core, which on a processor costs nothing, and rows on
    several cores at once; so that the bytes never depend on what else is dreamt.

    Args:
        path: An .onnx file that `mario dream export` wrote.
        threads: Rows at once.

    Raises:
        OptionError: When ONNX Runtime is missing.
        WeightsError: When the file cannot be read.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise OptionError(
                'dreaming needs onnxruntime: pip install "gym-mario-suite[dream]"'
            ) from None
        threads = as_integer("threads", threads, 1, MAX_THREADS)
        if not os.path.isfile(path):
            raise WeightsError(f"there is no model file {path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # A waiting thread would keep a core busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        # As `denoise` asks for it. What only counts rows is then known beforehand.
        options.add_free_dimension_override_by_name(ROWS, 1)
        try:
            # Bytes, so that no other file is ever read beside this one.
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            texts = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:
            # ONNX Runtime raises many kinds for a file that is no model.
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise WeightsError(f"{path}: the model cannot be read: {reason}") from error
        self.config, self.card = settings_of(texts, path)
        self._inputs = {i.name for i in self._session.get_inputs()}
        shapes = {i.name: i.shape[1:] for i in self._session.get_inputs()}
        height, width, _ = self.config.shape
        if shapes.get("noisy") != [3, height, width]:
            raise WeightsError(
                f"{path}: the model takes frames {shapes.get('noisy')}, its settings say "
                f"{[3, height, width]}"
            )
        self._path = path
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._pool_process = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return open_model, (self._path, "onnx", self._threads)

    def denoise(self, inputs: dict[str, NDArray[Any]]) -> Denoised:
        """See `DreamModel.denoise`."""
        count = len(inputs["noisy"])
        feed = {name: value for name, value in inputs.items() if name in self._inputs}

        def one(row: int) -> Sequence[Any]:
            return self._session.run(None, {n: v[row : row + 1] for n, v in feed.items()})

        if count == 1:  # without copies
            made: Sequence[Any] = self._session.run(None, feed)
            return Denoised(*made)
        if self._threads == 1:
            rows = [one(row) for row in range(count)]
        else:
            if self._pool is None or self._pool_process != os.getpid():
                # Threads do not survive a fork.
                self._pool = ThreadPoolExecutor(self._threads, "mario-dream")
                self._pool_process = os.getpid()
            rows = list(self._pool.map(one, range(count)))
        return Denoised(*(np.concatenate(part) for part in zip(*rows, strict=True)))


class TorchModel:
    """A model file on torch, on a processor or a GPU.

    Rows are computed by themselves, as in `OnnxModel`, on a processor; on a GPU all at once, and
    then bits may depend on how many there are.

    Args:
        path: A .safetensors or .onnx file that `mario dream export` wrote.
        threads: torch's threads.
        device: "cpu" or "cuda".

    Raises:
        OptionError: When torch, safetensors or, for an .onnx file, onnx is missing.
        WeightsError: When the file cannot be read.
    """

    def __init__(self, path: Path, threads: int = 1, device: str = "cpu") -> None:
        from gym_mario_suite.dream.weights import load_model, require_training

        require_training()
        import torch

        denoiser, self.config, self.card = load_model(path)
        self._again = path, threads, device
        self._torch = torch
        self._device = torch.device(device)
        self._denoiser = denoiser.to(self._device)
        torch.set_num_threads(as_integer("threads", threads, 1, MAX_THREADS))

    def __reduce__(self) -> tuple[Any, ...]:
        return TorchModel, self._again

    def denoise(self, inputs: dict[str, NDArray[Any]]) -> Denoised:
        """See `DreamModel.denoise`."""
        torch = self._torch
        taken = inputs.keys() - self.config.left_out
        tensors = {n: torch.from_numpy(inputs[n]).to(self._device) for n in taken}
        size = 1 if self._device.type == "cpu" else len(inputs["noisy"])
        made = []
        with torch.inference_mode():
            for first in range(0, len(inputs["noisy"]), size):
                part = {n: t[first : first + size] for n, t in tensors.items()}
                made.append([t.float().cpu().numpy() for t in self._denoiser(**part)])
        return Denoised(*(np.concatenate(part) for part in zip(*made, strict=True)))


def shipped_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in DATA.glob(f"*{ONNX}"))


def model_path(model: str | Path) -> Path:
    """The file of a model: one that is shipped, by its name, or a path.

    Raises:
        WeightsError: When there is none; the message lists those that are shipped.
    """
    path = Path(model)
    if path.suffix in (ONNX, SAFETENSORS):
        return path
    path = DATA / f"{model}{ONNX}"
    if not os.path.isfile(path):
        raise WeightsError(
            f"there is no model {str(model)!r}; shipped are {', '.join(shipped_models())}; or give "
            f"the path of an {ONNX} or {SAFETENSORS} file"
        )
    return path


def open_model(
    model: str | Path = DEFAULT_MODEL, backend: str = "onnx", threads: int = 1
) -> DreamModel:
    """A model, ready to dream; one that was opened before is shared.

    Args:
        model: Name of a shipped model, or a path.
        backend: "onnx", for .onnx files, or "torch", for these and .safetensors files.
        threads: Cores to use at most.

    Raises:
        OptionError: For an unknown backend, or one that is not installed.
        WeightsError: When there is no such model or it cannot be read.
    """
    if backend not in BACKENDS:
        raise OptionError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    path = model_path(model)
    if backend == "onnx" and path.suffix != ONNX:
        raise OptionError(f"the backend onnx reads {ONNX} files, got {path}")
    stamp = path.stat().st_mtime_ns if os.path.isfile(path) else 0
    return _opened(path.resolve(), stamp, backend, threads)


@cache
def _opened(path: Path, stamp: int, backend: str, threads: int) -> DreamModel:
    return OnnxModel(path, threads) if backend == "onnx" else TorchModel(path, threads)
