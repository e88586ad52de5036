"""Tracks as they are painted: each object steadied by itself in the frames around, on both sides.

The stored tracks stay as they were found, so that tracks made anew from them are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.track.extrapolation import carried_shapes, to_box, to_shape

#: A frame as far away in time as this says nothing about this one; a nearer one the more, the nearer it is. No whole
#: number of frames at any usual rate, so that it is never a matter of rounding which frames are near.
STEADY_SECONDS = 0.155

#: Boxes jitter more than masks change within them: their neighbours weigh so much more.
_BOXES = 2.0

#: Px from the frame's border within which a box's edge is where the frame ends, and not the object.
_AT_FRAME = 2.0

Floats = NDArray[np.float64]


class TrackedFrame(NamedTuple):
    """A frame of a film: when it is shown, its tracks, and the camera's motion since the frame before."""

    seconds: float
    tracks: Tracks
    motion: FrameMotion


def steadied(frames: Iterable[TrackedFrame], weight: float, size: tuple[int, int]) -> Iterator[Tracks]:
    """Each frame's tracks with steady boxes and masks.

    Through a box's places in the frames around, moved along with the camera, a line is laid; a mask is the mean of
    those around, cell by cell. So nothing lags behind what moves evenly.

    Parameters
    ----------
    frames : consecutive ones; those at the end have neighbours on one side.
    weight : of the next frames against a frame's own, 0..1; 0 leaves the tracks as they are.
    size : height and width of the picture, px; edges of boxes at its border stay there.

    """
    held: list[TrackedFrame] = []
    place = 0
    for frame in frames:
        held.append(frame)
        while frame.seconds - held[place].seconds >= STEADY_SECONDS:
            yield _steady(held, place, weight, size)
            place += 1
            while held[place].seconds - held[0].seconds >= STEADY_SECONDS:
                del held[0]
                place -= 1
    for last in range(place, len(held)):
        yield _steady(held, last, weight, size)


def _steady(held: Sequence[TrackedFrame], place: int, weight: float, size: tuple[int, int]) -> Tracks:
    seconds, tracks, _ = held[place]
    around = _around(held, place)
    if weight == 0.0 or not len(tracks) or not around:
        return tracks
    own = tracks.detections
    line = _Lines(own.boxes.astype(np.float64))
    masks, shares = own.roi_masks.astype(np.float32), np.ones(len(own), np.float32)
    rows_of = _rows_of(tracks)
    for frame, camera in around:
        there = _rows_of(frame.tracks)
        pairs = [(row, there[key]) for key, row in rows_of.items() if key in there]
        if not pairs:
            continue
        rows, others = np.array(pairs).T
        other = frame.tracks.detections
        near = weight * (1.0 - abs(frame.seconds - seconds) / STEADY_SECONDS)
        boxes = to_box(carried_shapes(to_shape(other.boxes[others].astype(np.float64)), camera))
        line.add(rows, boxes, frame.seconds - seconds, _BOXES * near)
        masks[rows] += np.float32(near) * other.roi_masks[others]
        shares[rows] += np.float32(near)
    steady = replace(
        own,
        boxes=_kept_at_border(line.boxes(), own.boxes, size).astype(np.float32),
        roi_masks=np.rint(masks / shares[:, None, None]).astype(np.uint8),
    )
    return replace(tracks, detections=steady)


class _Lines:
    """Weighted straight lines through the boxes [N, 4] of N objects over time, their own boxes at time 0 included."""

    def __init__(self, own: Floats) -> None:
        self._weight, self._time, self._square = (np.full((len(own), 1), value) for value in (1.0, 0.0, 0.0))
        self._box, self._moment = own.copy(), np.zeros_like(own)

    def add(self, rows: NDArray[np.intp], boxes: Floats, seconds: float, weight: float) -> None:
        self._weight[rows] += weight
        self._time[rows] += weight * seconds
        self._square[rows] += weight * seconds**2
        self._box[rows] += weight * boxes
        self._moment[rows] += weight * seconds * boxes

    def boxes(self) -> Floats:
        """The boxes of the lines at time 0: without any others, the own ones."""
        middle = self._time / self._weight
        spread = self._square - middle * self._time
        slope = np.divide(
            self._moment - middle * self._box, spread, out=np.zeros_like(self._box), where=spread > 0
        )
        return np.asarray(self._box / self._weight - slope * middle)


def _around(held: Sequence[TrackedFrame], place: int) -> list[tuple[TrackedFrame, Floats]]:
    """The frames near one, each with the picture's motion [3, 3] from there to it."""
    seconds, near = held[place].seconds, list[tuple[TrackedFrame, Floats]]()
    camera: Floats = np.eye(3)
    for before in range(place - 1, -1, -1):
        if seconds - held[before].seconds >= STEADY_SECONDS:
            break
        camera = camera @ _matrix(held[before + 1].motion)
        near.append((held[before], camera))
    camera = np.eye(3)
    for after in range(place + 1, len(held)):
        if held[after].seconds - seconds >= STEADY_SECONDS:
            break
        camera = _matrix(held[after].motion) @ camera
        near.append((held[after], np.linalg.inv(camera).astype(np.float64)))
    return near


def _matrix(motion: FrameMotion) -> Floats:
    return np.concatenate([motion.matrix, [[0.0, 0.0, 1.0]]])


def _kept_at_border(boxes: Floats, own: NDArray[np.float32], size: tuple[int, int]) -> Floats:
    """The boxes, but for edges that their own boxes [N, 4] have at the picture's border."""
    height, width = size
    low, high = own <= _AT_FRAME, own >= np.array([width, height] * 2) - _AT_FRAME
    at_border = np.concatenate([low[:, :2], high[:, 2:]], axis=1)
    return np.where(at_border, own, boxes)


def _rows_of(tracks: Tracks) -> dict[int, int]:
    return {key: row for row, key in enumerate(tracks.track_ids.tolist()) if key != NO_TRACK}
