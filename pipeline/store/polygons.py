"""Turn a mask, with all its holes and parts, into one closed polygon that fills to the same pixels.

Polygon formats have one ring per object. Holes and further parts are connected by a bridge that is walked in both
directions, as in Ultralytics' converter from COCO: it covers no area, and filling by the even-odd rule leaves the hole
open.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import PastedMask

#: "centres": through the centres of border pixels, for readers that fill the border too (YOLO);
#: "edges": along the outer edges of pixels, for readers to which a polygon is an area (CVAT, COCO).
Along = Literal["centres", "edges"]

Ring = NDArray[np.int32]
Number = TypeVar("Number", np.int32, np.float64)


def polygon_of(mask: PastedMask, along: Along) -> NDArray[np.float64]:
    """The polygon of a mask as float64 [points, 2], x and y in px of the frame: at least 3 points, or none.

    A pixel spans [i, i + 1), so its centre is at i + 0.5.
    """
    pixels = mask.pixels.astype(np.uint8)
    if not pixels.any():
        return np.zeros((0, 2))
    if along == "edges":
        # At twice the size the two sides of a pixel are different pixels, which round to different edges.
        pixels = pixels.repeat(2, axis=0).repeat(2, axis=1)
    ring = _one_ring(pixels)
    points = (ring + 1) // 2 if along == "edges" else ring + 0.5
    points = _at_least_three(_without_repeats(points.astype(np.float64)))
    return points + np.array([mask.left, mask.top])


def _one_ring(pixels: NDArray[np.uint8]) -> Ring:
    """All borders of the mask as one closed ring."""
    borders, hierarchy = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = [np.asarray(border, np.int32).reshape(-1, 2) for border in borders]
    parents = np.asarray(hierarchy).reshape(-1, 4)[:, 3]
    parts = []
    for place in np.flatnonzero(parents < 0):
        holes = [rings[hole] for hole in np.flatnonzero(parents == place)]
        parts.append(_joined(rings[place], holes))
    parts.sort(key=len, reverse=True)
    return _straightened(_without_repeats(_joined(parts[0], parts[1:])))


def _joined(ring: Ring, others: list[Ring]) -> Ring:
    """The ring with the others inserted, each at the nearest point, the nearest first."""
    waiting = list(others)
    while waiting:
        meetings = [_nearest(ring, other) for other in waiting]
        chosen = int(np.argmin([meeting[2] for meeting in meetings]))
        here, there, _ = meetings[chosen]
        other = np.roll(waiting.pop(chosen), -there, axis=0)
        ring = np.concatenate([ring[: here + 1], other, other[:1], ring[here:]])
    return ring


def _nearest(ring: Ring, other: Ring) -> tuple[int, int, int]:
    """Indices of the nearest points of `ring` and `other`, and their squared distance in px."""
    best = (0, 0, np.iinfo(np.int64).max)
    for there, point in enumerate(other.astype(np.int64)):
        distances = ((ring - point) ** 2).sum(axis=1)
        here = int(distances.argmin())
        if distances[here] < best[2]:
            best = (here, there, int(distances[here]))
    return best


def _straightened(ring: Ring) -> Ring:
    """The ring without points at which it does not turn."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    returns = (before * after).sum(axis=1) < 0
    kept = (turns != 0) | returns
    return ring[kept] if kept.any() else ring[:1]


def _without_repeats(points: NDArray[Number]) -> NDArray[Number]:
    """The points without repetitions, which occur where parts meet in a pixel."""
    different = (points != np.roll(points, 1, axis=0)).any(axis=1)
    return points[different] if different.any() else points[:1]


def _at_least_three(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points, with the last one repeated if there are fewer than three, as for a single pixel."""
    missing = max(3 - len(points), 0)
    return np.concatenate([points, np.repeat(points[-1:], missing, axis=0)])
