"""Kalman filter of a box that moves at constant velocity, in seconds, so that frames may come at any rate.

Centre x, centre y, width and height are four filters of their own, each of a position and its velocity. All
is elementwise: an object's numbers do not depend on which others are in the frame.

Letters: T tracks; `mean` [T, 4, 2] holds position (px) and velocity (px/s); `covariance` [T, 4, 3] holds the
variance of the position, the covariance of both, and the variance of the velocity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Shares of the object's size (the root of its area). The first two are ByteTrack's at 30 frames/s.
_MEASURE_NOISE = 0.05  # a detected edge is off by this
_DRIFT = 0.27  # per root of a second: ByteTrack's 1/20 a frame
_ACCELERATION = 1.0  # per second to the power 1.5
_FIRST_SPEED = 2.0  # per second: nothing is known of a new object's velocity


def begin(boxes: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of objects seen for the first time at `boxes` [T, 4], x1, y1, x2, y2."""
    centres = _to_centres(boxes)
    mean = np.stack([centres, np.zeros_like(centres)], axis=-1)
    size = _sizes(mean)
    zero = np.zeros_like(centres)
    variance = zero + (_MEASURE_NOISE * size) ** 2
    return mean, np.stack([variance, zero, zero + (_FIRST_SPEED * size) ** 2], axis=-1)


def predict(mean: Floats, covariance: Floats, seconds: float) -> tuple[Floats, Floats]:
    """Mean and covariance `seconds` later; of an object that keeps its size, in one step as in many."""
    position, velocity = mean[..., 0], mean[..., 1]
    variance, cross, spread = covariance[..., 0], covariance[..., 1], covariance[..., 2]
    size = _sizes(mean)
    push = (_ACCELERATION * size) ** 2
    moved, grown = mean.copy(), np.empty_like(covariance)
    moved[..., 0] = position + velocity * seconds
    moved[:, 2:, 0] = np.maximum(moved[:, 2:, 0], 1.0)  # a box never shrinks through zero
    grown[..., 0] = (
        variance
        + 2 * cross * seconds
        + spread * seconds**2
        + push * seconds**3 / 3
        + (_DRIFT * size) ** 2 * seconds
    )
    grown[..., 1] = cross + spread * seconds + push * seconds**2 / 2
    grown[..., 2] = spread + push * seconds
    return moved, grown


def correct(mean: Floats, covariance: Floats, boxes: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance once the objects were seen at `boxes` [T, 4]."""
    variance, cross, spread = covariance[..., 0], covariance[..., 1], covariance[..., 2]
    surprise = _to_centres(boxes) - mean[..., 0]
    total = variance + (_MEASURE_NOISE * _sizes(mean)) ** 2
    gain, speed_gain = variance / total, cross / total
    seen, left = np.empty_like(mean), np.empty_like(covariance)
    seen[..., 0], seen[..., 1] = mean[..., 0] + gain * surprise, mean[..., 1] + speed_gain * surprise
    left[..., 0], left[..., 1] = (1 - gain) * variance, (1 - gain) * cross
    left[..., 2] = spread - speed_gain * cross
    return seen, left


def carried(mean: Floats, matrix: Floats) -> Floats:
    """The mean where the picture's own motion `matrix` [2, 3] takes it; sizes by how much it widens the picture."""
    (xx, xy), (yx, yy) = matrix[:, :2].tolist()
    widening = max(abs(xx * yy - xy * yx), 1e-6) ** 0.5
    moved = mean * widening
    moved[:, 0] = xx * mean[:, 0] + xy * mean[:, 1]
    moved[:, 1] = yx * mean[:, 0] + yy * mean[:, 1]
    moved[:, :2, 0] += matrix[:, 2]
    return moved


def boxes_of(mean: Floats) -> Floats:
    """Boxes [T, 4], x1, y1, x2, y2, at the mean's positions."""
    centre, half = mean[:, :2, 0], mean[:, 2:, 0] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _to_centres(boxes: Floats) -> Floats:
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def _sizes(mean: Floats) -> Floats:
    """Root of the area [T, 1] in px, at least 1."""
    area = np.maximum(mean[:, 2, 0], 1.0) * np.maximum(mean[:, 3, 0], 1.0)
    return np.sqrt(area)[:, None]
