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
from pipeline.model.samples import Samples, pixel_samples, sample_regions

#: Bytes of feature vectors gathered at a time: what a CPU's last cache holds; a GPU would idle over small portions.
CPU_BYTES, GPU_BYTES = 50_000_000, 1_600_000_000


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
    boxes = ops.stop_gradient(ops.convert_to_tensor(boxes))
    grids = [(int(feature.shape[1]), int(feature.shape[2])) for feature in features]
    samples = sample_regions(boxes, levels, grids, size, canvas, config, inclusive_corners)
    table = feature_table(features)
    pooled = _pool(table, samples)
    return ops.reshape(pooled, (int(boxes.shape[0]), int(boxes.shape[1]), size, size, int(table.shape[-1])))


def pool_pixels(images: Any, boxes: Any, size: int) -> Any:
    """Pixels [B, P, size, size, 3] of images [B, H, W, 3] in the regions `boxes` [B, P, 4]."""
    boxes = ops.stop_gradient(ops.convert_to_tensor(boxes))
    samples = pixel_samples(boxes, size, (int(images.shape[1]), int(images.shape[2])))
    return ops.reshape(_pool(feature_table([images]), samples), (*boxes.shape[:2], size, size, -1))


def feature_table(features: list[Any]) -> Any:
    """The vectors [cells of the whole batch, C] of features [B, H, W, C], a frame's levels after each other."""
    batch, channels = int(features[0].shape[0]), int(features[0].shape[-1])
    table = ops.concatenate([ops.reshape(f, (batch, -1, channels)) for f in features], axis=1)
    return ops.reshape(table, (-1, channels))


def _pool(table: Any, samples: Samples) -> Any:
    """Wy F Wx^T [R, size, size, C] for each region, with a bounded number of vectors gathered at a time."""
    regions, size, taps_of_bin = (int(length) for length in samples.columns.shape)
    taps = size * taps_of_bin
    region_bytes = taps * taps * int(table.shape[-1]) * 4
    rounds = -(-regions * region_bytes // (CPU_BYTES if gpu_capability() is None else GPU_BYTES))
    if rounds == 1:
        return pool_regions(table, samples)
    portion = -(-regions // rounds)
    padding = rounds * portion - regions
    chunks = []
    for value in samples:
        padded = ops.pad(value, ((0, padding), *((0, 0) for _ in value.shape[1:])))
        chunks.append(ops.reshape(padded, (rounds, portion, *value.shape[1:])))
    pooled = ops.map(lambda some: pool_regions(table, Samples(*some)), tuple(chunks))
    return ops.reshape(pooled, (rounds * portion, *pooled.shape[2:]))[:regions]


def pool_regions(table: Any, samples: Samples) -> Any:
    """Wy F Wx^T [R, size, size, C] of all regions at once, from the table of vectors [cells, C]."""
    regions, size, taps_of_bin = (int(length) for length in samples.columns.shape)
    taps, channels = size * taps_of_bin, int(table.shape[-1])
    row_starts, columns = (ops.reshape(index, (regions, taps)) for index in samples[:2])
    # Block matrices [R, size, taps], whose row i holds the weights of the taps of bin i and zeros elsewhere.
    blocks = np.kron(np.eye(size, dtype=np.float32), np.ones((1, taps_of_bin), np.float32))
    row_weights, column_weights = (
        ops.cast(ops.reshape(weights, (regions, 1, taps)) * blocks, table.dtype) for weights in samples[2:]
    )
    index = ops.expand_dims(row_starts, 2) + ops.expand_dims(columns, 1)
    patch = ops.take(table, ops.reshape(index, (-1,)), axis=0)
    rows = ops.matmul(row_weights, ops.reshape(patch, (regions, taps, taps * channels)))
    rows = ops.reshape(rows, (regions, size, taps, channels))
    return ops.matmul(ops.expand_dims(column_weights, 1), rows)
