"""Identities: whether an object keeps its number through a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.evaluation.tracks.hota import hota
from pipeline.evaluation.tracks.overlap import FrameOverlap, VideoOverlap

#: IoU from which on a track's mask lies on an object.
_ENOUGH = 0.5

#: More than any sum of IoUs in a frame: keeping a track comes before lying better.
_KEEPING = 1000.0


@dataclass(frozen=True)
class IdentityScores:
    """Figures of how steadily objects keep their numbers.

    objects : how many there are. object_seconds : sum of the times that each is to be seen.
    switches : how often an object's track is another one than before (Bernardin & Stiefelhagen 2008).
    idf1, id_precision, id_recall : under the best one-to-one map of objects to tracks (Ristani et al. 2016).
    hota : detection and association in one figure (Luiten et al. 2021). Ratios are None with nothing to divide by.
    """

    objects: int
    object_seconds: float
    switches: int
    idf1: float | None
    id_precision: float | None
    id_recall: float | None
    hota: float | None

    @property
    def switches_per_ten_seconds(self) -> float | None:
        """Switches of one object in ten seconds of being seen, on average; None without objects."""
        return 10.0 * self.switches / self.object_seconds if self.object_seconds else None


def identity_scores(frames: Sequence[FrameOverlap], seconds_per_frame: float) -> IdentityScores:
    """The scores of all frames of a video, in their order."""
    video = VideoOverlap.of(frames)
    true, ours = int(video.true_counts.sum()), int(video.track_counts.sum())
    together = video.sums([(frame.iou >= _ENOUGH).astype(np.float64) for frame in video.frames])
    both = float(together[linear_sum_assignment(together, maximize=True)].sum())
    return IdentityScores(
        objects=len(video.true_counts),
        object_seconds=true * seconds_per_frame,
        switches=count_switches(frames),
        idf1=2 * both / (true + ours) if true + ours else None,
        id_precision=both / ours if ours else None,
        id_recall=both / true if true else None,
        hota=hota(video),
    )


def count_switches(frames: Sequence[FrameOverlap]) -> int:
    """Number of times an object lies under another track than when it last lay under one.

    Within a frame an object keeps its track where that still lies on it; the others are matched by IoU.
    """
    last: dict[int, int] = {}
    switches = 0
    for frame in frames:
        before = np.array([last.get(true, -1) for true in frame.true_ids.tolist()], np.int64)
        worth = frame.iou + _KEEPING * (before[:, None] == frame.track_ids[None, :])
        worth = np.where(frame.iou >= _ENOUGH, worth, 0.0)
        for row, column in zip(*linear_sum_assignment(worth, maximize=True), strict=True):
            if worth[row, column] > 0:
                true, track = int(frame.true_ids[row]), int(frame.track_ids[column])
                switches += last.get(true, track) != track
                last[true] = track
    return switches
