"""Edges of a small grey picture and which way they face: what tells later which parts of the picture stand still."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.edge_map import DIRECTIONS, EdgeMap

#: Width in px of the picture whose edges are looked at: at 128 a mirror's fixing has too few cells to be told.
EDGES_WIDTH = 160

#: Grey levels from one cell to the next from which on there is an edge.
_LEAST_STEP = 6.0


def is_sampled(seconds: Fraction, before: Fraction | None) -> bool:
    """True for the first frame of each second; before : time of the frame before it, None for the film's first."""
    return before is None or seconds // 1 != before // 1


def edge_map(grey: NDArray[np.uint8]) -> EdgeMap:
    """The edges of a grey picture [H, W], EDGES_WIDTH cells across or less: one cell less than its small form."""
    height, width = grey.shape
    if width > EDGES_WIDTH:
        size = EDGES_WIDTH, max(round(height * EDGES_WIDTH / width), 2)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    cells = grey.astype(np.float32)
    right, below = np.diff(cells, axis=1), np.diff(cells, axis=0)
    across, down = (right[:-1] + right[1:]) / 2, (below[:, :-1] + below[:, 1:]) / 2
    facing = np.rint(np.arctan2(down, across) * (DIRECTIONS / (2 * np.pi))).astype(np.int64) % DIRECTIONS
    is_edge = across**2 + down**2 >= _LEAST_STEP**2
    return np.where(is_edge, facing + 1, 0).astype(np.uint8)
