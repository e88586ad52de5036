"""Joining of tracks: the end of one and the begin of another that lie where each other's motion leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track.association import overlaps_of_pairs, pair
from pipeline.track.extrapolation import lines_after, lines_before, to_box
from pipeline.track.settings import TrackSettings
from pipeline.track.window import Life

#: Boxes grow by this share of their size to each side for each second of a gap: prediction gets worse with time.
_GROWTH_A_SECOND = 0.4

#: Tracks of other groups are one object only where they fit this much better.
_OTHER_GROUP = 2.0


def continuations(
    ended: Sequence[Life],
    begun: Sequence[Life],
    groups: NDArray[np.intp],
    settings: TrackSettings,
    still: Mapping[int, NDArray[np.float64]],
) -> list[tuple[Life, Life]]:
    """Pairs of a track that ended and the one that goes on from it, each at most once.

    Parameters
    ----------
    ended, begun : tracks, in any fixed order; one may be in both, and none of `begun` is known to have been before.
    groups : int [C], group of each class.
    settings : the longest gap and the least overlap.
    still : by number of the frame, the motion [3, 3] that takes its picture to where the camera stands at the last.

    """
    stops = np.array([life.last.seconds for life in ended])
    starts = np.array([life.first.seconds for life in begun])
    gaps = starts[None, :] - stops[:, None]
    rows, columns = np.nonzero((gaps > 0.0) & (gaps <= settings.join_seconds))
    if len(rows) == 0:
        return []
    fits = np.zeros(gaps.shape)
    fits[rows, columns] = _fits(ended, begun, rows, columns, gaps[rows, columns], settings.box_growth, still)
    old, new = (np.array([groups[int(np.argmax(life.votes))] for life in lives]) for lives in (ended, begun))
    fits[old[:, None] != new[None, :]] /= _OTHER_GROUP
    paired = pair(fits, settings.join_overlap)
    return [
        (ended[row], begun[column]) for row, column in zip(*(side.tolist() for side in paired), strict=True)
    ]


def _fits(
    ended: Sequence[Life],
    begun: Sequence[Life],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    gaps: NDArray[np.float64],
    growth: float,
    still: Mapping[int, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """IoU [P] of each pair: of one's box with where the other one's motion leads, the lesser of both ways."""
    olds, rows = np.unique(rows, return_inverse=True)
    news, columns = np.unique(columns, return_inverse=True)
    after = lines_after([ended[row].known for row in olds.tolist()], still)
    before = lines_before([begun[column].known for column in news.tolist()], still)
    ends, forth = (part[rows] for part in after)
    starts, back = (part[columns] for part in before)
    seconds, margin = gaps[:, None], growth + _GROWTH_A_SECOND * gaps
    there = overlaps_of_pairs(to_box(ends + forth * seconds), to_box(starts), margin)
    here = overlaps_of_pairs(to_box(ends), to_box(starts - back * seconds), margin)
    return np.minimum(there, here)
