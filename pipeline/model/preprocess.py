"""Frames to network input: resize, pad, normalise, in float32; inside a compiled program, or in NumPy."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.model.arrays import cast, math_of
from pipeline.model.config import InputConfig
from pipeline.model.geometry import Geometry


def preprocess(frames: Any, geometry: Geometry, config: InputConfig) -> Any:
    """Network input float32 [B, canvas height, canvas width, 3] of uint8 RGB frames [B, H, W, 3]."""
    if config.whole_pixels:
        pixels = resize_to_whole_pixels(frames, geometry.resized, config.zero_border)
        return _normalise(_pad(pixels, geometry), config)
    pixels = resize(cast(frames, "float32"), geometry.resized, config.zero_border)
    return _pad(_normalise(pixels, config), geometry)


def preprocess_into(
    canvas: NDArray[np.float32], frame: NDArray[np.uint8], geometry: Geometry, config: InputConfig
) -> None:
    """Fill the network input float32 [canvas height, canvas width, 3] from a frame of uint8 RGB [H, W, 3].

    The numbers are those of `preprocess`, but nothing is copied between.
    """
    if config.whole_pixels:
        canvas[...] = preprocess(frame[None], geometry, config)[0]
        return
    (top, left), (height, width) = geometry.offset, geometry.resized
    canvas[:top], canvas[top + height :] = 0.0, 0.0
    canvas[top : top + height, :left], canvas[top : top + height, left + width :] = 0.0, 0.0
    if frame.shape[:2] == geometry.resized:
        # Half the time of NumPy, which writes the canvas twice.
        within = canvas[top : top + height, left : left + width]
        cv2.LUT(np.ascontiguousarray(frame), _normal_of_byte(config), within)
        return
    pixels = resize(frame[None].astype(np.float32), geometry.resized, config.zero_border)[0]
    rows = canvas.reshape(len(canvas), -1)[top : top + height, 3 * left : 3 * (left + width)]
    _normalise_rows(pixels.reshape(height, -1), rows, config)


@functools.lru_cache(maxsize=4)
def _normal_of_byte(config: InputConfig) -> NDArray[np.float32]:
    """Each channel's normalised number for each value of a byte, float32 [256, 1, 3]."""
    values = np.arange(256, dtype=np.float32).reshape(256, 1, 1)
    return _normalise(np.broadcast_to(values, (256, 1, 3)), config)


def resize(pixels: Any, size: tuple[int, int], zero_border: bool = False) -> Any:
    """Bilinear resize of float32 [B, H, W, C] to `size` (height, width), pixel centres aligned, no antialiasing.

    Beyond the edge lies the edge's own pixel, or black with `zero_border`.
    """
    if isinstance(pixels, np.ndarray) and not zero_border:
        # The same sums in another order: 2 ms to 768x432, which NumPy takes 12 for.
        return np.stack([cv2.resize(one, size[::-1]).reshape(*size, -1) for one in pixels])
    for axis, (before, after) in enumerate(zip(pixels.shape[1:3], size, strict=True), start=1):
        if before == after:
            continue
        shape = [1, 1, 1, 1]
        shape[axis] = after
        index, weights = _taps(int(before), after, zero_border)
        low, high = (math_of(pixels).take(pixels, taps, axis=axis) for taps in index)
        weights = weights.astype(np.float32)
        pixels = low * weights[0].reshape(shape) + high * weights[1].reshape(shape)
    return pixels


def resize_to_whole_pixels(frames: Any, size: tuple[int, int], zero_border: bool) -> Any:
    """The same resize of uint8 [B, H, W, C], cut down to whole numbers, as float32.

    Cutting turns a rounding error of 1e-14 into a whole step, at about one pixel in a hundred. So this computes in
    float64 and adds the four neighbours in scikit-image's order, and agrees with it to the last bit. JAX computes in
    float32 unless jax_enable_x64 is set; a margin then keeps values whole that are whole by right.
    """
    if tuple(frames.shape[1:3]) == tuple(size):
        return cast(frames, "float32")
    math = math_of(frames)
    narrow = math is not np and _backend_is_jax()
    kind, margin = ("float32", 1e-4) if narrow else ("float64", 0.0)
    pixels = cast(frames, kind)
    (rows, row_weights), (columns, column_weights) = (
        _taps(int(before), after, zero_border) for before, after in zip(frames.shape[1:3], size, strict=True)
    )
    total = 0.0
    for row, row_weight in zip(rows, row_weights.astype(kind), strict=True):
        line = math.take(pixels, row, axis=1)
        for column, column_weight in zip(columns, column_weights.astype(kind), strict=True):
            weighted = math.take(line, column, axis=2) * row_weight.reshape(1, -1, 1, 1)
            total = total + weighted * column_weight.reshape(1, 1, -1, 1)
    return cast(math.floor(total + margin), "float32")


def _backend_is_jax() -> bool:
    import keras

    return bool(keras.backend.backend() == "jax")


def _taps(before: int, after: int, zero_border: bool) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Two source indices int32 [2, after] and their weights float64 [2, after] for each target pixel of one axis."""
    centre = (np.arange(after, dtype=np.float64) + 0.5) * (before / after) - 0.5
    if not zero_border:
        centre = np.clip(centre, 0, before - 1)
    low = np.floor(centre).astype(np.int32)
    fraction = centre - low
    weights = np.stack([1.0 - fraction, fraction])
    index = np.stack([low, low + 1])
    weights[(index < 0) | (index >= before)] = 0.0
    return np.clip(index, 0, before - 1), weights


def _pad(pixels: Any, geometry: Geometry) -> Any:
    (top, left), (height, width) = geometry.offset, geometry.resized
    bottom, right = geometry.canvas[0] - top - height, geometry.canvas[1] - left - width
    if bottom == right == top == left == 0:
        return pixels
    return math_of(pixels).pad(pixels, ((0, 0), (top, bottom), (left, right), (0, 0)))


def _normalise(pixels: Any, config: InputConfig) -> Any:
    mean, scale = np.asarray(config.mean, np.float32), 1.0 / np.asarray(config.std, np.float32)
    if not isinstance(pixels, np.ndarray):
        return (pixels - mean) * scale
    normal = np.empty(pixels.shape, np.float32)
    rows = pixels.shape[0] * pixels.shape[1], -1
    _normalise_rows(pixels.reshape(rows), normal.reshape(rows), config)
    return normal


def _normalise_rows(pixels: NDArray[Any], normal: NDArray[np.float32], config: InputConfig) -> None:
    """Normalise rows [N, 3 W] of R, G, B, R and so on: NumPy is four times as slow on a last axis of three."""
    mean, scale = np.asarray(config.mean, np.float32), 1.0 / np.asarray(config.std, np.float32)
    columns = pixels.shape[1] // len(mean)
    np.subtract(pixels, np.tile(mean, columns), out=normal)
    normal *= np.tile(scale, columns)
