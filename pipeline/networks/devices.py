"""The device that a network computes on; TensorFlow's part of it is claimed before its first operation."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.networks.settings import LoadSettings

#: What TensorFlow writes while it is imported, before it heeds TF_CPP_MIN_LOG_LEVEL.
_GREETING = re.compile(rb"WARNING: All log messages before|I\d{4} ")

#: Where NVIDIA's driver shows a GPU.
_GPU_FILES = (Path("/dev/nvidia0"), Path("/dev/nvidiactl"))


def takes_gpu(device: str) -> bool:
    """True if a network goes to a GPU: one that is asked for, or for `auto` one that TensorFlow has the libraries for.

    Nothing is imported for it. Raises ConfigError where a GPU is asked for and there is none.
    """
    usable = device != "cpu" and _has_gpu()
    if device == "gpu" and not usable:
        raise ConfigError("device gpu: TensorFlow sees no GPU here.", do="leave out --device, or use cpu")
    return usable


def computing_runtime(settings: LoadSettings) -> str:
    """`openvino` or `tensorflow`. Raises ConfigError for a runtime that is not installed or not for the device."""
    on_gpu, installed = takes_gpu(settings.device), importlib.util.find_spec("openvino") is not None
    if settings.runtime == "openvino" and (on_gpu or not installed):
        found = "a GPU, which OpenVINO does not use" if on_gpu else "no package openvino"
        raise ConfigError(
            "runtime openvino: it cannot compute here.",
            found=found,
            do="use --device cpu, or pip install openvino",
        )
    if settings.runtime == "auto":
        return "tensorflow" if on_gpu or not installed else "openvino"
    return settings.runtime


def version_of(package: str) -> str:
    """`NAME VERSION` of an installed package."""
    return f"{package} {importlib.metadata.version(package)}"


def claim_tensorflow(device: str, threads: int | None) -> bool:
    """Choose TensorFlow's device before its first operation; whether it is a GPU. Raises ConfigError without one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _ungreeted():
        import tensorflow as tf

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    if not takes_gpu(device):
        if gpus:
            tf.config.set_visible_devices([], "GPU")
        return False
    if not gpus:
        raise ConfigError(
            f"device {device}: TensorFlow sees no GPU here, though the system has one.",
            do="use --device cpu, or pip install 'tensorflow[and-cuda]' of the driver's version",
        )
    for gpu in gpus:
        # Otherwise the first process takes all of the GPU's memory.
        tf.config.experimental.set_memory_growth(gpu, True)
    return True


def _has_gpu() -> bool:
    """True if the driver shows a GPU, this process may see it, and the libraries are there that TensorFlow loads."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    if not any(path.exists() for path in _GPU_FILES):
        return False
    packaged = (
        importlib.util.find_spec("nvidia") is not None
        and importlib.util.find_spec("nvidia.cudnn") is not None
    )
    return packaged or ctypes.util.find_library("cudnn") is not None


@contextmanager
def _ungreeted() -> Iterator[None]:
    """Keep TensorFlow's greetings off the terminal; whatever else is written meanwhile comes a moment later."""
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
