"""Following: the overlap of labelled objects and tracks in the frames of a video, without what is forgiven."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.evaluation.annotations import box_runs
from pipeline.evaluation.found import Found
from pipeline.evaluation.tracks.overlap import FrameOverlap
from pipeline.labels.truth import TrueObject, TruePicture, Truth
from pipeline.structures.tracks import NO_TRACK

#: IoU from which on a mask lies on an object, or share of it from which on it lies in an ignored region.
_ENOUGH = 0.5


def has_identities(truth: Truth) -> bool:
    """True if any object has a number that it keeps."""
    return any(one.track_id is not None for picture in truth.pictures for one in picture.objects)


def frame_overlaps(truth: Truth, found: Sequence[Found], min_side: float) -> list[FrameOverlap]:
    """One entry a frame. A track may lie on an object of another class: that is what AP counts.

    A track on no object is left out where it may be right without a label: its class is not in the frame's scope, it
    lies in an ignored region, or one of its sides is below `min_side` px.
    """
    return [_overlap(picture, here, min_side) for picture, here in zip(truth.pictures, found, strict=True)]


def _overlap(picture: TruePicture, found: Found, min_side: float) -> FrameOverlap:
    assert found.track_ids is not None
    solid = [one for one in picture.objects if _is_solid(one, min_side)]
    regions = [one for one in picture.objects if not _is_solid(one, min_side)]
    rows = np.flatnonzero(found.track_ids != NO_TRACK)
    runs = [found.runs[row] for row in rows.tolist()]
    iou = _iou([one.runs for one in solid], runs)
    size = picture.height, picture.width
    inside = _iou([box_runs(one.box, size) if one.runs is None else one.runs for one in regions], runs, True)
    forgiven = (
        ~np.isin(found.categories[rows], list(picture.scope))
        | (found.short_sides[rows] < min_side)
        | (inside >= _ENOUGH).any(axis=0)
    )
    kept = (iou >= _ENOUGH).any(axis=0) | ~forgiven
    true_ids = np.array([one.track_id for one in solid], np.int64)
    return FrameOverlap(true_ids, found.track_ids[rows][kept], iou[:, kept])


def _is_solid(one: TrueObject, min_side: float) -> bool:
    """True if an object counts as found or missed."""
    counts = not one.ignored and one.runs is not None and one.short_side >= min_side
    return counts and one.track_id is not None


def _iou(true: Sequence[object], found: Sequence[object], crowds: bool = False) -> NDArray[np.float64]:
    """float64 [G, D]; with `crowds` the share of each found mask that lies in the true one."""
    if not true or not found:
        return np.zeros((len(true), len(found)))
    iou: NDArray[np.float64] = np.asarray(coco.iou(list(found), list(true), [int(crowds)] * len(true))).T
    return iou
