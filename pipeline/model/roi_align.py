"""RoIAlign (He et al. 2017, section 3): features of a region, sampled at exact positions, from the right level.

All levels lie in one table of feature vectors. A region's samples form a grid, so bilinear interpolation and the mean
over a bin are separable: the region's result is  Wy F Wx^T  with a row matrix Wy, a column matrix Wx and F the
gathered vectors. That is one gather and two small matrix products a region, which run near memory speed on a CPU and
on matrix units on a GPU; four gathers and their weighted sum move four times the bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from pipeline.model.config import RoIAlignConfig
from pipeline.model.precision import gpu_capability

#: Bytes of feature vectors gathered at a time: what a CPU's last cache holds; a GPU would idle over small portions.
CPU_BYTES, GPU_BYTES = 50_000_000, 1_600_000_000


def assign_levels(
    boxes: Any, levels: range, config: RoIAlignConfig, canvas: tuple[int, int] | None = None
) -> Any:
    """Pyramid level int32 [...] for each box [..., 4]: equation 1 of Lin et al. 2017.

    `canvas` (height, width) is given where corners are inclusive: the source then measures a region against the
    canvas in units of (side - 1).
    """
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    side = ops.sqrt(ops.maximum(width * height, 1e-12))
    if canvas is not None:
        side = side * np.sqrt(canvas[0] * canvas[1] / ((canvas[0] - 1) * (canvas[1] - 1)))
    exact = ops.log2(side / config.canonical_size)
    step = ops.round(exact) if config.rounded_levels else ops.floor(exact + 1e-6)
    return ops.cast(ops.clip(4.0 + step, levels[0], levels[-1]), "int32")


def roi_align(
    features: list[Any],
    levels: range,
    boxes: Any,
    size: int,
    canvas: tuple[int, int],
    config: RoIAlignConfig,
    inclusive_corners: bool = False,
) -> Any:
    """Features [B, P, size, size, C] of the regions `boxes` float32 [B, P, 4].

    Parameters
    ----------
    features : one [B, H, W, C] a level of `levels`, finest first.
    boxes : px of the canvas; constants for the gradient.
    size : bins along a side.
    canvas : (height, width) px of the network's input.
    config : sampling rule.
    inclusive_corners : the boxes end on their last pixel.

    """
    batch, proposals = int(boxes.shape[0]), int(boxes.shape[1])
    boxes = ops.stop_gradient(boxes)
    level = assign_levels(boxes, levels, config, canvas if inclusive_corners else None) - levels[0]
    grids = np.array([feature.shape[1:3] for feature in features], np.int32)
    areas = grids[:, 0] * grids[:, 1]
    channels = int(features[0].shape[-1])
    table = ops.concatenate([ops.reshape(f, (batch, -1, channels)) for f in features], axis=1)
    table = ops.reshape(table, (batch * int(areas.sum()), channels))

    grid = ops.take(ops.convert_to_tensor(grids), level, axis=0)
    start = ops.take(
        ops.convert_to_tensor(np.cumsum(areas, dtype=np.int32) - areas.astype(np.int32)), level, axis=0
    )
    start = start + ops.expand_dims(ops.arange(batch, dtype="int32") * int(areas.sum()), -1)
    stride = ops.cast(2 ** np.array(levels), "float32")
    stride = ops.take(stride, level, axis=0)

    axes = []
    for axis in (1, 0):
        low, high = boxes[..., axis], boxes[..., axis + 2]
        limit = grid[..., 1 - axis]
        if config.crop_and_resize:
            axes.append(_corner_taps(low, high, limit, canvas[1 - axis] - 1, size))
        else:
            axes.append(_bin_taps(low / stride, high / stride, limit, size, config.samples))
    (rows, row_weights), (columns, column_weights) = axes
    regions = batch * proposals
    start, width = ops.reshape(start, (regions, 1)), ops.reshape(grid[..., 1], (regions, 1))
    pooled = _pool(
        table,
        start + _flat(rows, regions) * width,
        _flat(columns, regions),
        ops.cast(_weight_matrix(row_weights, regions, size), table.dtype),
        ops.cast(_weight_matrix(column_weights, regions, size), table.dtype),
    )
    return ops.reshape(pooled, (batch, proposals, size, size, channels))


def _bin_taps(low: Any, high: Any, limit: Any, size: int, samples: int) -> tuple[Any, Any]:
    """Neighbours int32 [B, P, size * samples, 2] and weights of the samples along one axis, in feature cells.

    A region is at least one cell long; a sample up to one cell outside takes the border's value, beyond that 0.
    """
    low, high, limit = ops.expand_dims(low, -1), ops.expand_dims(high, -1), ops.expand_dims(limit, -1)
    length = ops.maximum(high - low, 1.0)
    offsets = (np.arange(size * samples, dtype=np.float32) + 0.5) / (size * samples)
    position = low + length * offsets
    edge = ops.cast(limit, "float32")
    inside = ops.logical_and(position >= -1.0, position <= edge)
    return _neighbours(ops.clip(position, 0.0, edge - 1.0), inside, limit, 1.0 / samples)


def _corner_taps(low: Any, high: Any, limit: Any, last_pixel: int, size: int) -> tuple[Any, Any]:
    """The same for `crop_and_resize`: one sample a bin from edge to edge, in units of (side - 1); 0 outside."""
    last = ops.cast(ops.expand_dims(limit, -1), "float32") - 1.0
    low, high = ops.expand_dims(low, -1) / last_pixel, ops.expand_dims(high, -1) / last_pixel
    step = (high - low) * last / max(size - 1, 1)
    position = low * last + np.arange(size, dtype=np.float32) * step
    # No tolerance: where rounding puts the last sample behind the edge, the source reads 0 too.
    inside = ops.logical_and(position >= 0.0, position <= last)
    return _neighbours(ops.clip(position, 0.0, last), inside, ops.expand_dims(limit, -1), 1.0)


def _neighbours(position: Any, inside: Any, limit: Any, weight: float) -> tuple[Any, Any]:
    floor = ops.floor(position)
    fraction = position - floor
    low = ops.cast(floor, "int32")
    index = ops.stack([low, ops.minimum(low + 1, limit - 1)], axis=-1)
    weights = ops.stack([1.0 - fraction, fraction], axis=-1) * weight
    return index, ops.where(ops.expand_dims(inside, -1), weights, 0.0)


def _flat(index: Any, regions: int) -> Any:
    return ops.reshape(index, (regions, -1))


def _weight_matrix(weights: Any, regions: int, size: int) -> Any:
    """Block matrix float32 [R, size, T] whose row i holds the weights of the taps of bin i and zeros elsewhere."""
    taps = int(np.prod(weights.shape[2:]))
    blocks = np.kron(np.eye(size, dtype=np.float32), np.ones((1, taps // size), np.float32))
    return ops.reshape(weights, (regions, 1, taps)) * blocks


def _pool(table: Any, row_starts: Any, columns: Any, row_weights: Any, column_weights: Any) -> Any:
    """Wy F Wx^T [R, size, size, C] for each region, with a bounded number of vectors gathered at a time."""
    regions, taps = int(columns.shape[0]), int(columns.shape[1])
    inputs = (row_starts, columns, row_weights, column_weights)
    region_bytes = taps * taps * int(table.shape[-1]) * 4
    rounds = -(-regions * region_bytes // (CPU_BYTES if gpu_capability() is None else GPU_BYTES))
    if rounds == 1:
        return _pool_some(table, inputs)
    portion = -(-regions // rounds)
    padding = rounds * portion - regions
    chunks = []
    for value in inputs:
        padded = ops.pad(value, ((0, padding), *((0, 0) for _ in value.shape[1:])))
        chunks.append(ops.reshape(padded, (rounds, portion, *value.shape[1:])))
    pooled = ops.map(lambda some: _pool_some(table, some), tuple(chunks))
    return ops.reshape(pooled, (rounds * portion, *pooled.shape[2:]))[:regions]


def _pool_some(table: Any, inputs: tuple[Any, ...]) -> Any:
    row_starts, columns, row_weights, column_weights = inputs
    regions, taps = int(columns.shape[0]), int(columns.shape[1])
    channels, size = int(table.shape[-1]), int(row_weights.shape[1])
    index = ops.expand_dims(row_starts, 2) + ops.expand_dims(columns, 1)
    patch = ops.take(table, ops.reshape(index, (-1,)), axis=0)
    rows = ops.matmul(row_weights, ops.reshape(patch, (regions, taps, taps * channels)))
    rows = ops.reshape(rows, (regions, size, taps, channels))
    return ops.matmul(ops.expand_dims(column_weights, 1), rows)
