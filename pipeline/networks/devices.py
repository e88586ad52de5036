"""Choose the device of a network, and claim it before a backend's first operation."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.networks.settings import LoadSettings

#: Lines that TensorFlow logs during import, before it respects TF_CPP_MIN_LOG_LEVEL, and LiteRT at each network.
_GREETING = re.compile(rb"WARNING: All log messages before|I\d{4} |INFO: Created TensorFlow Lite ")

#: The folder in which NVIDIA's driver lists its GPUs.
_DEVICES = Path("/dev")


def takes_gpu(device: str) -> bool:
    """True if a network runs on a GPU. Raises ConfigError if one is requested and there is none."""
    return gpu_count(device) > 0


def gpu_count(device: str) -> int:
    """Number of usable GPUs: 0 for device cpu, or without the libraries that backends need.

    Nothing is imported. Raises ConfigError if a GPU is requested and there is none.
    """
    count = 0 if device == "cpu" else _usable_gpus()
    if device == "gpu" and not count:
        raise ConfigError(
            "device gpu: no GPU can be used here.", do="leave out --device, or use --device cpu"
        )
    return count


def computing_runtime(settings: LoadSettings) -> str:
    """`openvino` or `tensorflow`. Raises ConfigError for a runtime that is not installed or does not fit the device."""
    on_gpu, installed = takes_gpu(settings.device), importlib.util.find_spec("openvino") is not None
    if settings.runtime == "openvino" and (on_gpu or not installed):
        found = "a GPU, which OpenVINO does not use" if on_gpu else "no package openvino"
        raise ConfigError(
            "runtime openvino: it cannot be used here.",
            found=found,
            do="use --device cpu, or pip install openvino",
        )
    if settings.runtime == "auto":
        return "tensorflow" if on_gpu or not installed else "openvino"
    return settings.runtime


def version_of(package: str) -> str:
    """`NAME VERSION` of an installed package."""
    return f"{package} {importlib.metadata.version(package)}"


def keras_backend() -> str:
    """The backend that Keras uses or will use; nothing is imported."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def claim_backend(device: str, threads: int | None) -> bool:
    """Claim the device for Keras's backend before its first operation; True if it is a GPU.

    Raises ConfigError if the system has a GPU that the backend does not find.
    """
    backend = keras_backend()
    if backend == "tensorflow":
        return claim_tensorflow(device, threads)
    on_gpu = takes_gpu(device)
    if on_gpu:
        # Otherwise the first process takes three quarters of the GPU's memory.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    else:
        os.environ.update(JAX_PLATFORMS="cpu", KERAS_TORCH_DEVICE="cpu")
    from pipeline.model.precision import gpu_capability

    if on_gpu and gpu_capability() is None:
        raise _unseen(device, backend)
    return on_gpu


def claim_tensorflow(device: str, threads: int | None) -> bool:
    """The same for TensorFlow, whatever backend Keras uses."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with ungreeted():
        import tensorflow as tf

    if threads is not None:
        # The number of threads cannot be changed once TensorFlow has been used in this process.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    if not takes_gpu(device):
        if gpus:
            tf.config.set_visible_devices([], "GPU")
        return False
    if not gpus:
        raise _unseen(device, "tensorflow")
    for gpu in gpus:
        # Otherwise the first process takes all of the GPU's memory.
        tf.config.experimental.set_memory_growth(gpu, True)
    return True


def _unseen(device: str, backend: str) -> ConfigError:
    packages = {"tensorflow": "tensorflow[and-cuda]", "jax": "jax[cuda13]"}
    return ConfigError(
        f"device {device}: {backend} finds no GPU here, although the system has one.",
        do=f"use --device cpu, or pip install '{packages.get(backend, backend)}' to match the driver",
    )


def _usable_gpus() -> int:
    """Number of GPUs that the driver lists and this process may use; 0 without the libraries that backends load."""
    shown = len(list(_DEVICES.glob("nvidia[0-9]*")))
    # The look for libraries comes second, as it may start a compiler to ask for their place.
    if not shown or not _has_libraries():
        return 0
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return shown
    named = [name for name in allowed.split(",") if name.strip() not in ("", "-1")]
    return min(len(named), shown)


def _has_libraries() -> bool:
    """True if the library that every backend loads is there, as a package or of the system."""
    if (
        importlib.util.find_spec("nvidia") is not None
        and importlib.util.find_spec("nvidia.cudnn") is not None
    ):
        return True
    return ctypes.util.find_library("cudnn") is not None


@contextmanager
def ungreeted() -> Iterator[None]:
    """Suppress TensorFlow's and LiteRT's greetings on stderr; anything else written meanwhile appears afterwards."""
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as heard:
        os.dup2(heard.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
            heard.seek(0)
            for line in heard:
                if not _GREETING.match(line):
                    os.write(2, line)
