"""HOTA: detection and association in one figure (Luiten et al. 2021)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.evaluation.tracks.overlap import VideoOverlap

#: IoU at which it is taken; HOTA is the mean (section 4.2 there).
_LEVELS = np.linspace(0.05, 0.95, 19)


def hota(video: VideoOverlap) -> float | None:
    """The mean over the IoU levels of sqrt(DetA x AssA); None in a video without objects."""
    if len(video.true_counts) == 0:
        return None
    pairs = _matches(video)
    return float(np.mean([_at_level(video, pairs, level) for level in _LEVELS]))


def _matches(video: VideoOverlap) -> NDArray[np.float64]:
    """float64 [N, 3]: object, track and IoU of what is matched, frame by frame.

    Pairs that lie on each other through the whole video come first (section 4.3 there; weights as in TrackEval).
    """
    values = [frame.iou / _at_least(_union(frame.iou), 1e-12) for frame in video.frames]
    together = video.sums(values)
    either = video.true_counts[:, None] + video.track_counts[None, :] - together
    alignment = together / _at_least(either, 1e-12)
    found = [np.zeros((0, 3))]
    for frame in video.frames:
        worth = alignment[np.ix_(frame.true_ids, frame.track_ids)] * frame.iou
        rows, columns = linear_sum_assignment(worth, maximize=True)
        found.append(
            np.stack([frame.true_ids[rows], frame.track_ids[columns], frame.iou[rows, columns]], axis=1)
        )
    return np.concatenate(found)


def _union(iou: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each pair: the IoU that its object and its track have with anything, counted once."""
    total: NDArray[np.float64] = iou.sum(axis=1, keepdims=True) + iou.sum(axis=0, keepdims=True) - iou
    return total


def _at_level(video: VideoOverlap, pairs: NDArray[np.float64], level: float) -> float:
    near = pairs[pairs[:, 2] >= level - 1e-9, :2].astype(np.intp)
    hits, true, ours = len(near), int(video.true_counts.sum()), int(video.track_counts.sum())
    if hits == 0:
        return 0.0
    together = np.zeros((len(video.true_counts), len(video.track_counts)))
    np.add.at(together, (near[:, 0], near[:, 1]), 1.0)
    either = video.true_counts[:, None] + video.track_counts[None, :] - together
    association = float((together * together / _at_least(either, 1.0)).sum()) / hits
    return float(np.sqrt(hits / (true + ours - hits) * association))


def _at_least(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    kept: NDArray[np.float64] = np.maximum(values, least)
    return kept
