"""The number format that convolutions compute in on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.errors import ConfigError

#: First NVIDIA generation whose tensor cores take bfloat16 (Ampere).
_BFLOAT16_CAPABILITY = (8, 0)


def resolve_precision(asked: str = "auto") -> str:
    """`float32` or `bfloat16`: what was asked for, or for `auto` bfloat16 where this machine computes faster in it.

    That is a GPU with bfloat16 tensor cores, and a CPU with avx512_bf16, with one exception: Intel's cores run that
    instruction at half the rate of float32's, so there it takes AMX units (docs/performance-keras.md has the figures).
    """
    capability = gpu_capability() if asked == "auto" else None
    if capability is not None:
        return "bfloat16" if capability >= _BFLOAT16_CAPABILITY else "float32"
    return cpu_precision(asked)


def cpu_precision(asked: str = "auto") -> str:
    """The same for the CPU alone, whatever GPU there is; imports no framework."""
    if asked in ("float32", "bfloat16"):
        return asked
    if asked != "auto":
        raise ConfigError("precision must be auto, float32 or bfloat16.", found=repr(asked))
    vendor, flags = cpu_identity()
    wanted = "amx_bf16" if vendor == "GenuineIntel" else "avx512_bf16"
    return "bfloat16" if wanted in flags else "float32"


def gpu_capability() -> tuple[int, int] | None:
    """Compute capability of the first GPU that the Keras backend sees, or None without one."""
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.get_visible_devices("GPU")  # not those that `--device cpu` hides
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

    hidden = os.environ.get("KERAS_TORCH_DEVICE") == "cpu"
    return torch.cuda.get_device_capability() if torch.cuda.is_available() and not hidden else None


def cpu_identity(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, frozenset[str]]:
    """Vendor and instruction set flags of the first CPU, as Linux names them; empty where the system does not tell."""
    if not cpuinfo.is_file():
        return "", frozenset()
    first = cpuinfo.read_text().partition("\n\n")[0]
    fields = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())
    }
    return fields.get("vendor_id", ""), frozenset(fields.get("flags", "").split())
