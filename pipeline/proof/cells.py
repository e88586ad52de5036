"""The difference between a frame as it should be and as it is, measured on cells of 8x8 px.

An encoder keeps a cell's mean to a few levels at any sensible quality, wherever it puts its errors inside; what was
painted, moved, blurred or recoloured afterwards does not. Measured on six dashcam clips in x264 at CRF 20 to 28 down
to ultrafast, x265 at 23 and SVT-AV1 at 30: cells at most 7.8 levels of luma and 4.4 of chroma, blocks of 32x32 px 3.6
and 2.3, whole planes 0.6 and 0.5; 66 % of the detail left in the worst textured block of a frame, 69 % where all frames
are taken together.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.yuv_frame import Plane, YuvFrame

Levels = NDArray[np.float32]

#: Edge of a cell in px of its plane, and of a block in cells.
CELL_PX, BLOCK_CELLS = 8, 4

#: Squared levels: a block that varies more has texture to lose, one that varies less is flat.
_TEXTURED, _FLAT = 100.0, 10.0


@dataclass(frozen=True, eq=False)
class PlaneDifference:
    """One plane of a frame, in levels of 8 bit.

    cells : float32 [h, w], difference of the means of each cell. painted : bool [h, w], cells that something is
    painted on, and their neighbours. squared : mean squared difference over the cells that are not; 0 without any.
    """

    cells: Levels
    painted: NDArray[np.bool_]
    squared: float

    def worst_cell(self, *, painted: bool) -> float:
        """The farthest cell among those that are painted on, or not."""
        chosen = self.cells[self.painted == painted]
        return float(np.abs(chosen).max()) if chosen.size else 0.0

    def worst_block(self) -> float:
        """The farthest mean of 4x4 cells; of what is painted on there is none."""
        free = ~self.painted
        sums = _means(np.where(free, self.cells, np.float32(0)), BLOCK_CELLS)
        shares = _means(free.astype(np.float32), BLOCK_CELLS)
        return float(np.abs(sums / np.maximum(shares, 0.25)).max()) if sums.size else 0.0

    def mean(self) -> float:
        """Of all cells that nothing is painted on."""
        chosen = self.cells[~self.painted]
        return float(chosen.mean()) if chosen.size else 0.0


@dataclass(frozen=True)
class Detail:
    """The luma's fine detail, block by block: float32 [h, w], squared levels.

    pattern : how much the block should vary inside its cells. shared : how much of that is there. varies : how much
    it varies.
    """

    pattern: Levels
    shared: Levels
    varies: Levels

    def kept(self) -> Levels:
        """Share of the pattern that is still there, of each textured block."""
        textured = self.pattern > _TEXTURED
        return self.shared[textured] / self.pattern[textured]

    def added(self) -> Levels:
        """Squared levels that each flat block has gained."""
        return (self.varies - self.pattern)[self.pattern < _FLAT]

    def __add__(self, other: Detail) -> Detail:
        """The detail of two frames together."""
        return Detail(self.pattern + other.pattern, self.shared + other.shared, self.varies + other.varies)


def plane_difference(wanted: Levels, found: Levels, touched: NDArray[np.bool_] | None) -> PlaneDifference:
    """The difference of `found` and `wanted`; touched : bool, pixels of the plane that are painted on; None: none."""
    difference = found - wanted
    cells = cell_means(difference)
    painted = np.zeros(cells.shape, np.bool_)
    if touched is not None and cells.size:
        marked = (cell_means(touched.astype(np.float32)) > 0).astype(np.uint8)
        painted = cv2.dilate(marked, np.ones((3, 3), np.uint8)).astype(np.bool_)
    squares = cell_means(difference * difference)[~painted]
    return PlaneDifference(cells, painted, float(squares.mean()) if squares.size else 0.0)


def detail(wanted: Levels, found: Levels) -> Detail:
    """The part of a luma plane's detail that is left, and the part that came to it."""
    means, others = cell_means(wanted), cell_means(found)
    pattern = _means(cell_means(wanted * wanted) - means * means, BLOCK_CELLS)
    shared = _means(cell_means(wanted * found) - means * others, BLOCK_CELLS)
    varies = _means(cell_means(found * found) - others * others, BLOCK_CELLS)
    return Detail(pattern, shared, varies)


def levels(frame: YuvFrame) -> tuple[Levels, Levels, Levels]:
    """The three planes in levels of 8 bit."""
    y, u, v = (_in_levels(plane, frame.bit_depth) for plane in frame.planes)
    return y, u, v


def cell_means(plane: Levels) -> Levels:
    """Mean of each whole cell [h // 8, w // 8]; a plane smaller than a cell is one."""
    return _means(plane, CELL_PX)


def _in_levels(plane: Plane, bit_depth: int) -> Levels:
    return plane.astype(np.float32) / np.float32(1 << (bit_depth - 8))


def _means(plane: Levels, edge: int) -> Levels:
    rows, columns = (max(length // edge, 1) for length in plane.shape)
    whole = plane[: max(rows * edge, 1), : max(columns * edge, 1)]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
