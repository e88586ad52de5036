"""Which number format the convolutions compute in on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import keras

from pipeline.errors import ConfigError

Precision = Literal["auto", "float32", "bfloat16"]

#: First NVIDIA generation whose tensor cores take bfloat16 (Ampere).
_BFLOAT16_CAPABILITY = (8, 0)


def resolve_precision(asked: str = "auto") -> str:
    """`float32` or `bfloat16`: what was asked for, or for `auto` bfloat16 where the machine has units for it.

    Those are a CPU with avx512_bf16 and a GPU with bfloat16 tensor cores. A CPU without them would emulate bfloat16
    at a fraction of float32's speed.
    """
    if asked in ("float32", "bfloat16"):
        return asked
    if asked != "auto":
        raise ConfigError("precision must be auto, float32 or bfloat16", found=repr(asked))
    capability = gpu_capability()
    if capability is not None:
        return "bfloat16" if capability >= _BFLOAT16_CAPABILITY else "float32"
    return "bfloat16" if "avx512_bf16" in cpu_flags() else "float32"


def gpu_capability() -> tuple[int, int] | None:
    """Compute capability of the first GPU that the Keras backend sees, or None without one."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_physical_devices("GPU")
        return (
            tf.config.experimental.get_device_details(devices[0])["compute_capability"] if devices else None
        )
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform not in ("gpu", "cuda"):
            return None
        major, minor = str(device.compute_capability).split(".")
        return int(major), int(minor)
    import torch

    return torch.cuda.get_device_capability() if torch.cuda.is_available() else None


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Instruction set flags of this CPU as Linux names them; empty where the system does not tell."""
    if not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text().splitlines():
        if line.startswith("flags"):
            return frozenset(line.partition(":")[2].split())
    return frozenset()
