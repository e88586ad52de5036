"""Samples of a region (He et al. 2017, section 3): its pyramid level, the cells it reads, and their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.model.arrays import cast, math_of
from pipeline.model.config import RoIAlignConfig


class Samples(NamedTuple):
    """The cells that R regions read of the table of feature vectors; T taps an axis in each of `size` bins.

    row_starts int32 [R, size, T] : place in the table of each row's first cell.
    columns int32 [R, size, T] : cells behind it.
    row_weights, column_weights float32 [R, size, T] : how much of a tap belongs to its bin.
    """

    row_starts: Any
    columns: Any
    row_weights: Any
    column_weights: Any


def sample_regions(
    boxes: Any,
    levels: range,
    grids: Sequence[tuple[int, int]],
    size: int,
    canvas: tuple[int, int],
    config: RoIAlignConfig,
    inclusive_corners: bool = False,
) -> Samples:
    """The samples of the regions `boxes` float32 [B, P, 4]; R is B x P.

    grids : cells (vertical, horizontal) of each level of `levels`, whose vectors follow each other in the table,
        one frame of the batch after the other. size : bins along a side. canvas : px of the network's input.
    """
    ops = math_of(boxes)
    batch, proposals = int(boxes.shape[0]), int(boxes.shape[1])
    level = assign_levels(boxes, levels, config, canvas if inclusive_corners else None) - levels[0]
    cells = np.array(grids, np.int32)
    areas = cells[:, 0] * cells[:, 1]
    grid = ops.take(cells, level, axis=0)
    start = ops.take(np.cumsum(areas, dtype=np.int32) - areas, level, axis=0)
    start = start + (np.arange(batch, dtype=np.int32) * int(areas.sum()))[:, None]
    stride = ops.take(np.float32(2.0) ** np.array(levels, np.float32), level, axis=0)

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
    start, width = ops.reshape(start, (regions, 1, 1)), ops.reshape(grid[..., 1], (regions, 1, 1))
    shape = (regions, size, math.prod(int(length) for length in rows.shape[2:]) // size)
    rows, columns, row_weights, column_weights = (
        ops.reshape(taps, shape) for taps in (rows, columns, row_weights, column_weights)
    )
    return Samples(start + rows * width, columns, row_weights, column_weights)


def cells_of_bins(samples: Samples) -> tuple[Any, Any]:
    """The cells that each bin reads, int32 [R, size x size, T x T], and their weights float32, in NumPy."""
    rows, columns, row_weights, column_weights = samples
    index = rows[:, :, None, :, None] + columns[:, None, :, None, :]
    weights = row_weights[:, :, None, :, None] * column_weights[:, None, :, None, :]
    shape = (len(rows), rows.shape[1] ** 2, rows.shape[2] ** 2)
    return index.reshape(shape), weights.reshape(shape)


def pixel_samples(boxes: Any, size: int, canvas: tuple[int, int]) -> Samples:
    """The samples of the network's input itself, one a bin, in the regions `boxes` float32 [B, P, 4]."""
    # A pixel's value is that of its centre; a cell of the pyramid, whose convolutions pad, is that of its corner.
    return sample_regions(boxes - 0.5, range(1), (canvas,), size, canvas, RoIAlignConfig(samples=1))


def sampled_pixels(image: Any, samples: Samples) -> Any:
    """The pixels float32 [R, size, size, 3] of an image [H, W, 3] at `pixel_samples`, in NumPy."""
    table, pixels = image.reshape(-1, 3), 0.0
    rows, columns, row_weights, column_weights = (np.moveaxis(column, 2, 0) for column in samples)
    # Tap by tap: a quarter of the time of all taps' cells in one table.
    for y, x in np.ndindex(2, 2):
        weights = row_weights[y][:, :, None] * column_weights[x][:, None]
        pixels = pixels + weights[..., None] * table.take(rows[y][:, :, None] + columns[x][:, None], axis=0)
    return pixels


def assign_levels(
    boxes: Any, levels: range, config: RoIAlignConfig, canvas: tuple[int, int] | None = None
) -> Any:
    """Pyramid level int32 [...] for each box [..., 4]: equation 1 of Lin et al. 2017.

    `canvas` (height, width) is given where corners are inclusive: the source then measures a region against the
    canvas in units of (side - 1).
    """
    ops = math_of(boxes)
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    side = ops.sqrt(ops.maximum(width * height, 1e-12))
    if canvas is not None:
        side = side * math.sqrt(canvas[0] * canvas[1] / ((canvas[0] - 1) * (canvas[1] - 1)))
    exact = ops.log2(side / config.canonical_size)
    step = ops.round(exact) if config.rounded_levels else ops.floor(exact + 1e-6)
    return cast(ops.clip(4.0 + step, levels[0], levels[-1]), "int32")


def _bin_taps(low: Any, high: Any, limit: Any, size: int, samples: int) -> tuple[Any, Any]:
    """Neighbours int32 [B, P, size * samples, 2] and weights of the samples along one axis, in feature cells.

    A region is at least one cell long; a sample up to one cell outside takes the border's value, beyond that 0.
    """
    ops = math_of(low)
    low, high, limit = ops.expand_dims(low, -1), ops.expand_dims(high, -1), ops.expand_dims(limit, -1)
    length = ops.maximum(high - low, 1.0)
    offsets = (np.arange(size * samples, dtype=np.float32) + 0.5) / (size * samples)
    position = low + length * offsets
    edge = cast(limit, "float32")
    inside = ops.logical_and(position >= -1.0, position <= edge)
    return _neighbours(ops.clip(position, 0.0, edge - 1.0), inside, limit, 1.0 / samples)


def _corner_taps(low: Any, high: Any, limit: Any, last_pixel: int, size: int) -> tuple[Any, Any]:
    """The same for `crop_and_resize`: one sample a bin from edge to edge, in units of (side - 1); 0 outside."""
    ops = math_of(low)
    last = cast(ops.expand_dims(limit, -1), "float32") - 1.0
    low, high = ops.expand_dims(low, -1) / last_pixel, ops.expand_dims(high, -1) / last_pixel
    step = (high - low) * last / max(size - 1, 1)
    position = low * last + np.arange(size, dtype=np.float32) * step
    # No tolerance: where rounding puts the last sample behind the edge, the source reads 0 too.
    inside = ops.logical_and(position >= 0.0, position <= last)
    return _neighbours(ops.clip(position, 0.0, last), inside, ops.expand_dims(limit, -1), 1.0)


def _neighbours(position: Any, inside: Any, limit: Any, weight: float) -> tuple[Any, Any]:
    ops = math_of(position)
    floor = ops.floor(position)
    fraction = position - floor
    low = cast(floor, "int32")
    index = ops.stack([low, ops.minimum(low + 1, limit - 1)], axis=-1)
    weights = ops.stack([1.0 - fraction, fraction], axis=-1) * weight
    return index, ops.where(ops.expand_dims(inside, -1), weights, 0.0)
