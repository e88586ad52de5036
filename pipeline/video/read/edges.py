"""Edges of a small grey picture and which way they face: what tells later which parts of the picture stand still."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.edge_map import DIRECTIONS, EdgeMap
from pipeline.structures.video_info import VideoInfo

#: Width in px of the picture whose edges are looked at: at 128 a mirror's fixing has too few cells to be told.
EDGES_WIDTH = 160

#: Grey levels from one cell to the next from which on there is an edge.
_LEAST_STEP = 6.0


def sampled_edges(info: VideoInfo, number: int, grey: NDArray[np.uint8]) -> EdgeMap | None:
    """The edges of a frame that is the first of a second of the film; None of any other.

    grey : the frame's small picture.
    """
    if number and info.seconds(number) // 1 == info.seconds(number - 1) // 1:
        return None
    return edge_map(grey)


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
