"""Sameness: the tracks of a frame that are one object, found twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track.association import overlaps, overlaps_of_pairs
from pipeline.track.settings import TrackSettings
from pipeline.track.window import UNDECIDED, Life, Observation

Floats = NDArray[np.float64]

#: Least IoU of the masks of two tracks of other groups: a rider's box is nearly that of the bicycle, the mask is not.
_MASK_OVERLAP = 0.7


def same_objects(
    present: Sequence[tuple[Life, Observation]], groups: NDArray[np.intp], settings: TrackSettings
) -> list[tuple[Life, Life]]:
    """Pairs (kept, other) of tracks that are one object; none is `other` twice or kept after it was `other`.

    Parameters
    ----------
    present : the tracks that a frame shows, each with where it is there.
    groups : int [C], group of each class.
    settings : the least overlap.

    """
    if len(present) < 2:
        return []
    boxes = np.array([one.box for _, one in present])
    overlap = overlaps(boxes, boxes)
    pairs: list[tuple[Life, Life]] = []
    gone: set[int] = set()
    for first, second in np.argwhere(np.triu(overlap >= settings.same_overlap, 1)).tolist():
        (one, here), (other, there) = present[first], present[second]
        if {one.number, other.number} & gone or not _stay_together(one, other, settings):
            continue
        same_group = groups[int(np.argmax(one.votes))] == groups[int(np.argmax(other.votes))]
        if same_group or _mask_overlap(here, there) >= _MASK_OVERLAP:
            kept, lesser = sorted((one, other), key=_standing, reverse=True)
            pairs.append((kept, lesser))
            gone.add(lesser.number)
    return pairs


def _standing(life: Life) -> tuple[bool, float, int]:
    return life.id != UNDECIDED, float(life.votes.sum()), -life.number


def _stay_together(one: Life, other: Life, settings: TrackSettings) -> bool:
    """True if both lie on each other, on average over all times at which both are known."""
    start = max(one.first.seconds, other.first.seconds)
    stop = min(one.last.seconds, other.last.seconds)
    times = np.array(
        sorted(
            {seen.seconds for life in (one, other) for seen in life.known if start <= seen.seconds <= stop}
        )
    )
    if len(times) == 0:
        return False
    shared = overlaps_of_pairs(_boxes_at(one, times), _boxes_at(other, times))
    return float(shared.mean()) >= settings.same_overlap


def _boxes_at(life: Life, times: Floats) -> Floats:
    known = life.known
    own = np.array([one.seconds for one in known])
    boxes = np.array([one.box for one in known])
    return np.stack([np.interp(times, own, boxes[:, edge]) for edge in range(4)], axis=1)


def _mask_overlap(one: Observation, other: Observation) -> float:
    """IoU of the cells of two masks whose boxes are nearly the same."""
    first, second = one.mask >= 128, other.mask >= 128
    either = int((first | second).sum())
    return float((first & second).sum()) / either if either else 0.0
