"""The difference between a frame as it should be and as it is, measured on cells of 8x8 px.

At any sensible quality an encoder keeps the mean of a cell to within a few levels, wherever its errors fall inside the
cell; a picture that was painted on, moved, blurred or recoloured afterwards does not. limits.py has the tolerances.
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

#: The least share of free, or of painted, cells that a block is counted as having.
_LEAST_OF_A_BLOCK = {False: 0.25, True: 0.5}

#: Squared levels: a block that varies more has texture to lose, and one that varies less is flat. A single cell has to
#: vary more than a block, or somewhat in all frames together, because an encoder may neglect it.
_TEXTURED, _FLAT, _CELL_TEXTURED, _CELL_TEXTURED_ALWAYS = 100.0, 10.0, 400.0, 120.0

#: Squared levels per pixel by which a plane has to vary for its movement to be measured: in a flat one, noise decides.
_LEAST_GRADIENT = 0.5
#: Pixels over which a plane is smoothed before its movement is measured, so that a movement of 1 px is small.
_SMOOTH_PX = 5


@dataclass(frozen=True, eq=False)
class PlaneDifference:
    """One plane of a frame, in levels of 8 bit.

    cells : float32 [h, w], difference of the means of each cell. painted : bool [h, w], cells that are painted on, and
    their neighbours. squared : mean squared difference over all other cells; 0 without any.
    moved_px : movement of the plane along the axis on which it moved more.
    """

    cells: Levels
    painted: NDArray[np.bool_]
    squared: float
    moved_px: float

    def worst_cell(self, *, painted: bool) -> float:
        """Largest difference of a cell, among those that are painted on, or among the others."""
        chosen = self.cells[self.painted == painted]
        return float(np.abs(chosen).max()) if chosen.size else 0.0

    def worst_block(self, *, painted: bool) -> float:
        """Largest mean difference of 4x4 cells, over those that are painted on, or over the others."""
        chosen = self.painted == painted
        sums = _means(np.where(chosen, self.cells, np.float32(0)), BLOCK_CELLS)
        shares = _means(chosen.astype(np.float32), BLOCK_CELLS)
        return (
            float(np.abs(sums / np.maximum(shares, _LEAST_OF_A_BLOCK[painted])).max()) if sums.size else 0.0
        )

    def offset(self, *, painted: bool) -> Offset:
        """The cells that are painted on, or the others, to be added up over frames."""
        chosen = self.cells[self.painted == painted]
        return Offset(float(chosen.sum(dtype=np.float64)), chosen.size)


@dataclass(frozen=True)
class Offset:
    """The sum of the differences of some cells, and the number of these."""

    total: float
    cells: int

    @property
    def mean(self) -> float:
        """Mean difference; 0 of no cells."""
        return self.total / max(self.cells, 1)

    def __add__(self, other: Offset) -> Offset:
        """Those of both."""
        return Offset(self.total + other.total, self.cells + other.cells)


@dataclass(frozen=True)
class Detail:
    """The luma's fine detail, block by block: float32 [h, w], squared levels.

    pattern : variance that a block should have inside its cells. varies : variance that it has. shared : covariance of
    the two. cell_pattern, cell_shared : pattern and shared for each cell.
    """

    pattern: Levels
    shared: Levels
    varies: Levels
    cell_pattern: Levels
    cell_shared: Levels

    def kept(self, coarse: float) -> Levels:
        """Share of the pattern that is left in each block that varies at least `coarse` times as much as texture."""
        textured = self.pattern > _TEXTURED * coarse**2
        return self.shared[textured] / self.pattern[textured]

    def added(self, frames: int = 1) -> Levels:
        """Squared levels that each flat block has gained, averaged over the frames that were added up."""
        return (self.varies - self.pattern)[self.pattern < _FLAT * frames] / np.float32(frames)

    def least_in_a_cell(self, coarse: float, frames: int | None = None) -> float:
        """The least share of the pattern that is left in a cell, of those that vary much; 1 without any.

        coarse : factor on how much is much. frames : number that were added up; None for a single one.
        """
        least = _CELL_TEXTURED if frames is None else _CELL_TEXTURED_ALWAYS * frames
        varies = self.cell_pattern > least * coarse**2
        return float((self.cell_shared[varies] / self.cell_pattern[varies]).min()) if varies.any() else 1.0

    def __add__(self, other: Detail) -> Detail:
        """The detail of two frames together."""
        return Detail(
            self.pattern + other.pattern,
            self.shared + other.shared,
            self.varies + other.varies,
            self.cell_pattern + other.cell_pattern,
            self.cell_shared + other.cell_shared,
        )


def plane_difference(wanted: Levels, found: Levels, touched: NDArray[np.bool_] | None) -> PlaneDifference:
    """The difference of `found` and `wanted`. touched : bool, pixels of the plane that are painted on; None: none."""
    difference = found - wanted
    cells = cell_means(difference)
    painted = np.zeros(cells.shape, np.bool_)
    if touched is not None and cells.size:
        marked = (cell_means(touched.astype(np.float32)) > 0).astype(np.uint8)
        painted = cv2.dilate(marked, np.ones((3, 3), np.uint8)).astype(np.bool_)
    squares = cell_means(difference * difference)[~painted]
    moved = _moved_px(wanted, found, touched)
    return PlaneDifference(cells, painted, float(squares.mean()) if squares.size else 0.0, moved)


def _moved_px(wanted: Levels, found: Levels, touched: NDArray[np.bool_] | None) -> float:
    """Distance in px by which unpainted pixels have moved: least squares along their gradient."""
    before, after = (cv2.blur(plane, (_SMOOTH_PX, _SMOOTH_PX)) for plane in (wanted, found))
    free = np.ones(wanted.shape, np.float32)
    if touched is not None:
        free -= cv2.dilate(touched.astype(np.uint8), np.ones((_SMOOTH_PX + 2, _SMOOTH_PX + 2), np.uint8))
    right, down = (cv2.Sobel(before, cv2.CV_32F, x, 1 - x, ksize=1, scale=0.5) * free for x in (1, 0))
    change = (before - after) * free
    flat = _LEAST_GRADIENT * free.size
    normal = np.array(
        [
            [np.vdot(right, right) + flat, np.vdot(right, down)],
            [np.vdot(right, down), np.vdot(down, down) + flat],
        ]
    )
    return float(np.abs(np.linalg.solve(normal, [np.vdot(right, change), np.vdot(down, change)])).max())


def detail(wanted: Levels, found: Levels) -> Detail:
    """The detail of a luma plane that is left, and that was added."""
    means, others = cell_means(wanted), cell_means(found)
    pattern = cell_means(wanted * wanted) - means * means
    shared = cell_means(wanted * found) - means * others
    varies = cell_means(found * found) - others * others
    of_blocks = [_means(each, BLOCK_CELLS) for each in (pattern, shared, varies)]
    return Detail(of_blocks[0], of_blocks[1], of_blocks[2], pattern, shared)


def levels(frame: YuvFrame) -> tuple[Levels, Levels, Levels]:
    """The three planes in levels of 8 bit."""
    y, u, v = (_in_levels(plane, frame.bit_depth) for plane in frame.planes)
    return y, u, v


def cell_means(plane: Levels) -> Levels:
    """Mean of each cell [ceil(h / 8), ceil(w / 8)]; a plane smaller than a cell counts as one."""
    return _means(plane, CELL_PX)


def _in_levels(plane: Plane, bit_depth: int) -> Levels:
    return plane.astype(np.float32) / np.float32(1 << (bit_depth - 8))


def _means(plane: Levels, edge: int) -> Levels:
    """Means of squares; a last row or column that does not fit overlaps the one before."""
    rows, columns = (max(length // edge, 1) for length in plane.shape)
    height, width = rows * edge, columns * edge
    made = _shrunk(plane[:height, :width], rows, columns)
    if plane.shape[1] > width:
        made = np.hstack([made, _shrunk(plane[:height, -edge:], rows, 1)])
    if plane.shape[0] > height:
        last = _means(plane[-edge:], edge)
        made = np.vstack([made, last])
    return made


def _shrunk(plane: Levels, rows: int, columns: int) -> Levels:
    size = (columns, rows)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
