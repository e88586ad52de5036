"""The camera's motion between two small grey pictures, whether a cut lies between them, and the edges of one."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.frame_motion import DIRECTIONS, EdgeMap, FrameMotion
from pipeline.structures.video_info import VideoInfo

# Cores are shared out to frames: threads of OpenCV's own would only wait for each other on pictures so small.
cv2.setNumThreads(1)

Grey = NDArray[np.uint8]

#: Width in px of the pictures that motion is measured on: what is far is still seen, and it takes about 1 ms.
MOTION_WIDTH = 320

_CORNERS, _CORNER_SPACING_PX = 150, 8
_INLIER_PX = 1.5
#: 15 px take twice the time of 11, which find the same cuts, and motions a px or two of 960 apart at the corners.
_WINDOW = (11, 11)
_LEAST_POINTS = 12

#: A cut: hardly a point is found again, and the two pictures as so many fields are correlated less than this. On six
#: clips cuts had 0.00 to 0.02 and -0.33 to 0.34, everything else from 0.49 and from 0.56 on.
_FOUND_AGAIN = 0.2
_FIELDS = (16, 9)
_LEAST_ALIKE = 0.45

#: Grey levels (and their square) under which a picture is one tone.
_FLAT = 4.0

#: Width in px of the picture whose edges are looked at: at 128 a mirror's fixing has too few cells to be told.
EDGES_WIDTH = 160

#: Edges are looked at more often in the first seconds of a film: its first frames are drawn when little is known.
_DENSE_SECONDS = 3

#: Grey levels from one cell to the next from which on there is an edge.
_LEAST_STEP = 6.0


def grey_size(info: VideoInfo) -> tuple[int, int]:
    """Width and height in px of the grey pictures that a video's motion is measured on: MOTION_WIDTH or its own."""
    width = min(info.width, MOTION_WIDTH)
    return width, max(round(info.height * width / info.width), 1)


def camera_motion(before: Grey | None, now: Grey, width: int) -> FrameMotion:
    """The motion from one picture to the next, in px of a frame that is `width` px wide.

    Corners are followed by sparse flow (Lucas & Kanade), and a similarity is fitted to most of them (RANSAC): what
    moves by itself is left out. Where too few points are found again, it is no motion.

    Parameters
    ----------
    before, now : luma in `grey_size`; `before` is None at the first frame.
    width : of the frames, px.

    """
    if before is None or before.shape != now.shape:
        return FrameMotion.none()
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.01, _CORNER_SPACING_PX)
    if corners is None or len(corners) < _LEAST_POINTS:
        return _without_points(before, now)
    points = np.asarray(corners, np.float32)
    places, found = _followed(before, now, points)
    if found.mean() < _FOUND_AGAIN and _pictures_differ(before, now):
        return FrameMotion(FrameMotion.none().matrix, cut=True)
    if found.sum() < _LEAST_POINTS:
        return FrameMotion.none()
    old, new = points.reshape(-1, 2)[found], places[found]
    moved = float(np.sqrt(((new - old) ** 2).sum(axis=1).mean())) / now.shape[0]
    cv2.setRNGSeed(0)  # the same pictures give the same motion, whatever was measured before
    matrix, _ = cv2.estimateAffinePartial2D(old, new, method=cv2.RANSAC, ransacReprojThreshold=_INLIER_PX)
    if matrix is None:
        return FrameMotion(FrameMotion.none().matrix, moved)
    scaled = np.asarray(matrix, np.float64).copy()
    scaled[:, 2] *= width / now.shape[1]
    return FrameMotion(_stored(scaled), float(np.float32(moved)))


def sampled_edges(info: VideoInfo, number: int, grey: NDArray[np.uint8]) -> EdgeMap | None:
    """The edges of a frame that is the first of a second of the film, or of a quarter in the first; None of any other.

    grey : the frame's small picture.
    """
    seconds = info.seconds(number)
    span = 1 if seconds - info.seconds(0) >= _DENSE_SECONDS else Fraction(1, 4)
    if number and seconds // span == info.seconds(number - 1) // span:
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


def _followed(
    before: Grey, now: Grey, points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Places of the points [P, 2] now, and bool [P], found: followed back, such a point ends where it began."""
    there, seen, _ = cv2.calcOpticalFlowPyrLK(before, now, points, points.copy(), winSize=_WINDOW, maxLevel=3)
    # Back from where it began and in full size alone: to find out that it does not belong there, that is enough.
    back, seen_back, _ = cv2.calcOpticalFlowPyrLK(
        now, before, there, points.copy(), winSize=_WINDOW, maxLevel=0, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    places, astray = np.asarray(there, np.float32).reshape(-1, 2), np.abs(np.asarray(back) - points)
    found = (np.ravel(seen) == 1) & (np.ravel(seen_back) == 1) & (astray.reshape(-1, 2).max(axis=1) < 1.0)
    return places, found


def _without_points(before: Grey, now: Grey) -> FrameMotion:
    """Out of a picture without corners, such as black, another scene may begin."""
    return FrameMotion(FrameMotion.none().matrix, cut=_pictures_differ(before, now))


def _pictures_differ(before: Grey, now: Grey) -> bool:
    """True if both, seen as a few grey fields, have little in common: even a fast turn leaves more."""
    first, second = (
        cv2.resize(one, _FIELDS, interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
        for one in (before, now)
    )
    spread = first.std() * second.std()
    if spread < _FLAT:  # a black or white picture is like another one of its tone alone
        return abs(float(first.mean() - second.mean())) > _FLAT or (first.std() > 1) != (second.std() > 1)
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) < _LEAST_ALIKE


def _stored(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers rounded as in a file, so that measured and read ones are equal."""
    return matrix.astype(np.float32).astype(np.float64)
