"""The convolutions of an ncnn network, a `.param` with the graph and a `.bin` with the numbers, in their order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError

#: First line of a `.param`.
_MAGIC = "7767517"
_CONVOLUTIONS = ("Convolution", "ConvolutionDepthWise")
#: Layers that carry numbers of their own and are read by nothing here.
_OTHERS = (
    "InnerProduct",
    "BatchNorm",
    "Deconvolution",
    "DeconvolutionDepthWise",
    "MemoryData",
    "Scale",
    "PReLU",
)
#: What stands before a kernel in float16; before one in float32 stands 0.
_HALF = 0x01306B47


def read_ncnn(path: str | Path) -> dict[str, NDArray[Any]]:
    """Each convolution's arrays as `conv0/weight` [out, in, height, width] and `conv0/bias` [out], float32.

    path : the `.bin`; its `.param` lies beside it.

    Raises WeightsError where the two cannot be read, are not of each other, or have other layers with numbers.
    """
    source = Path(path)
    try:
        lines = source.with_suffix(".param").read_text(encoding="utf-8").splitlines()
        content = source.read_bytes()
        if lines[0].strip() != _MAGIC:
            raise ValueError(f"the graph begins with {lines[0][:20]!r} and not with {_MAGIC}")
        return _arrays(lines[2:], content)
    except (OSError, UnicodeDecodeError, ValueError, IndexError, KeyError) as damage:
        raise WeightsError(
            f"{path} cannot be read as an ncnn network.",
            found=f"{type(damage).__name__}: {damage}",
            do="put the .param of the same name beside the .bin, or fetch both again",
        ) from damage


def _arrays(lines: list[str], content: bytes) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    place = count = 0
    for line in lines:
        kind, name, inputs, outputs, *rest = line.split()
        if kind in _OTHERS:
            raise ValueError(f"{name} is a {kind}, which is not read")
        if kind not in _CONVOLUTIONS:
            continue
        settings = dict(pair.split("=") for pair in rest[int(inputs) + int(outputs) :])
        units, side, size = (int(settings[key]) for key in ("0", "1", "6"))
        kernel, place = _kernel(content, place, size)
        arrays[f"conv{count}/weight"] = kernel.reshape(units, -1, int(settings.get("11", side)), side)
        if int(settings.get("5", 0)):
            arrays[f"conv{count}/bias"] = np.frombuffer(content, "<f4", units, place).copy()
            place += 4 * units
        count += 1
    if place != len(content):
        raise ValueError(f"{len(content)} bytes of numbers, of which the graph names {place}")
    return arrays


def _kernel(content: bytes, place: int, size: int) -> tuple[NDArray[np.float32], int]:
    """`size` numbers from `place` on, and the place behind them; each kernel says how it is stored."""
    stored = int(np.frombuffer(content, "<u4", 1, place)[0])
    if stored not in (0, _HALF):
        raise ValueError(f"a kernel is stored as {stored:#x}, neither as float32 nor as float16")
    kind, width = ("<f2", 2) if stored else ("<f4", 4)
    values = np.frombuffer(content, kind, size, place + 4).astype(np.float32)
    return values, place + 4 + -(-width * size // 4) * 4
