"""The tracks of the own car's parts and reflections: they stand still in the picture while the world moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track.association import overlaps
from pipeline.track.window import Observation

Floats = NDArray[np.float64]

#: It has to stand for so long. Longer would be surer, but a bonnet is often found for little more than a second.
STAND_SECONDS = 1.2

#: Most detections of it have this IoU with their median: a car alongside grows or shrinks by more in that time.
_SAME_PLACE, _MOST = 0.8, 0.8

#: What the network is as sure of as this is a car alongside, however still it stands in the picture.
_SURE_SCORE = 0.85

#: Meanwhile the picture's points went this far, as a share of its height: at a red light all stands.
_WORLD_MOVES = 0.1

#: Share of the picture's size that a box may end before its edge. What stands further inside may be the car ahead.
_AT_EDGE = 0.015


def standing_box(seen: Sequence[Observation], moved: float, size: tuple[int, int]) -> Floats | None:
    """Box [4] where a track stands as a part of the own car would; None where it is anything else.

    Parameters
    ----------
    seen : the track, from a frame on for STAND_SECONDS or as long as it is known.
    moved : how far the picture's points went meanwhile, summed over the frames, as a share of its height.
    size : height and width of the picture, px.

    """
    if moved < _WORLD_MOVES or seen[-1].seconds - seen[0].seconds < 0.9 * STAND_SECONDS:
        return None
    if float(np.median([one.score for one in seen])) >= _SURE_SCORE:
        return None
    boxes = np.array([one.box for one in seen])
    middle = np.median(boxes, axis=0)
    height, width = size
    at_edge = (
        middle[0] <= _AT_EDGE * width,
        middle[1] <= _AT_EDGE * height,
        middle[2] >= (1 - _AT_EDGE) * width,
        middle[3] >= (1 - _AT_EDGE) * height,
    )
    if not any(at_edge):
        return None
    there = overlaps(boxes, middle[None])[:, 0] >= _SAME_PLACE
    return middle if there[0] and float(there.mean()) >= _MOST else None
