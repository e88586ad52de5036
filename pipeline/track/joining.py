"""Joining of tracks: the end of one and the begin of another that lie where each other's motion leads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
    due: Collection[int],
    groups: NDArray[np.intp],
    settings: TrackSettings,
    still: Mapping[int, NDArray[np.float64]],
) -> list[tuple[Life, Life]]:
    """Pairs of a track that is due and the one that goes on from it, each at most once.

    Parameters
    ----------
    ended, begun : tracks, in any fixed order; one may be in both, and none of `begun` is known to have been before.
    due : numbers of those of `ended` that are asked for. The others compete with them.
    groups : int [C], group of each class.
    settings : the longest gap and the least overlap.
    still : by number of the frame, the motion [3, 3] that takes its picture to where the camera stands at the last.

    """
    stops = np.array([life.last.seconds for life in ended])
    starts = np.array([life.first.seconds for life in begun])
    gaps = starts[None, :] - stops[:, None]
    possible = (gaps > 0.0) & (gaps <= settings.join_seconds)
    asked = np.array([life.number in due for life in ended], np.bool_)
    fits = np.zeros(gaps.shape)
    for some in (asked, ~asked):
        rows, columns = (possible & some[:, None]).nonzero()
        if len(rows):
            fits[rows, columns] = _fits(
                ended, begun, rows, columns, gaps[rows, columns], groups, settings, still
            )
        if fits.max(initial=0.0) < settings.join_overlap:
            return []  # mostly nothing goes on from those that are due
    paired = zip(*(side.tolist() for side in pair(fits, settings.join_overlap)), strict=True)
    return [(ended[row], begun[column]) for row, column in paired if asked[row]]


def _fits(
    ended: Sequence[Life],
    begun: Sequence[Life],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    gaps: NDArray[np.float64],
    groups: NDArray[np.intp],
    settings: TrackSettings,
    still: Mapping[int, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """IoU [P] of each pair: of one's box with where the other one's motion leads, the lesser of both ways.

    Of a pair of different groups a part of it.
    """
    olds, rows = np.unique(rows, return_inverse=True)
    news, columns = np.unique(columns, return_inverse=True)
    after = lines_after([ended[row].known for row in olds.tolist()], still)
    before = lines_before([begun[column].known for column in news.tolist()], still)
    ends, forth = (part[rows] for part in after)
    starts, back = (part[columns] for part in before)
    seconds, margin = gaps[:, None], settings.box_growth + _GROWTH_A_SECOND * gaps
    there = overlaps_of_pairs(to_box(ends + forth * seconds), to_box(starts), margin)
    here = overlaps_of_pairs(to_box(ends), to_box(starts - back * seconds), margin)
    old = np.array([groups[ended[row].votes.argmax()] for row in olds.tolist()])[rows]
    new = np.array([groups[begun[column].votes.argmax()] for column in news.tolist()])[columns]
    return np.minimum(there, here) / np.where(old != new, _OTHER_GROUP, 1.0)
