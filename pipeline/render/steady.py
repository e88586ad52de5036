"""Movement that is easy to look at: of boxes that jitter (Casiez et al. 2012, the 1 euro filter), and of labels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.render.label_state import Four, Two

#: Hz below which movement passes while the box stands still, and what a picture's height a second adds to that.
_STILL_HZ, _MOVING_HZ = 1.0, 14.0
#: Hz below which changes of the speed pass.
_SPEED_HZ = 1.0
#: A label begins slowly on its way to a new place and ends slowly; after five times as many seconds it is there.
_GLIDE_SECONDS = 0.1


def steady(
    edges: Four, speeds: Four, box: NDArray[np.floating], elapsed: float, height: int
) -> tuple[Four, Four]:
    """The next smoothed edges in px, and their speeds in px/s.

    edges, speeds : as they were. box : float [4], where the object is now. elapsed : seconds since then, more
    than 0. height : of the picture in px.
    """
    moved = [_step(*one, elapsed, height) for one in zip(edges, speeds, box.tolist(), strict=True)]
    (x1, vx1), (y1, vy1), (x2, vx2), (y2, vy2) = moved
    return (x1, y1, x2, y2), (vx1, vy1, vx2, vy2)


def _step(edge: float, speed: float, found: float, elapsed: float, height: int) -> tuple[float, float]:
    speed += _share(_SPEED_HZ, elapsed) * ((found - edge) / elapsed - speed)
    passes = _STILL_HZ + _MOVING_HZ * abs(speed) / height
    return edge + _share(passes, elapsed) * (found - edge), speed


def _share(hertz: float, elapsed: float) -> float:
    """Share of a step that a low pass takes on at once."""
    return 1.0 / (1.0 + 1.0 / (2.0 * math.pi * hertz * elapsed))


def glided(away: Two, speed: Two, elapsed: float) -> tuple[Two, Two]:
    """The way left, px, and the speed, px/s, of a critically damped spring after `elapsed` seconds more."""
    share = elapsed / _GLIDE_SECONDS
    fade = math.exp(-share)
    push = [speed[axis] * _GLIDE_SECONDS + away[axis] for axis in (0, 1)]
    left = [(away[axis] + push[axis] * share) * fade for axis in (0, 1)]
    speeds = [(push[axis] - away[axis] - push[axis] * share) * fade / _GLIDE_SECONDS for axis in (0, 1)]
    return (left[0], left[1]), (speeds[0], speeds[1])
