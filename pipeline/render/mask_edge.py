"""The distance of each pixel near a frame's masks from the mask's edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

#: Steps a pixel that a depth is given in, and the step of the edge itself: 0..255 reach from -8 to 8 px.
STEPS_A_PX, EDGE_STEP = 16, 128
#: Probabilities are clipped to 0.1..0.9 and read as log-odds: these grow about evenly across an edge, so that
#: the edge stays where it is when they are smoothed. Nought outside the box, twice this deep inside.
_EDGE = float(np.log(9.0))
#: Log-odds a cell below which nothing counts as an edge: a plateau of doubt is no line.
_FLATTEST = 0.2
#: Cells on either side of a mask's that take up what samples beside it see.
_BESIDE = 4
#: Px from the frame's edge within which a box is cut off by it: the network is not exact to the pixel.
_AT_FRAME = 2.0
#: Px from sample to sample, and the least px a cell that they are for: where an edge is as sharp as it can be, its
#: slope over a cell is a tenth too low. Farther apart, depths that end at 8 px would leave no straight line between.
_STRIDES = ((2, 4.0), (4, 8.0))
#: Samples that are computed at once, of one mask or several: for small ones calling NumPy takes longer than its sums.
#: Three numbers of each are less than the megabyte from which on workers' memory comes from the system each time.
_AT_ONCE = 1 << 16
#: Multiplications up to which OpenBLAS keeps to one thread (its interface/gemm.c).
_SINGLE_THREAD = 1 << 18

_share = np.clip(np.arange(256, dtype=np.float64) / 255, 0.1, 0.9)
_LOG_ODDS = (np.log(_share / (1 - _share)) + _EDGE).astype(np.float32)


class MaskEdge(NamedTuple):
    """`depth[i, j]` of frame pixel (`left` + j, `top` + i): uint8, steps inside the edge, EDGE_STEP on it.

    True near the edge only. Window and frame begin and end at even pixels, where the frame has them: a chroma
    sample of any subsampling lies in the window or not, as a whole.
    """

    left: int
    top: int
    depth: NDArray[np.uint8]


class _Axis(NamedTuple):
    """Pixels [first, first + pixels) of one axis of a window.

    weights : float32 [samples, cells], of the samples in these pixels and some on either side: one for the slope there,
    and one more to read depths between samples from.
    """

    first: int
    pixels: int
    weights: NDArray[np.float32]


def mask_edges(
    roi_masks: NDArray[np.uint8], boxes: NDArray[np.float32], height: int, width: int
) -> list[MaskEdge]:
    """The edges of N masks, each in a window a pixel wider than its box and cut off at the frame.

    The cells are widened by a cubic B-spline, which leaves no corner of a cell in the outline, and by a wider
    one where cells are smaller than pixels, so that none is skipped. Where they are many pixels wide, every second
    or fourth pixel of a row is looked at, and depths between are read off in straight lines.

    Parameters
    ----------
    roi_masks : uint8 [N, c, c], probability x 255.
    boxes : float32 [N, 4], x1, y1, x2, y2 in frame pixels.
    height, width : frame size in px.

    """
    cells = roi_masks.shape[1]
    sides = (boxes[:, 2:] - boxes[:, :2]) / cells
    least, cell_px = sides.min(axis=1), np.maximum(sides.max(axis=1), 1.0)
    strides = np.ones(len(boxes), np.int64)
    for stride, enough in _STRIDES:
        strides[least >= enough] = stride
    axes = _axes(boxes, height, width, cells, strides)
    windows = list(zip(axes[len(boxes) :], axes[: len(boxes)], strict=True))
    # In log-odds a cell and twice the stride slopes have the same floor, whatever the mask's size.
    scales = (cell_px / (2 * strides)).astype(np.float32)
    fields, levels = _LOG_ODDS[roi_masks] * scales[:, None, None], _EDGE * scales
    depths = [
        depth
        for own in _batches([down.weights.shape[0] * across.weights.shape[0] for down, across in windows])
        for depth in _depths(fields[own], levels[own], windows[own], strides[own])
    ]
    return [
        MaskEdge(across.first, down.first, depth)
        for (down, across), depth in zip(windows, depths, strict=True)
    ]


def _batches(sizes: Sequence[int]) -> Iterator[slice]:
    """Runs of masks with at most _AT_ONCE samples, or one mask with more."""
    start, total = 0, 0
    for place, size in enumerate(sizes):
        if total and total + size > _AT_ONCE:
            yield slice(start, place)
            start, total = place, 0
        total += size
    yield slice(start, len(sizes))


def _depths(
    fields: NDArray[np.float32],
    levels: NDArray[np.float32],
    windows: Sequence[tuple[_Axis, _Axis]],
    strides: NDArray[np.int64],
) -> list[NDArray[np.uint8]]:
    """Height over the edge's level, divided by the slope there: the distance, to the first order.

    fields, levels : float32 [N, c, c] and [N], log-odds and that of the edge, times the px a cell and over 2 strides.
    """
    shapes = [(len(down.weights), len(across.weights)) for down, across in windows]
    ends = np.cumsum([0, *(rows * columns for rows, columns in shapes)]).tolist()
    heights, slopes, downs = np.zeros((3, ends[-1]), np.float32)
    for place, (down, across) in enumerate(windows):
        own = slice(ends[place], ends[place + 1])
        wide = heights[own].reshape(shapes[place])
        _widen(fields[place], down.weights, across.weights, wide)
        wide -= levels[place]
        np.subtract(wide[2:], wide[:-2], out=downs[own].reshape(shapes[place])[1:-1])
    # What this takes across the ends of rows lies on the rims, which are left out in the end.
    np.subtract(heights[2:], heights[:-2], out=slopes[1:-1])
    slopes *= slopes
    downs *= downs
    slopes += downs
    np.sqrt(slopes, out=slopes)
    np.maximum(slopes, _FLATTEST, out=slopes)
    heights /= slopes
    depths = []
    for place, ((down, across), stride) in enumerate(zip(windows, strides.tolist(), strict=True)):
        if not (down.pixels and across.pixels):
            depths.append(np.zeros((down.pixels, across.pixels), np.uint8))
            continue
        depth = heights[ends[place] : ends[place + 1]].reshape(shapes[place])[1:-1, 1:-1]
        steps = cv2.addWeighted(depth, 2 * stride * STEPS_A_PX, depth, 0, EDGE_STEP, dtype=cv2.CV_8U)
        if stride > 1:
            size = stride * depth.shape[1], stride * depth.shape[0]
            steps = cv2.resize(steps, size, interpolation=cv2.INTER_LINEAR)
            steps = steps[stride : stride + down.pixels, stride : stride + across.pixels]
        depths.append(steps)
    return depths


def _widen(
    field: NDArray[np.float32],
    down: NDArray[np.float32],
    across: NDArray[np.float32],
    wide: NDArray[np.float32],
) -> None:
    """Write the cells as seen by each sample, strip by strip: a longer product would wake BLAS's threads.

    These wait busily for each other: where other processes want the cores, that costs 20 times the product.
    """
    strip = max(_SINGLE_THREAD // across.size, 1)
    for start in range(0, len(down), strip):
        np.matmul(down[start : start + strip] @ field, across.T, out=wide[start : start + strip])


def _axes(
    boxes: NDArray[np.float32], height: int, width: int, cells: int, strides: NDArray[np.int64]
) -> list[_Axis]:
    """Columns of all windows, then their rows: which pixels, and how much of each cell a sample sees."""
    low, high = boxes[:, :2].T.ravel(), boxes[:, 2:].T.ravel()
    limit, stride = np.repeat([width, height], len(boxes)), np.tile(strides, 2)
    first = np.clip(np.floor(low).astype(np.int64) - 1, 0, limit) // 2 * 2
    last = np.minimum((np.clip(np.ceil(high).astype(np.int64) + 1, 0, limit) + 1) // 2 * 2, limit)
    counts = np.where((high > low) & (last > first), last - first, 0)
    rim = np.where(stride > 1, 2, 1)
    samples = -(-counts // stride) + 2 * rim
    ends = np.cumsum(samples)
    size = np.maximum(high - low, 1e-3).astype(np.float64) / cells  # px a cell
    axis = np.repeat(np.arange(len(low)), samples)
    # Of a sample in cells: its place in the window, that of the window's first sample, both from the box on.
    start = (first - stride * (ends - samples + rim - 0.5) - low) / size - 0.5
    position = start[axis] + np.arange(len(axis)) * (stride / size)[axis]
    weights = _seen(position, size[axis], cells)
    # An object that runs out of the frame has no edge along the frame.
    _carry_on(weights, (low <= _AT_FRAME)[axis] & (position < cells / 2), 0)
    _carry_on(weights, (high >= limit - _AT_FRAME)[axis] & (position >= cells / 2), cells - 1)
    return [
        _Axis(begin, count, weights[end - own : end])
        for begin, count, own, end in zip(
            first.tolist(), counts.tolist(), samples.tolist(), ends.tolist(), strict=True
        )
    ]


def _seen(position: NDArray[np.float64], cell_px: NDArray[np.float64], cells: int) -> NDArray[np.float32]:
    """The share of each cell that a sample sees, float32 [samples, cells].

    position : of each sample, in cells from the middle of the first. cell_px : px a cell.
    """
    weights = np.zeros((len(position), cells + 2 * _BESIDE), np.float32)
    near, steps = np.clip(np.floor(position), -3, cells + 1), np.arange(-1, 3)[:, None]
    places = np.arange(len(position)) * weights.shape[1] + near.astype(np.int64) + _BESIDE
    weights.reshape(-1)[places + steps] = _spline(position - near - steps)
    seen = weights[:, _BESIDE:-_BESIDE]
    small = np.flatnonzero(cell_px < 1.0)
    narrow = cell_px[small, None]
    seen[small] = narrow * _spline((position[small, None] - np.arange(cells)) * narrow)
    return seen


def _spline(far: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic B-spline at that distance."""
    far = np.abs(far)
    outer, inner = np.maximum(2 - far, 0), np.maximum(1 - far, 0)
    return np.asarray((outer * outer * outer - 4 * (inner * inner * inner)) / 6)


def _carry_on(weights: NDArray[np.float32], rows: NDArray[np.bool_], cell: int) -> None:
    """Give the edge cell what these samples see of the outside, as if the mask went on there."""
    weights[rows, cell] += 1.0 - weights[rows].sum(axis=1)
