"""The place of an object where it was not found: just before its first time, just after its last, or in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from pipeline.track.observation import Observation, stacked_boxes

Floats = NDArray[np.float64]

#: A line is laid through the detections of this many seconds.
_FIT_SECONDS = 0.4

#: Over a span as short as this, half of a measured velocity is noise.
_NOISE_SECONDS = 0.08

#: Shapes and their velocities.
Lines = tuple[Floats, Floats]


def to_shape(box: Floats) -> Floats:
    """Centre x, centre y, log width, log height [..., 4] of boxes x1, y1, x2, y2."""
    low, high = box[..., :2], box[..., 2:]
    return np.concatenate([(low + high) / 2, np.log(np.maximum(high - low, 1e-3))], axis=-1)


def to_box(shape: Floats) -> Floats:
    """The boxes [..., 4] that `to_shape` was given."""
    half = np.exp(shape[..., 2:]) / 2
    return np.concatenate([shape[..., :2] - half, shape[..., :2] + half], axis=-1)


def carried_shapes(shapes: Floats, camera: Floats) -> Floats:
    """Shapes [..., 4] where the picture's motion takes them; their sizes by how much it widens the picture.

    camera : [3, 3], or one [..., 3, 3] for each shape.
    """
    turn = camera[..., :2, :2]
    centres = (turn @ shapes[..., :2, None])[..., 0] + camera[..., :2, 2]
    widening = turn[..., 0, 0] * turn[..., 1, 1] - turn[..., 0, 1] * turn[..., 1, 0]
    grown = 0.5 * np.log(np.maximum(np.abs(widening), 1e-6))
    return np.concatenate([centres, shapes[..., 2:] + grown[..., None]], axis=-1)


def lines_after(lives: Sequence[Sequence[Observation]], still: Mapping[int, Floats]) -> Lines:
    """Shape [L, 4] where each object was last seen, and its velocity [L, 4] a second there.

    lives : where each was seen, in order.
    still : by number of the frame, the motion [3, 3] that carries what was seen there to one place of the camera.
    """
    return _lines([_near_first(reversed(seen)) for seen in lives], still)


def lines_before(lives: Sequence[Sequence[Observation]], still: Mapping[int, Floats]) -> Lines:
    """Shape [L, 4] where each object was first seen, and its velocity [L, 4] a second there; else as above."""
    return _lines([_near_first(seen) for seen in lives], still)


def line_before(seen: Sequence[Observation]) -> Lines:
    """Shape [4] in the picture where an object was first seen, and its velocity [4] a second there."""
    shapes, velocities = _lines([_near_first(seen)], None)
    return shapes[0], velocities[0]


def before(line: Lines, seconds: float) -> Floats:
    """Box [4] of an object with this line, `seconds` from where it was first seen: before 0, earlier."""
    shape, velocity = line
    return to_box(shape + velocity * seconds)


class Gap:
    """The way of an object from one time at which it was found to the next.

    Its box moves evenly, in position and in the logarithm of its size, in the world as the camera saw it at the first;
    both masks are warped with the box, which blending them cell by cell does, and score and mask are weighted by
    nearness.
    """

    def __init__(
        self, before: Observation, after: Observation, seconds: Sequence[float], cameras: Sequence[Floats]
    ) -> None:
        """With the times of the frames after `before` up to `after`, and the picture's motion [3, 3] into each."""
        self.before, self.after = before, after
        times = np.array(seconds)
        self._times, self._shares = times, (times - before.seconds) / (after.seconds - before.seconds)
        way = np.array(list(accumulate(cameras, lambda so_far, camera: camera @ so_far)))
        first, last = to_shape(stacked_boxes((before, after)))
        last = carried_shapes(last, _inverse(way[-1]))
        self._boxes = to_box(carried_shapes(first + (last - first) * self._shares[:, None], way))

    def box(self, frame: int) -> Floats:
        """Box [4] of the object in a frame."""
        return self._boxes[frame - self.before.frame - 1]

    def at(self, frame: int) -> Observation:
        """Box, mask and score of the object in a frame; no row of it is its own."""
        place = frame - self.before.frame - 1
        share = float(self._shares[place])
        mask = self.before.mask.astype(np.float32) * (1 - share) + self.after.mask.astype(np.float32) * share
        score = self.before.score * (1 - share) + self.after.score * share
        seconds = float(self._times[place])
        return Observation(frame, seconds, -1, self._boxes[place], score, np.rint(mask).astype(np.uint8))


def _inverse(camera: Floats) -> Floats:
    """The motion [3, 3] back; a third of the time of np.linalg.inv, which knows nothing of the last row."""
    (xx, xy, right), (yx, yy, down), _ = camera.tolist()
    widening = xx * yy - xy * yx
    return np.array(
        [
            [yy / widening, -xy / widening, (xy * down - yy * right) / widening],
            [-yx / widening, xx / widening, (yx * right - xx * down) / widening],
            [0.0, 0.0, 1.0],
        ]
    )


def _near_first(seen: Iterable[Observation]) -> list[Observation]:
    """Of an object's times, in order or backwards, those that its line is laid through."""
    near = list[Observation]()
    for one in seen:
        if near and abs(one.seconds - near[0].seconds) > _FIT_SECONDS:
            break
        near.append(one)
    return near


def _lines(lives: Sequence[Sequence[Observation]], still: Mapping[int, Floats] | None) -> Lines:
    """Shape of each life's first observation, and the velocity of the line through all of them."""
    counts = np.array([len(seen) for seen in lives])
    starts = np.cumsum(counts) - counts
    flat = [one for seen in lives for one in seen]
    shapes = to_shape(stacked_boxes(flat))
    if still is not None:
        shapes = carried_shapes(shapes, np.array([still[one.frame] for one in flat]))
    times = np.array([one.seconds for one in flat])
    span = times[starts + counts - 1] - times[starts]
    away = times - np.repeat(np.add.reduceat(times, starts) / counts, counts)
    spread = np.add.reduceat(away**2, starts)
    moment = np.add.reduceat(away[:, None] * shapes, starts)
    sure = np.divide(span**2, span**2 + _NOISE_SECONDS**2) / np.where(spread > 0.0, spread, np.inf)
    velocity = moment * sure[:, None]
    velocity[:, 2:] = np.clip(
        velocity[:, 2:], -1.0, 1.0
    )  # none grows faster than e times in a second for long
    return shapes[starts], velocity
