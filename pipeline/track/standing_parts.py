"""StandingParts: what stands still in the picture while the world moves, told from edges that keep their place.

The edges of a bonnet, a pillar, a sticker or a reflection in the windscreen face the same way in the same cell of the
picture all the time; those of the world come and go. All sums are of whole numbers, so that they do not depend on how
the film was cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.frame_motion import DIRECTIONS, EdgeMap
from pipeline.structures.masks import INSIDE

Sums = NDArray[np.int32]

#: The picture's points have to go so far between two samples, as a share of its height, for the later one to count:
#: at a red light all stands.
_WORLD_MOVES = 0.08

#: So many samples have to count before anything is said.
_LEAST_SAMPLES = 6

#: As many edges of a box as half a cell has count against it: one cell alone proves little.
_DOUBT = 0.5

#: A direction as a vector of whole numbers of this length.
_LENGTH = 64
_TURNS = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
_ACROSS = np.concatenate([[0], np.rint(_LENGTH * np.cos(_TURNS))]).astype(np.int32)
_DOWN = np.concatenate([[0], np.rint(_LENGTH * np.sin(_TURNS))]).astype(np.int32)

#: A cell stands if it has had an edge in this share of the samples, which has faced one way with this share.
_MOSTLY, _STANDS = 0.7, 0.9


#: Rows of cells from the bottom of the picture within which the own car begins.
_BOTTOM_CELLS = 3


@dataclass(eq=False)
class StandingParts:
    """The sums over one scene, and what they said of the scenes before.

    samples : how many counted. moved : how far the picture's points have gone since the last that did.
    sums : int32 [3, h, w]: how often there was an edge, and its direction's two parts, summed.
    left_out : bool [h, w], where objects were left out. region : bool [h, w], what stood in the scenes before.
    """

    samples: int = 0
    moved: float = 0.0
    sums: Sums | None = None
    left_out: NDArray[np.bool_] | None = None
    region: NDArray[np.bool_] | None = None
    _still: NDArray[np.float64] | None = field(default=None, init=False)
    _totals: NDArray[np.float64] | None = field(default=None, init=False)

    def take(self, edges: EdgeMap | None, moved: float) -> None:
        """Take in the next frame: its edges where it is sampled, and how far points went since the one before."""
        self.moved += moved
        if edges is None or (self.samples and self.moved < _WORLD_MOVES):
            return
        if self.sums is None or self.sums.shape[1:] != edges.shape:
            self.samples, self.sums = 0, np.zeros((3, *edges.shape), np.int32)
            self.left_out = np.zeros(edges.shape, np.bool_)
        self.samples, self.moved = self.samples + 1, 0.0
        self.sums += np.stack([edges > 0, _ACROSS[edges], _DOWN[edges]], dtype=np.int32)
        self._still = self._totals = None

    def shares(self, boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """For each box [N, 4] the share of the edges in it that stand still, 0 .. 1; 0 where nothing is known yet.

        size : height and width of the picture that the boxes are in.
        """
        if self.sums is None or self.samples < _LEAST_SAMPLES:
            return np.zeros(len(boxes))
        if self._totals is None:
            totals = np.zeros((2, self.sums.shape[1] + 1, self.sums.shape[2] + 1))
            totals[0, 1:, 1:], totals[1, 1:, 1:] = self._stillness(), self.sums[0]
            self._totals = totals.cumsum(axis=1, out=totals).cumsum(axis=2, out=totals)
        cells = self._cells(boxes, size)
        corners = self._totals[:, cells[:, [3, 1, 3, 1]], cells[:, [2, 2, 0, 0]]]
        still, edges = corners[..., 0] - corners[..., 1] - corners[..., 2] + corners[..., 3]
        return np.asarray(still / (edges + _DOUBT * self.samples))

    def leave_out(self, box: NDArray[np.float64], mask: NDArray[np.uint8], size: tuple[int, int]) -> None:
        """Note that an object with this box [4] and mask [28, 28] is left out as a part of the own car."""
        if self.left_out is not None:
            ((x1, y1, x2, y2),) = self._cells(box[None], size)
            down, across = (np.arange(cells) * len(mask) // cells for cells in (y2 - y1, x2 - x1))
            self.left_out[y1:y2, x1:x2] |= mask[np.ix_(down, across)] >= INSIDE

    def end_scene(self) -> None:
        """Keep what stood, and begin anew: another scene may be another camera's."""
        self.region = self.found()
        self.samples, self.moved, self.sums, self.left_out = 0, 0.0, None, None
        self._still = self._totals = None

    def found(self) -> NDArray[np.bool_] | None:
        """bool [h, w]: the own car so far, a cell each; None where the film has shown none.

        It is what stands at the bottom of the picture, with all below it, and where objects were left out. What stands
        elsewhere may be the horizon, or a lane that has been straight all the time.
        """
        if self.sums is None or self.left_out is None:
            return self.region
        found = self.left_out.copy()
        if self.samples >= _LEAST_SAMPLES:
            found |= _from_the_bottom(self._standing())
        if self.region is not None and self.region.shape == found.shape:
            found |= self.region
        return found if found.any() else self.region

    def _standing(self) -> NDArray[np.bool_]:
        assert self.sums is not None
        still = self._stillness()
        return (self.sums[0] >= _MOSTLY * self.samples) & (still >= _STANDS * self.sums[0])

    def _stillness(self) -> NDArray[np.float64]:
        """float [h, w]: how often a cell's edge has faced the way that it mostly does; kept until the next sample."""
        assert self.sums is not None
        if self._still is None:
            self._still = np.hypot(self.sums[1], self.sums[2]) / _LENGTH
        return self._still

    def _cells(self, boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.intp]:
        """The cells [N, 4] that boxes cover, from and to, at least one."""
        assert self.sums is not None
        height, width = self.sums.shape[1:]
        # An edge map has a cell less each way than the picture it was made of.
        scale = np.array([(width + 1) / size[1], (height + 1) / size[0]] * 2)
        cells, end = np.rint(boxes * scale).astype(np.intp), np.array([width, height])
        # np.clip takes three times as long for so few numbers.
        low = np.minimum(np.maximum(cells[:, :2], 0), end - 1)
        high = np.minimum(np.maximum(cells[:, 2:] - 1, low + 1), end)
        return np.concatenate([low, high], axis=1)


def _from_the_bottom(standing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells that hang together with the picture's bottom, and all that lies below them."""
    import cv2  # known once a film is painted; nothing else of tracking needs it

    near = np.ones((3, 3), np.uint8)
    closed = cv2.morphologyEx(np.pad(standing, 2).astype(np.uint8), cv2.MORPH_CLOSE, near)[2:-2, 2:-2]
    _, parts = cv2.connectedComponents(closed | standing.astype(np.uint8), connectivity=8)
    rooted = np.unique(parts[-_BOTTOM_CELLS:])
    own = np.isin(parts, rooted[rooted > 0])
    return _without_holes(own | _below_lowest(own))


def _without_holes(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells, and those that they enclose."""
    import cv2

    _, parts = cv2.connectedComponents(
        np.pad(~cells, 1, constant_values=True).astype(np.uint8), connectivity=4
    )
    return np.asarray(parts[1:-1, 1:-1] != parts[0, 0])


def _below_lowest(own: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """In each column all that lies under the lowest cell."""
    rows = np.arange(len(own))[:, None]
    lowest = np.where(own.any(axis=0), np.where(own, rows, -1).max(axis=0), len(own))
    return np.asarray(rows >= lowest, np.bool_)
