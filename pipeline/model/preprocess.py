"""Frames to network input: resize, pad, normalise, in float32 and inside the compiled program."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.model.config import InputConfig
from pipeline.model.geometry import Geometry


def preprocess(frames: Any, geometry: Geometry, config: InputConfig) -> Any:
    """Network input float32 [B, canvas height, canvas width, 3] of uint8 RGB frames [B, H, W, 3]."""
    pixels = ops.cast(frames, "float32")
    if geometry.resized != geometry.frame:
        pixels = resize(pixels, geometry.resized, config.zero_border)
        pixels = ops.floor(pixels) if config.whole_pixels else pixels
    if config.whole_pixels:
        return _normalise(_pad(pixels, geometry), config)
    return _pad(_normalise(pixels, config), geometry)


def resize(pixels: Any, size: tuple[int, int], zero_border: bool = False) -> Any:
    """Bilinear resize of float32 [B, H, W, C] to `size` (height, width), pixel centres aligned, no antialiasing.

    Beyond the edge lies the edge's own pixel, or black with `zero_border`.
    """
    for axis, (before, after) in enumerate(zip(pixels.shape[1:3], size, strict=True), start=1):
        if before == after and not zero_border:
            continue
        low, high, low_weight, high_weight = _taps(int(before), after, zero_border)
        shape = [1, 1, 1, 1]
        shape[axis] = after
        pixels = ops.take(pixels, low, axis=axis) * low_weight.reshape(shape) + ops.take(
            pixels, high, axis=axis
        ) * high_weight.reshape(shape)
    return pixels


def _taps(before: int, after: int, zero_border: bool) -> tuple[NDArray[Any], ...]:
    """Two source indices int32 [after] and their weights float32 [after] for each target pixel of one axis."""
    centre = (np.arange(after, dtype=np.float64) + 0.5) * (before / after) - 0.5
    if not zero_border:
        centre = np.clip(centre, 0, before - 1)
    low = np.floor(centre).astype(np.int32)
    fraction = centre - low
    weights = np.stack([1.0 - fraction, fraction])
    index = np.stack([low, low + 1])
    weights[(index < 0) | (index >= before)] = 0.0
    index = np.clip(index, 0, before - 1)
    return index[0], index[1], weights[0].astype(np.float32), weights[1].astype(np.float32)


def _pad(pixels: Any, geometry: Geometry) -> Any:
    (top, left), (height, width) = geometry.offset, geometry.resized
    bottom, right = geometry.canvas[0] - top - height, geometry.canvas[1] - left - width
    return ops.pad(pixels, ((0, 0), (top, bottom), (left, right), (0, 0)))


def _normalise(pixels: Any, config: InputConfig) -> Any:
    return (pixels - np.asarray(config.mean, np.float32)) / np.asarray(config.std, np.float32)
