"""The objects that a new one will be near to in the seconds to come: its colour has to differ from theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import Tracks

Floats = NDArray[np.float64]

#: Seconds of the film that are looked at, and how far apart the frames are that are.
AHEAD_SECONDS, _STEP_SECONDS = 4.0, 0.2
#: Share of the picture's width over which nearness falls to 1/e.
_REACH = 0.03
#: So much one counts that is gone, and may come back.
_GONE = 0.3

#: Seconds of each frame and the tracks that are shown in it.
Film = Sequence[tuple[float, Tracks]]


class Neighbours(NamedTuple):
    """N objects that have a colour, in means over the frames in which the new one is seen.

    colours : int64 [N], indices into palette.COLOURS.
    nearness : float64 [N], 1 where they touch.
    presence : float64 [N], the share of those frames in which they are in the picture too.
    sizes : float64 [N], root of their area as a share of the picture's width, 0 where they are not in it.
    """

    colours: NDArray[np.int64]
    nearness: Floats
    presence: Floats
    sizes: Floats


def neighbours(
    track_id: int, film: Film, colours: Mapping[int, int], gone: Mapping[int, Sequence[float]], width: int
) -> Neighbours:
    """The neighbours of the object that is new in the film's first frame.

    Parameters
    ----------
    film : from that frame on; what lies more than `AHEAD_SECONDS` behind it is not looked at.
    colours : of each track that has one.
    gone : x1, y1, x2, y2 px, where those of them were that are in the picture no more.
    width : of the frame in px.

    """
    begin = wait = film[0][0]
    count, first = 0, np.zeros(4)
    sums = {other: np.zeros(3) for other in colours}
    for seconds, tracks in film:
        if seconds - begin > AHEAD_SECONDS:
            break
        rows = np.flatnonzero(tracks.track_ids == track_id)
        if seconds < wait or not len(rows):
            continue
        wait = seconds + _STEP_SECONDS
        boxes = tracks.detections.boxes.astype(np.float64)
        own = boxes[rows[0]]
        first = first if count else own
        count += 1
        nearness = _nearness(own, boxes, width)
        sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
        sizes = np.sqrt(sides[:, 0] * sides[:, 1]) / width
        for row, other in enumerate(tracks.track_ids.tolist()):
            if other in sums:
                sums[other] += nearness[row], 1.0, sizes[row]
    means = {other: total / count for other, total in sums.items() if total[1]}
    for other, edges in gone.items():
        if other not in means:
            (nearness,) = _nearness(first, np.array([edges]), width)
            means[other] = np.array([_GONE * nearness, _GONE, 0.0])
    table = np.array(list(means.values()), np.float64).reshape(-1, 3)
    return Neighbours(np.array([colours[other] for other in means], np.int64), *table.T)


def _nearness(own: Floats, boxes: Floats, width: int) -> Floats:
    """float [N], 1 where a box [4] and boxes [N, 4] touch, less with the distance between their edges."""
    apart = np.maximum(np.maximum(boxes[:, :2] - own[2:], own[:2] - boxes[:, 2:]), 0.0)
    return np.asarray(np.exp(-np.hypot(apart[:, 0], apart[:, 1]) / (_REACH * width)))
