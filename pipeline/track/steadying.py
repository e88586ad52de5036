"""Masks as they are painted: each steadied by those of the same object in the frames just before and just after it.

The stored masks stay as they were found, so that tracks made anew from them are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from pipeline.structures.tracks import NO_TRACK, Tracks

#: A mask farther away in time than this says nothing about this one.
_NEAR_SECONDS = 0.15

Timed = tuple[float, Tracks]


def steadied(frames: Iterable[Timed], weight: float) -> Iterator[Tracks]:
    """Each frame's tracks, their masks the mean of probabilities over the box with their neighbours.

    frames : seconds and tracks of consecutive frames; the first and the last have one neighbour. weight : of both
    neighbours together against a mask's own, 0..1.
    """
    before: Timed | None = None
    own: Timed | None = None
    for after in frames:
        if own is not None:
            yield _steady(own, before, after, weight)
        before, own = own, after
    if own is not None:
        yield _steady(own, before, None, weight)


def _steady(own: Timed, before: Timed | None, after: Timed | None, weight: float) -> Tracks:
    seconds, tracks = own
    near = [one[1] for one in (before, after) if one and abs(one[0] - seconds) <= _NEAR_SECONDS]
    if not near or weight == 0.0 or not len(tracks):
        return tracks
    total = tracks.detections.roi_masks.astype(np.float32)
    shares = np.ones(len(tracks), np.float32)
    for neighbour in near:
        rows = {int(key): row for row, key in enumerate(neighbour.track_ids) if key != NO_TRACK}
        for row, key in enumerate(tracks.track_ids.tolist()):
            if key in rows:
                total[row] += weight / 2 * neighbour.detections.roi_masks[rows[key]]
                shares[row] += weight / 2
    masks = np.rint(total / shares[:, None, None]).astype(np.uint8)
    return replace(tracks, detections=replace(tracks.detections, roi_masks=masks))
